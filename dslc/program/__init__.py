"""The program language: how it is computed. Buffers in one arena, kernels, phases of tiles, entries."""
