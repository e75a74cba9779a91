net { x = 5. | dense(3) }
