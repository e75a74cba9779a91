nett { inputs | dense(3) }
