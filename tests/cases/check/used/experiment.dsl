let width = 3

layer block(x: [n]) = x | dense(width)
