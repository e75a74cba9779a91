loss huber cross_entropy
