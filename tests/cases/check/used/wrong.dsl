layer narrow(x: [n], units) = x | dense(units) | tanhh

layer mixed(x: [n], units) = x @ filled(1, 3, units)

layer rated(x: [n]) = rate * x
