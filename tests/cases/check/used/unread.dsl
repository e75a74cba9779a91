layer block(x: [n] = x | dense(3)
