"""Every definition of the standard library is differentiated rightly, on at least twenty random shapes."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from gradient_check import values_for

from dslc.autodiff import differentiate
from dslc.derivatives import TOLERANCE, compare
from dslc.elaborate.definition import Elaborated, elaborate_definition
from dslc.elaborate.prelude import index
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Node, NodeId
from dslc.graph.verify import verify
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.sample import Operand
from dslc.scalar.types import DType

from .samples import APPROXIMATE, DECLARED, POSITIVE, SAMPLES, Draw

SHAPES = 20
ROWS_PRESENT = 3


def leaves_of(made: Elaborated, key: str, classes: int, draw: Draw) -> dict[NodeId, Array]:
    """A value for every leaf of the graph."""
    positive = {*POSITIVE.get(key, ()), *POSITIVE.get(key.split(maxsplit=1)[0], ())}
    values: dict[NodeId, Array] = {}
    for node in made.graph.nodes:
        if not isinstance(node.op, Leaf):
            continue
        match node.op.role:
            case LeafRole.SETTING:
                values[node.id] = np.asarray(made.numbers[node.op.name])
            case LeafRole.CLOCK if node.op.name == "iteration":
                values[node.id] = np.asarray(3.0)
            case LeafRole.CLOCK if node.op.name == "rows":
                values[node.id] = np.asarray(float(ROWS_PRESENT))
            case LeafRole.CLOCK if node.type.dtype is DType.REAL:
                values[node.id] = draw.uniform(0.1, 0.9, ())
            case LeafRole.EXAMPLE_WEIGHT:
                values[node.id] = draw.uniform(0.5, 1.5, ROWS_PRESENT)
            case _:
                low = 0.3 if node.op.name in positive and node.type.dtype is DType.REAL else -2.0
                whole = node.type.dtype is not DType.REAL
                operand = Operand(node.type, 0 if whole else low, classes if whole else 2.0)
                values[node.id] = values_for(operand, ROWS_PRESENT, draw)
    return values


def _left_out(key: str, leaf: Node) -> bool:
    """A declared gradient is one for tensors; nobody asks for that of a clock, and a schedule's state has none."""
    role = leaf.op.role if isinstance(leaf.op, Leaf) else None
    if role is LeafRole.STATE and key.startswith("schedule"):
        return True
    return role is LeafRole.CLOCK or (key in DECLARED and role in (LeafRole.SETTING, LeafRole.GRADIENT))


def test_no_definition_is_without_a_sample() -> None:
    assert set(SAMPLES) == {f"{kind.value} {name}" for kind, name in index()}


@pytest.mark.parametrize("key", sorted(set(SAMPLES) - APPROXIMATE))
def test_the_gradient_is_the_derivative(key: str) -> None:
    draw = np.random.default_rng(zlib.crc32(key.encode()))
    kind, name = key.split()
    definition = next(entry for (k, n), entry in index().items() if (k.value, n) == (kind, name)).parsed()
    for _ in range(SHAPES):
        sample = SAMPLES[key](draw)
        made = elaborate_definition(definition, sample)
        graph = verify(made.graph)
        values = leaves_of(made, key, sample.classes or 2, draw)
        wrt = [
            leaf for leaf in values if graph.type(leaf).dtype is DType.REAL and not _left_out(key, graph.nodes[leaf])
        ]
        for output in graph.outputs.values():
            checks = compare(graph, output, wrt, values, rows=ROWS_PRESENT, draw=draw)
            wrong = [(graph.nodes[check.leaf].op.to_text(), check) for check in checks if check.error >= TOLERANCE]
            assert not wrong, (sample, wrong)


def test_step_passes_the_gradient_straight_through() -> None:
    definition = next(entry for (_, name), entry in index().items() if name == "step").parsed()
    draw = np.random.default_rng(0)
    graph = elaborate_definition(definition, SAMPLES["activation step"](draw)).graph
    leaf = next(node.id for node in graph.nodes if isinstance(node.op, Leaf) and node.op.role is LeafRole.INPUT)
    x = values_for(Operand(graph.type(leaf)), ROWS_PRESENT, draw)
    build = Builder(graph)
    total = build.add(Reduce(ReduceKind.SUM, tuple(range(x.ndim))), graph.outputs["value"])
    differentiated, (gradient,) = differentiate(build.graph(graph.outputs), total, [leaf])
    found = evaluate(differentiated, {leaf: x}, ROWS_PRESENT, [gradient, graph.outputs["value"]])
    assert np.array_equal(found[gradient], np.abs(x) <= 1)
    assert np.array_equal(found[graph.outputs["value"]], x > 0)
