layer f = dense(3)
