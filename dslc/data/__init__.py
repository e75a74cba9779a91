"""From the data block and its files to arrays: read, checked, split, scaled by what the training rows say."""
