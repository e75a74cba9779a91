optimizer o(rate) { weight <- weight - rate * grad; weight }
