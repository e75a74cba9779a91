use layers
