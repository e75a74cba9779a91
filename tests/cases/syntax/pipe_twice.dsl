net { inputs | | dense(3) }
