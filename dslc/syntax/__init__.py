"""The language of model files: text to tree and tree to text view; nothing here knows what a name means."""
