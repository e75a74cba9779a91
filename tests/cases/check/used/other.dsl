layer block(x: [n], units) = x | dense(units)
