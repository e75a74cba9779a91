loss huber train { adam }
