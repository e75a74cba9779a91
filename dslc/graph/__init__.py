"""The graph language: what is computed. Append-only nodes, ids in topological order."""
