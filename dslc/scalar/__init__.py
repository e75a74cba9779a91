"""The scalar language of graphs, programs and backends: element types, functions, affine maps, random numbers."""
