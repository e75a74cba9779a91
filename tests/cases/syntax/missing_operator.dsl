net { x = 2 y | dense(3) }
