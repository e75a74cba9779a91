net { inputs | dense(3; bias = false) }
