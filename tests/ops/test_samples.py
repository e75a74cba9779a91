"""Every primitive keeps its laws on random shapes: its type is its value's, its gradient is the derivative."""

from __future__ import annotations

import numpy as np
import pytest
from gradient_check import assert_meets, check_sample, sample_graph, sample_values

from dslc.derivatives import TOLERANCE
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Op
from dslc.ops.families import OPS, SAMPLES
from dslc.ops.loop import Loop
from dslc.ops.map import Map
from dslc.ops.sample import Sampler
from dslc.scalar.functions import FUNCTIONS

SHAPES = 20
MODULES = {op.__module__ for op in OPS}
LEAVES = {"Leaf"}  # their values are given, not computed


def name(sampler: Sampler) -> str:
    op = sampler(np.random.default_rng(0)).op
    return op.function.name if isinstance(op, Map) else f"{type(op).__name__}-{sampler.__name__}".strip("_<>")


def subclasses(of: type[Op]) -> set[type[Op]]:
    return set(of.__subclasses__()).union(*(subclasses(sub) for sub in of.__subclasses__()))


def test_every_primitive_is_listed_and_has_samples() -> None:
    sampled = [sampler(np.random.default_rng(0)).op for sampler in SAMPLES]
    assert {type(op) for op in sampled} == set(OPS)
    # By name: a slotted dataclass replaces its class, and the replaced one stays a subclass.
    assert {op.__qualname__ for op in OPS} == {op.__qualname__ for op in subclasses(Op) if op.__module__ in MODULES}
    assert {op.function.name for op in sampled if isinstance(op, Map)} == set(FUNCTIONS)


@pytest.mark.parametrize("sampler", SAMPLES, ids=name)
def test_a_value_is_of_the_inferred_type(sampler: Sampler) -> None:
    draw = np.random.default_rng(1)
    for k in range(SHAPES):
        sample, rows = sampler(draw), (1, 4, 7)[k % 3]
        if type(sample.op).__name__ in LEAVES:
            continue
        graph = sample_graph(sample)
        result = graph.outputs["result"]
        assert sample.op.to_text()
        value = evaluate(graph, sample_values(sample, rows, draw), rows, [result])[result]
        assert_meets(graph.type(result), value, rows)


@pytest.mark.parametrize("sampler", SAMPLES, ids=name)
def test_the_gradient_is_the_derivative(sampler: Sampler) -> None:
    draw = np.random.default_rng(2)
    for k in range(SHAPES):
        sample = sampler(draw)
        if isinstance(sample.op, Loop):
            continue
        for check in check_sample(sample, (1, 4, 7)[k % 3], draw):
            assert check.error < TOLERANCE, (sample, check)
