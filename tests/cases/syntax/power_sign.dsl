layer f(x) = x ** 2
