layer f(x) == x | relu
