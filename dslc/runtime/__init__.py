"""Running a program: its memory, its named tensors, its rows, and the session that trains and predicts with it."""
