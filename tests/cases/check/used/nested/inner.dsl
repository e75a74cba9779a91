layer inner(x: [n], units) = x | dense(units) | tanh
