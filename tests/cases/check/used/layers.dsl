use "nested/inner.dsl"

layer block(x: [n], units) = x | inner(units) | dense(units)
