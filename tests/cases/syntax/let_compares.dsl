let width == 64
