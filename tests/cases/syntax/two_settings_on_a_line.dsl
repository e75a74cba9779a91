train { batch 32 epochs 5 }
