net { inputs | dropout(.5) }
