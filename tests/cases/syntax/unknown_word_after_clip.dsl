train { clip nrm 1 }
