"""The gradient of choosing one element per row is a map, not a scatter.

    scatter add(index, g) into [.., n]  ->  where(iota == expand(index), expand(g), 0)

where every row has one index of its own. With it the backward of softmax and cross-entropy is maps only.
"""

from __future__ import annotations

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import Iota
from dslc.ops.map import Map, filled
from dslc.ops.structure import Expand
from dslc.passes.rewrite import rewrite
from dslc.scalar.functions import equal, where


def one_hot(graph: Graph) -> Graph:
    """The graph without scatters of one index per shared row."""
    return rewrite(graph, (_scatter,))


def _scatter(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    if not isinstance(op, ScatterAdd) or len(build.type(inputs[0]).shape) != op.shared:
        return None
    index, value = inputs
    shape, chosen = op.shape, op.shared
    rows = tuple(range(chosen))
    place = build.add(Expand(shape, (chosen,)), build.add(Iota(shape[chosen])))
    hit = build.add(Map(equal), place, build.add(Expand(shape, rows), index))
    others = tuple(range(chosen + 1, len(shape)))
    return build.add(Map(where), hit, build.add(Expand(shape, rows + others), value), filled(build, 0.0, shape))
