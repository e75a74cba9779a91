"""Random graphs with windows: reads of `x[step * i + dilation * u - pad]`, alone or in products, as nets have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from random_graphs import Case, outputs_of

from dslc.autodiff import differentiate
from dslc.graph.graph import Array, Builder, Graph, NodeId, TensorType
from dslc.graph.verify import verify
from dslc.ops.contract import Contract
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand
from dslc.scalar import functions as f
from dslc.scalar.affine import Affine, identity
from dslc.scalar.types import ROWS, DType, Shape

TOLERANCE = 1e-11
"""Relative to the largest value of an output: rewriting takes sums of a few hundred terms in another order."""


seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=150, deadline=None)


@dataclass(frozen=True, slots=True)
class Window:
    """Along one axis of `size`: place i and tap u look at `step * i + dilation * u - pad`."""

    size: int
    places: int
    taps: int
    step: int
    dilation: int
    pad: int

    @property
    def inside(self) -> bool:
        last = self.step * (self.places - 1) + self.dilation * (self.taps - 1) - self.pad
        return self.pad <= 0 and last < self.size


def leaf(build: Builder, name: str, shape: Shape) -> NodeId:
    role = LeafRole.INPUT if shape[:1] == (ROWS,) else LeafRole.PARAMETER
    return build.add(Leaf(role, name, TensorType(shape)))


def random_window(draw: np.random.Generator, inside: bool) -> Window:
    """Sizes that are no multiples; with `inside` no index leaves the axis, else some do on either side."""
    while True:
        size, places, taps = int(draw.integers(1, 8)), int(draw.integers(1, 6)), int(draw.integers(1, 4))
        step, dilation = int(draw.integers(1, 4)), int(draw.integers(1, 3))
        pad = -int(draw.integers(0, 2)) if inside else int(draw.integers(-2, 4))
        found = Window(size, places, taps, step, dilation, pad)
        if found.inside == inside:
            return found


def laid_out(build: Builder, x: NodeId, windows: Sequence[Window]) -> NodeId:
    """[rows, places.., c, taps..] of x, [rows, sizes.., c]."""
    count = len(windows)
    channels = build.type(x).shape[-1]
    extents: Shape = (ROWS, *(w.places for w in windows), channels, *(w.taps for w in windows))
    every = identity(len(extents))
    look = tuple(_index(len(extents), w, 1 + k, count + 2 + k) for k, w in enumerate(windows))
    return build.add(Contract(extents, ((every[0], *look, every[count + 1]),), every, extents), x)


def convolved(build: Builder, x: NodeId, windows: Sequence[Window], k: NodeId) -> NodeId:
    """[rows, places.., f] of x, [rows, sizes.., c], and k, [taps.., c, f]."""
    count, (channels, filters) = len(windows), build.type(k).shape[-2:]
    shape: Shape = (ROWS, *(w.places for w in windows), filters)
    extents: Shape = (*shape, *(w.taps for w in windows), channels)
    every = identity(len(extents))
    look = tuple(_index(len(extents), w, 1 + k, count + 2 + k) for k, w in enumerate(windows))
    read = (every[0], *look, every[-1])
    taps = every[count + 2 :]
    return build.add(Contract(extents, (read, (*taps, every[count + 1])), every[: count + 2], shape), x, k)


def _index(rank: int, window: Window, place: int, tap: int) -> Affine:
    weights = {place: window.step, tap: window.dilation}
    return Affine(tuple(weights.get(k, 0) for k in range(rank)), -window.pad)


def biased(build: Builder, x: NodeId, name: str) -> NodeId:
    """x + b with a number for each channel."""
    shape = build.type(x).shape
    bias = leaf(build, name, shape[-1:])
    return build.add(Map(f.add), x, build.add(Expand(shape, (len(shape) - 1,)), bias))


def bounded(build: Builder, x: NodeId, function: f.ScalarFunction = f.maximum, bound: float = 0.0) -> NodeId:
    return build.add(Map(function), x, filled(build, bound, build.type(x).shape))


def pooled(build: Builder, x: NodeId, windows: Sequence[Window], kind: ReduceKind) -> NodeId:
    """[rows, places.., c]."""
    laid = laid_out(build, x, windows)
    rank = len(build.type(laid).shape)
    return build.add(Reduce(kind, tuple(range(rank - len(windows), rank))), laid)


def with_gradients(build: Builder, y: NodeId) -> Graph:
    """The output `y` and, named like each REAL leaf, the gradient of `sum(seed * y)` for it."""
    seed = build.add(Leaf(LeafRole.INPUT, "seed", build.type(y)))
    weighted = build.add(Map(f.multiply), y, seed)
    total = build.add(Reduce(ReduceKind.SUM, tuple(range(len(build.type(y).shape)))), weighted)
    leaves = {n.op.name: n.id for n in build.nodes if isinstance(n.op, Leaf) and n.type.dtype is DType.REAL}
    graph, gradients = differentiate(build.graph({"y": y}), total, list(leaves.values()))
    return verify(graph.with_outputs(**{f"gradient.{n}": g for n, g in zip(leaves, gradients, strict=True)}))


def case_of(graph: Graph, draw: np.random.Generator) -> Case:
    """The graph at a random point."""
    rows = int(draw.choice([1, 2, 3, 5]))
    leaves = {
        node.id: draw.normal(size=tuple(rows if extent is ROWS else extent for extent in node.type.shape))
        for node in graph.nodes
        if isinstance(node.op, Leaf)
    }
    return Case(graph, leaves, rows)


def assert_same_outputs(case: Case, after: Graph) -> dict[str, Array]:
    """The outputs of both graphs are equal; those of the second."""
    expected = outputs_of(case.graph, case.by_name(), case.rows)
    found = outputs_of(verify(after), case.by_name(), case.rows)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = max(1.0, float(np.max(np.abs(np.asarray(value, np.float64)), initial=0)))
        assert np.shape(found[name]) == np.shape(value), name
        np.testing.assert_allclose(found[name], value, rtol=0, atol=TOLERANCE * scale, err_msg=name)
    return found
