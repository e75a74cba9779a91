layer f(x) = where(0 < x < 1, x, 0)
