"""The primitives: each file one family, each primitive one value with all its facets.

These are type rule, meaning, gradient, text and samples. The set is small and closed: the gradient of a
primitive is built from primitives, so differentiation may be applied again. `families.py` lists them all.
"""
