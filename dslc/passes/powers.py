"""Powers with small constant exponents become products, quotients and roots.

Runs after differentiation: `x^n` has the shorter gradient, and formulas read better before.
"""

from __future__ import annotations

from dslc.graph.graph import Graph
from dslc.passes.pattern import Equation, Hole, formulas
from dslc.passes.rewrite import rewrite
from dslc.scalar.functions import sqrt

x = Hole("x")

PRODUCTS: tuple[Equation, ...] = (
    (x**2.0, x * x),
    (x**3.0, x * x * x),
    (x**4.0, (x * x) * (x * x)),
    (x**0.5, sqrt(x)),
    (x**-0.5, 1.0 / sqrt(x)),
    (x**-1.0, 1.0 / x),
    (x**-2.0, 1.0 / (x * x)),
)


def powers(graph: Graph) -> Graph:
    """The graph without powers whose exponent is one of these."""
    return rewrite(graph, (formulas(PRODUCTS),))
