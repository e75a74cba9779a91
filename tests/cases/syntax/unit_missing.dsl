train { stop when val.loss stalls 10 }
