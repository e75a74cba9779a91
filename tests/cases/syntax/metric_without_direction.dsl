metric f(p, t) = p == t
