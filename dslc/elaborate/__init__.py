"""Elaboration: the syntax tree, the prelude and the data's schema become typed graphs."""
