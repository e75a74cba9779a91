"""A program means what its graph means: on random graphs, every primitive's samples and training steps.

The reference backend runs it. The arena starts as NaN and batches are smaller than the capacity, so that a read
of what nobody wrote shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from dslc.backends.reference.backend import run_entry
from gradient_check import values_for
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import largest, outputs_of, random_case
from small_models import Optimizer, adam, classifier, lowered, new_arena, region_of, sgd, training_step, written

from dslc.graph.graph import Array, Builder, Graph, TensorType
from dslc.ops.families import MEANT, SAMPLES
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.sample import Sample, Sampler
from dslc.passes import AFTER_DIFFERENTIATION, apply
from dslc.passes.fuse import fuse
from dslc.program.arena import view
from dslc.program.program import Region
from dslc.scalar.panels import from_panels
from dslc.scalar.types import ROWS, DType

TOLERANCE = 1e-9
"""Relative to the largest value in the graph; sums are taken in another order than NumPy's."""

seeds = st.integers(0, 2**32 - 1)


def as_program_leaves(graph: Graph) -> Graph:
    """INPUT leaves without a batch axis become PARAMETERs."""
    nodes = [
        replace(node, op=replace(node.op, role=LeafRole.PARAMETER))
        if isinstance(node.op, Leaf) and node.type.shape[:1] != (ROWS,) and node.op.role is LeafRole.INPUT
        else node
        for node in graph.nodes
    ]
    return Graph(tuple(nodes), graph.outputs)


def results_of(graph: Graph, values: Mapping[str, Array], rows: int) -> dict[str, Array]:
    """The outputs of the graph's program on rows in reverse order, as one entry; leaves by name."""
    program = lowered({"predict": as_program_leaves(graph)})
    arena = new_arena(program)
    written(program, arena, Region.PARAMETER, values)
    written(program, arena, Region.CLOCK, values)
    sources = [values[name.removeprefix("input.")][::-1] for name in program.sources]
    entry = program.entries["predict"]
    run_entry(entry, arena, sources, np.arange(rows)[::-1])
    return {name: view(arena, buffer, rows) for name, buffer in entry.results.items()}


def assert_close(found: Mapping[str, Array], expected: Mapping[str, Array], scale: float) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        difference = np.abs(np.asarray(found[name], np.float64) - np.asarray(value, np.float64))
        assert np.all(difference <= TOLERANCE * max(scale, 1.0)), name


def has_rows_inside(graph: Graph) -> bool:
    """Only a leading batch axis has a place in memory; the language makes no other."""
    return any(ROWS in node.type.shape[1:] for node in fuse(graph).nodes)


def lowering_keeps_the_meaning(seed: int) -> None:
    case = random_case(seed)
    scale = largest(case)
    if scale > 1e4:
        return
    values = {node.op.name: case.leaves[node.id] for node in case.graph.nodes if isinstance(node.op, Leaf)}
    expected = outputs_of(case.graph, case.by_name(), case.rows)
    for graph in (case.graph, apply(case.graph, AFTER_DIFFERENTIATION)):
        if not has_rows_inside(graph):
            assert_close(results_of(graph, values, case.rows), expected, scale)


@settings(max_examples=60, deadline=None)
@given(seed=seeds)
def test_lowering_keeps_the_meaning(seed: int) -> None:
    lowering_keeps_the_meaning(seed)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(seed=seeds)
def test_lowering_keeps_the_meaning_at_length(seed: int) -> None:
    lowering_keeps_the_meaning(seed)


LOWERED = [sampler for sampler in SAMPLES if not isinstance(sampler(np.random.default_rng(0)).op, MEANT)]
ONLY_MEANT = [sampler for sampler in SAMPLES if sampler not in LOWERED]


@pytest.mark.parametrize("sampler", LOWERED)
def test_lowering_keeps_the_meaning_of_every_primitive(sampler: Sampler) -> None:
    for seed in range(8):
        draw = np.random.default_rng(seed)
        sample, rows = sampler(draw), int(draw.choice([1, 3, 5]))
        graph = with_leaves(sample)
        if graph is None or has_rows_inside(graph):
            continue
        operands = [values_for(operand, rows, draw) for operand in sample.operands]
        names = [node.op.name for node in graph.nodes if isinstance(node.op, Leaf)]
        found = results_of(graph, dict(zip(names, operands, strict=True)), rows)
        assert_close(found, {"y": sample.op.evaluate(operands, rows)}, 1.0)


@pytest.mark.parametrize("sampler", ONLY_MEANT)
def test_what_only_has_a_meaning_is_in_no_program(sampler: Sampler) -> None:
    graph = with_leaves(sampler(np.random.default_rng(0)))
    assert graph is not None
    with pytest.raises(TypeError, match="cannot be computed inside a loop"):
        lowered({"predict": as_program_leaves(graph)})


def with_leaves(sample: Sample) -> Graph | None:
    """The sample's primitive on leaves that a program has: INT scalars are the clock's; None where there are none."""
    if isinstance(sample.op, Leaf):
        return None
    build = Builder()
    clock = ["seed", "epoch"]
    for number, operand in enumerate(sample.operands):
        role, name = LeafRole.INPUT, f"x{number}"
        if operand.type.shape[:1] != (ROWS,) and operand.type.dtype is not DType.REAL:
            if operand.type != TensorType((), DType.INT) or not clock:
                return None
            role, name = LeafRole.CLOCK, clock.pop()
        build.add(Leaf(role, name, operand.type))
    return build.graph({"y": build.add(sample.op, *range(len(sample.operands)))})


@pytest.mark.parametrize("optimizer", [sgd, adam])
@pytest.mark.parametrize(("units", "panels"), [((7,), ()), ((64, 96), ("layer1.w", "layer2.w"))])
def test_a_training_step_is_the_graphs(optimizer: Optimizer, units: tuple[int, ...], panels: tuple[str, ...]) -> None:
    graph = training_step(classifier(5, *units, 3), optimizer)
    program = lowered({"train": graph}, panels=frozenset(panels))
    draw, rows = np.random.default_rng(3), 6
    leaves = {node.op.key: node for node in graph.nodes if isinstance(node.op, Leaf)}
    values: dict[str, Array] = {}
    for key, node in leaves.items():
        shape = [rows if extent is ROWS else extent for extent in node.type.shape]
        values[key] = draw.integers(0, 3, shape) if node.type.dtype is DType.INT else draw.uniform(0.1, 1.0, shape)
    expected = outputs_of(graph, values, rows)
    arena = new_arena(program)
    by_name = {node.op.name: values[key] for key, node in leaves.items() if isinstance(node.op, Leaf)}
    for region in (Region.PARAMETER, Region.STATE, Region.SETTING, Region.CLOCK):
        written(program, arena, region, by_name)
    sources = {"input.x": by_name["x"], "target.y": by_name["y"], "weight": by_name[""]}
    run_entry(program.entries["train"], arena, [sources[name] for name in program.sources], np.arange(rows))
    found = {name: view(arena, buffer) for name, buffer in program.entries["train"].results.items()}
    for region in (Region.PARAMETER, Region.STATE):
        for name, value in region_of(program, arena, region).items():
            found[f"update.{name}"] = from_panels(value) if value.ndim > 2 else value
    assert_close(found, expected, 10.0)
