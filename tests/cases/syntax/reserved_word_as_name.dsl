net { over = inputs | dense(3) }
