"""Lowering: fused graphs become one program: loops and products become kernels, tensors get places."""
