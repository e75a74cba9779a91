layer f(x) = x or
