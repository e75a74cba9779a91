"""Tiles of any size, on any number of threads, one after another where a call follows: the numbers are the reference's.

With tiles as small as they can be even a small program has many, so that a call which does not wait for what it reads
from another tile is found.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from dslc.backends import get_backend
from lowering.test_meaning import as_program_leaves, has_rows_inside
from random_graphs import largest, random_case
from small_models import adam, classifier, lowered, new_arena, region_of, sgd, training_step, written

from dslc.graph.graph import Array, Graph
from dslc.ops.leaf import Leaf
from dslc.passes import AFTER_DIFFERENTIATION, apply
from dslc.program.arena import view
from dslc.program.program import Call, Element, Program, Region
from dslc.scalar.types import ROWS, DType

CLOSE = 1e-9
"""Relative to the largest value: sums are taken in another order than the reference's."""


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POINTS", "CACHE_LINE", "MULTIPLY_ADDS", "MULTIPLY_RESULTS"):
        monkeypatch.setattr(f"dslc.lowering.tiles.{name}", 1)
    for name in ("MOST_TILES", "MULTIPLY_TILES"):
        monkeypatch.setattr(f"dslc.lowering.tiles.{name}", 2**20)


def chained(program: Program) -> int:
    calls = (call for entry in program.entries.values() for phase in entry.phases for call in phase.calls)
    return sum(isinstance(call, Call) and call.follows for call in calls)


def run(
    program: Program, entry: str, values: Mapping[str, Array], rows: int, backend: str, threads: int
) -> dict[str, Array]:
    """Results and weights after one call of the entry."""
    arena = new_arena(program)
    for region in (Region.PARAMETER, Region.STATE, Region.SETTING, Region.CLOCK):
        written(program, arena, region, values)
    sources = [np.ascontiguousarray(values[name.split(".", 1)[-1]]) for name in program.sources]
    get_backend(backend).compile(program).call(entry, arena, sources, np.arange(rows), 0, rows, threads)
    found = {name: view(arena, buffer, rows).copy() for name, buffer in program.entries[entry].results.items()}
    return found | region_of(program, arena, Region.PARAMETER) | region_of(program, arena, Region.STATE)


def agree(program: Program, entry: str, values: Mapping[str, Array], rows: int) -> None:
    expected = run(program, entry, values, rows, "reference", 1)
    one, *others = (run(program, entry, values, rows, "cpu", threads) for threads in (1, 2, 3))
    for name, value in expected.items():
        meant, found = np.asarray(value, np.float64), np.asarray(one[name], np.float64)
        assert np.allclose(found, meant, rtol=0, atol=CLOSE * max(1.0, float(np.max(np.abs(meant), initial=0)))), name
        assert all(np.array_equal(other[name], one[name], equal_nan=True) for other in others), name


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed: int) -> None:
    case = random_case(seed)
    graph = apply(case.graph, AFTER_DIFFERENTIATION)
    if largest(case) > 1e4 or has_rows_inside(graph):
        return
    values = {node.op.name: case.leaves[node.id] for node in case.graph.nodes if isinstance(node.op, Leaf)}
    agree(lowered({"predict": as_program_leaves(graph)}), "predict", values, case.rows)


@pytest.mark.usefixtures("small_tiles")
def test_some_of_them_have_calls_that_follow() -> None:
    graphs = (apply(random_case(seed).graph, AFTER_DIFFERENTIATION) for seed in range(20))
    assert sum(chained(lowered({"predict": as_program_leaves(g)})) for g in graphs if not has_rows_inside(g)) > 3


def values_of(graph: Graph, rows: int) -> dict[str, Array]:
    draw = np.random.default_rng(3)
    found: dict[str, Array] = {}
    for node in graph.nodes:
        if isinstance(node.op, Leaf):
            shape = [rows if extent is ROWS else extent for extent in node.type.shape]
            whole = node.type.dtype is DType.INT
            found[node.op.name] = draw.integers(0, 3, shape) if whole else draw.uniform(0.1, 1.0, shape)
    return found


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("optimizer", [sgd, adam])
@pytest.mark.parametrize("rows", [1, 7, 50])
def test_training_steps(optimizer, rows: int) -> None:
    graph = training_step(classifier(21, 19, 3), optimizer)
    program = lowered({"train": graph}, Element.F64, 50)
    tiles = {c.tiles.size for p in program.entries["train"].phases for c in p.calls if isinstance(c, Call)}
    assert chained(program) > 5 and max(tiles) <= 8 * 21
    agree(program, "train", training_values(graph, rows), rows)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("optimizer", [sgd, adam])
@pytest.mark.parametrize("rows", [1, 7, 50])
def test_training_steps_with_weights_in_panels(optimizer, rows: int) -> None:
    graph = training_step(classifier(21, 64, 96, 3), optimizer)
    program = lowered({"train": graph}, Element.F64, 50, frozenset({"layer1.w", "layer2.w"}))
    agree(program, "train", training_values(graph, rows), rows)


def training_values(graph: Graph, rows: int) -> dict[str, Array]:
    return values_of(graph, rows) | {"weight": np.linspace(0.5, 1.5, rows), "rows": np.asarray(rows, np.float64)}
