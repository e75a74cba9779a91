net { inputs | 3 }
