"""The grammar of the model language and the parse tables built from it; data only."""
