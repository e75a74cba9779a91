train { sgd(0.1, momentum: 0.9) }
