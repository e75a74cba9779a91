"""Symbolic gradients against central differences, in float64.

Both sides are contracted with a random direction, so one comparison covers every element: with d = sum over the result
of seed * result, sum(gradient * v) must equal (d(x + h v) - d(x - h v)) / 2h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dslc.autodiff import differentiate
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, NodeId
from dslc.graph.verify import verify
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.scalar.functions import multiply
from dslc.scalar.types import sized

TOLERANCE = 1e-6
"""Central differences with h = 1e-5 have an error of about h^2 + 1e-16 / h = 1e-10, times the third derivative."""

STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Comparison:
    """A leaf and its two directional derivatives."""

    leaf: NodeId
    symbolic: float
    numeric: float

    @property
    def error(self) -> float:
        """The difference, relative to the larger of both and 1."""
        difference = abs(self.symbolic - self.numeric)
        return difference / max(abs(self.symbolic), abs(self.numeric), 1.0) if np.isfinite(difference) else np.inf


def compare(
    graph: Graph,
    of: NodeId,
    wrt: Sequence[NodeId],
    leaves: Mapping[NodeId, Array],
    *,
    rows: int,
    draw: np.random.Generator,
) -> list[Comparison]:
    """A comparison for each leaf in `wrt`; `leaves` gives the point at which all leaves are taken."""
    build = Builder(graph)
    seed = build.add(Leaf(LeafRole.INPUT, "direction of the result", graph.type(of)))
    weighted = build.add(Map(multiply), of, seed)
    total = build.add(Reduce(ReduceKind.SUM, tuple(range(len(graph.type(of).shape)))), weighted)
    point = {**leaves, seed: draw.uniform(-1, 1, sized(graph.type(of).shape, rows))}
    differentiated, gradients = differentiate(build.graph(graph.outputs), total, wrt)
    symbolic = evaluate(verify(differentiated), point, rows, gradients)
    found: list[Comparison] = []
    for leaf, gradient in zip(wrt, gradients, strict=True):
        at = np.asarray(point[leaf], np.float64)
        direction = draw.normal(size=at.shape)
        ends = [
            float(evaluate(differentiated, {**point, leaf: at + sign * STEP * direction}, rows, [total])[total])
            for sign in (1, -1)
        ]
        along = float(np.sum(np.asarray(symbolic[gradient], np.float64) * direction))
        found.append(Comparison(leaf, along, (ends[0] - ends[1]) / (2 * STEP)))
    return found
