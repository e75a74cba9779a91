"""Updates in place: a new value never reaches whoever needs the old one."""

from __future__ import annotations

import numpy as np
import pytest
from dslc.backends.reference.backend import run_entry
from small_models import leaf, lowered, new_arena, region_of, written

from dslc.graph.graph import Array, Builder, Graph, NodeId
from dslc.lowering.outputs import place
from dslc.ops.contract import matmul
from dslc.ops.leaf import LeafRole
from dslc.ops.map import Map, filled
from dslc.ops.structure import Transpose
from dslc.passes.fuse import fuse
from dslc.program.program import Call, Program, Region
from dslc.scalar import functions as f

N = 3


def after_one_step(graph: Graph, **values: Array) -> tuple[Program, dict[str, Array]]:
    program = lowered({"train": graph})
    arena = new_arena(program)
    written(program, arena, Region.PARAMETER, values)
    run_entry(program.entries["train"], arena, [], np.arange(0))
    return program, region_of(program, arena, Region.PARAMETER)


def parameters(build: Builder, *names: str) -> list[NodeId]:
    return [leaf(build, LeafRole.PARAMETER, name, (N, N)) for name in names]


def calls(program: Program) -> list[Call]:
    return [call for phase in program.entries["train"].phases for call in phase.calls if isinstance(call, Call)]


A, B = np.arange(9.0).reshape(3, 3), np.arange(9.0).reshape(3, 3) ** 2 + 1


def test_an_elementwise_update_overwrites_its_operand() -> None:
    build = Builder()
    (a,) = parameters(build, "a")
    program, found = after_one_step(build.graph({"update.a": build.add(Map(f.exp), a)}), a=A)
    np.testing.assert_allclose(found["a"], np.exp(A))
    assert len(calls(program)) == 1
    assert program.arena_bytes == 6 * 64 + 128


def test_two_parameters_can_swap() -> None:
    build = Builder()
    a, b = parameters(build, "a", "b")
    _, found = after_one_step(build.graph({"update.a": b, "update.b": a}), a=A, b=B)
    np.testing.assert_array_equal(found["a"], B)
    np.testing.assert_array_equal(found["b"], A)


def test_a_chain_of_updates_reads_old_and_new_values_as_written() -> None:
    """v becomes v + w, then w becomes w + old v * new v."""
    build = Builder()
    w, v = parameters(build, "w", "v")
    new_v = build.add(Map(f.add), build.add(Map(f.exp), v), w)
    new_w = build.add(Map(f.add), w, build.add(Map(f.multiply), v, new_v))
    _, found = after_one_step(build.graph({"update.w": new_w, "update.v": new_v}), w=A, v=np.log(B))
    np.testing.assert_allclose(found["v"], B + A)
    np.testing.assert_allclose(found["w"], A + np.log(B) * (B + A))


@pytest.mark.parametrize("transposed", [False, True])
def test_an_update_that_reads_elsewhere_is_computed_aside(transposed: bool) -> None:
    build = Builder()
    (a,) = parameters(build, "a")
    new = build.add(Transpose((1, 0)), a) if transposed else build.add(matmul((N, N), (N, N)), a, a)
    _, found = after_one_step(build.graph({"update.a": new}), a=A)
    np.testing.assert_allclose(found["a"], A.T if transposed else A @ A)


def test_one_node_can_update_two_parameters_and_be_read() -> None:
    build = Builder()
    a, _, c = parameters(build, "a", "b", "c")
    new = build.add(Map(f.exp), a)
    moved = build.add(Map(f.add), build.add(Map(f.multiply), new, a), c)
    _, found = after_one_step(build.graph({"update.a": new, "update.b": new, "update.c": moved}), a=A, b=B, c=B)
    np.testing.assert_allclose(found["a"], np.exp(A))
    np.testing.assert_allclose(found["b"], np.exp(A))
    np.testing.assert_allclose(found["c"], np.exp(A) * A + B)


def test_an_update_that_changes_nothing_is_no_step() -> None:
    build = Builder()
    a, b = parameters(build, "a", "b")
    placed = place(fuse(build.graph({"update.a": a, "update.b": build.add(Map(f.exp), b)})))
    assert list(placed.targets.values()) == ["update.b"]


def test_a_reader_of_the_old_value_comes_first() -> None:
    build = Builder()
    (a,) = parameters(build, "a")
    one = filled(build, 1.0, (N, N))
    new = build.add(Map(f.add), a, one)
    late = build.add(matmul((N, N), (N, N)), a, build.add(Map(f.sin), a))
    program = lowered({"train": build.graph({"update.a": new, "late": late})})
    phases = program.entries["train"].phases
    written_in = [k for k, phase in enumerate(phases) if any(c.result.name == "a" for c in phase.calls)]
    read_in = [
        k
        for k, phase in enumerate(phases)
        for c in phase.calls
        if isinstance(c, Call) and c.result.name != "a" and any(o.name == "a" for o in c.operands)
    ]
    assert max(read_in) < min(written_in)
