layer f(x) = if training else x
