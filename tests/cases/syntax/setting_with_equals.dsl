train { epochs = 5 }
