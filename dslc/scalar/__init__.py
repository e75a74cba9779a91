"""The scalar language that graphs, programs and backends share: element types, functions, affine index maps, random numbers."""
