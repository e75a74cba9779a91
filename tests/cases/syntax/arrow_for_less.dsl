layer f(x) = where(x <-1, x, 0)
