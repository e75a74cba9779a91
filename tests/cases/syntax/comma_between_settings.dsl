train { adam(rate); batch 32, epochs 5 }
