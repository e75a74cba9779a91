"""Fusion: the meaning stays, and the loops that matter come out as they are known to be best."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import largest, outputs_of, random_case
from small_models import adam, classifier, dense, leaf, relu, sgd, training_step

from dslc.graph.graph import Builder, Graph, Node, Role
from dslc.graph.verify import verify
from dslc.ops.contract import Contract, contraction, matmul
from dslc.ops.gather import Gather
from dslc.ops.leaf import Iota, Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.map import Map, filled
from dslc.ops.random import Distribution, Random
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand, Reshape, Slice, Transpose
from dslc.passes.fuse import LARGEST_BODY, fuse
from dslc.scalar import functions as f
from dslc.scalar.body import to_text as body_text
from dslc.scalar.types import ROWS, DType


def loops(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if isinstance(node.op, Loop)]


def texts(graph: Graph) -> list[str]:
    """The formulas of the graph's loops; a reduced one begins with how."""
    found = []
    for node in loops(graph):
        if isinstance(node.op, Loop):
            combine = f"{node.op.combine.value} of " if node.op.combine else ""
            found.append(combine + body_text(node.op.body))
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_fusion_keeps_the_meaning(seed: int) -> None:
    case = random_case(seed)
    scale = largest(case)
    if scale > 1e4:
        return
    fused = verify(fuse(case.graph))
    expected = outputs_of(case.graph, case.by_name(), case.rows)
    for name, value in outputs_of(fused, case.by_name(), case.rows).items():
        assert np.all(np.abs(value - expected[name]) <= 1e-9 * max(scale, 1.0)), name


def test_a_reshape_stored_to_split_a_large_loop_has_its_memory() -> None:
    verify(fuse(random_case(1_218_213_467).graph))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_only_what_lowering_knows_is_left(seed: int) -> None:
    known = ("Leaf", "Loop", "Contract", "ScatterAdd", "Pad", "Concat", "Reshape")
    assert {type(node.op).__name__ for node in fuse(random_case(seed).graph).nodes} <= set(known)


def test_bias_and_relu_are_one_loop() -> None:
    build = Builder()
    hidden = relu(build, dense(build, leaf(build, LeafRole.INPUT, "x", (ROWS, 4)), "hidden", 3))
    assert texts(fuse(build.graph({"y": hidden}))) == ["max(x0[i0, i1] + x1[i1], 0.0)"]


def test_the_backward_of_softmax_with_cross_entropy_is_one_loop_without_reduction() -> None:
    fused = fuse(training_step(classifier(5, 3), sgd))
    (to_logits,) = (node for node in loops(fused) if node.origin.role is Role.GRADIENT and len(node.type.shape) == 2)
    assert isinstance(to_logits.op, Loop)
    assert to_logits.op.combine is None
    assert to_logits.type.shape == (ROWS, 3)
    others = [node for node in fused.nodes if node.origin.role is Role.GRADIENT and node is not to_logits]
    # The weight's gradient, the bias's sum over rows, and 1 / rows, once a step.
    assert Counter(type(node.op).__name__ for node in others) == Counter({"Contract": 1, "Loop": 2})


def test_adam_is_three_loops_a_tensor_and_its_powers_are_computed_once() -> None:
    fused = fuse(training_step(classifier(5, 3), adam))
    updates = [node for node in loops(fused) if node.origin.role is Role.UPDATE]
    assert [node.type.shape for node in updates].count((5, 3)) == 3
    assert [node.type.shape for node in updates].count((3,)) == 3
    scalars = {body_text(node.op.body) for node in updates if isinstance(node.op, Loop) and not node.type.shape}
    assert scalars == {"1.0 - 0.9^x0[]", "1.0 - 0.999^x0[]"}
    assert len(updates) == 8


def test_a_function_is_computed_twice_rather_than_stored_but_not_four_times() -> None:
    build = Builder()
    x = leaf(build, LeafRole.INPUT, "x", (ROWS, 4))
    y = build.add(Map(f.exp), x)
    total, highest, lowest = (build.add(Reduce(kind, (1,)), y) for kind in ReduceKind)
    share = build.add(Map(f.divide), y, build.add(Expand((ROWS, 4), (0,)), total))
    assert texts(fuse(build.graph({"share": share}))) == ["sum of exp(x0[i0, i1])", "exp(x0[i0, i1]) / x1[i0]"]
    fused = fuse(build.graph({"share": share, "highest": highest, "lowest": lowest}))
    assert texts(fused)[0] == "exp(x0[i0, i1])"
    assert not any("exp" in text for text in texts(fused)[1:])


def test_a_random_draw_is_made_once() -> None:
    build = Builder()
    x, ids = leaf(build, LeafRole.INPUT, "x", (ROWS, 4)), leaf(build, LeafRole.ROW_ID, "", (ROWS,), DType.INT)
    seed, epoch = (leaf(build, LeafRole.CLOCK, name, (), DType.INT) for name in ("seed", "epoch"))
    noise = build.add(Random(Distribution.UNIFORM, 7, (ROWS, 4)), seed, epoch, ids)
    dropped = build.add(Map(f.less), noise, filled(build, 0.2, (ROWS, 4)))
    kept, doubled = (build.add(Map(f.where), dropped, filled(build, 0.0, (ROWS, 4)), y)
                     for y in (x, build.add(Map(f.add), x, x)))  # fmt: skip
    fused = fuse(build.graph({"kept": kept, "doubled": doubled}))
    assert [node.type.dtype for node in loops(fused)] == [DType.BOOL, DType.REAL, DType.REAL]


def test_cheap_arithmetic_is_computed_where_it_is_read() -> None:
    build = Builder()
    x, b = leaf(build, LeafRole.INPUT, "x", (ROWS, 4)), leaf(build, LeafRole.INPUT, "b", (ROWS, 4))
    y = build.add(Map(f.add), x, b)
    highest, total = (build.add(Reduce(kind, (1,)), y) for kind in (ReduceKind.MAX, ReduceKind.SUM))
    fused = fuse(build.graph({"highest": highest, "total": total}))
    assert texts(fused) == ["max of x0[i0, i1] + x1[i0, i1]", "sum of x0[i0, i1] + x1[i0, i1]"]


def test_a_function_is_not_repeated_over_a_larger_space() -> None:
    build = Builder()
    x, y = leaf(build, LeafRole.INPUT, "x", (ROWS,)), leaf(build, LeafRole.INPUT, "y", (ROWS, 4))
    spread = build.add(Expand((ROWS, 4), (0,)), build.add(Map(f.exp), x))
    fused = fuse(build.graph({"z": build.add(Map(f.multiply), spread, y)}))
    assert texts(fused) == ["exp(x0[i0])", "x0[i0] * x1[i0, i1]"]


def test_large_bodies_are_cut() -> None:
    build = Builder()
    y = leaf(build, LeafRole.INPUT, "x0", (ROWS,))
    for number in range(1, 60):
        y = build.add(Map(f.add), y, leaf(build, LeafRole.INPUT, f"x{number}", (ROWS,)))
    sizes = [len(node.op.body) for node in loops(fuse(build.graph({"y": y}))) if isinstance(node.op, Loop)]
    assert len(sizes) > 1
    assert max(sizes) <= LARGEST_BODY


def test_views_only_change_indices() -> None:
    build = Builder()
    x = leaf(build, LeafRole.INPUT, "x", (ROWS, 6))
    grid = build.add(Transpose((0, 2, 1)), build.add(Reshape((ROWS, 2, 3)), x))
    row = build.add(Slice((0, 2, 0), (ROWS, 0, 2), (1, -1, 1)), grid)
    fused = fuse(build.graph({"y": build.add(Map(f.exp), row)}))
    assert texts(fused) == ["exp(x0[i0, -1*i1 + 3*i2 + 2])"]


def test_a_reshape_that_merges_axes_names_the_same_memory() -> None:
    build = Builder()
    x = leaf(build, LeafRole.INPUT, "x", (ROWS, 2, 3))
    flat = build.add(Reshape((ROWS, 6)), build.add(Map(f.exp), x))
    fused = fuse(build.graph({"y": build.add(Map(f.sin), flat)}))
    assert [type(node.op).__name__ for node in fused.nodes] == ["Leaf", "Loop", "Reshape", "Loop"]


def test_gathers_and_random_draws_are_indices_and_functions() -> None:
    build = Builder()
    table = leaf(build, LeafRole.PARAMETER, "table", (5, 3))
    chosen, ids = (leaf(build, role, "", (ROWS,), DType.INT) for role in (LeafRole.TARGET, LeafRole.ROW_ID))
    seed, epoch = (leaf(build, LeafRole.CLOCK, name, (), DType.INT) for name in ("seed", "epoch"))
    taken = build.add(Gather(0), table, chosen)
    noise = build.add(Random(Distribution.NORMAL, 7, (ROWS, 3)), seed, epoch, ids)
    fused = fuse(build.graph({"y": build.add(Map(f.add), taken, noise)}))
    assert texts(fused) == ["x1[x0[i0], i1] + normal(x2[], 7, x3[], x4[i0], i1)"]


@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_reads_through_transposes(transposed: bool) -> None:
    build = Builder()
    x, w = leaf(build, LeafRole.INPUT, "x", (ROWS, 4)), leaf(build, LeafRole.PARAMETER, "w", (4, 3))
    if transposed:
        w = build.add(Transpose((1, 0)), build.add(Transpose((1, 0)), w))
    fused = fuse(build.graph({"y": build.add(matmul((ROWS, 4), (4, 3)), x, w)}))
    assert [node.op for node in fused.nodes if not isinstance(node.op, Leaf)] == [matmul((ROWS, 4), (4, 3))]


def test_contractions_that_are_no_matrix_product_are_loops() -> None:
    build = Builder()
    x, y = (leaf(build, LeafRole.INPUT, name, (ROWS, 4)) for name in "xy")
    rowwise = build.add(contraction(((0, 1), (0, 1)), (0,), (ROWS, 4)), build.add(Map(f.exp), x), y)
    outer = build.add(
        contraction(((0, 1), (2,)), (0, 1, 2), (ROWS, 4, 3)), x, build.add(Map(f.real), build.add(Iota(3)))
    )
    fused = fuse(build.graph({"rowwise": rowwise, "outer": outer}))
    assert not any(isinstance(node.op, Contract) for node in fused.nodes)
    assert texts(fused) == ["sum of exp(x0[i0, i1]) * x1[i0, i1]", "x0[i0, i1] * real(i2)"]


def test_a_gather_reads_through_maps_at_the_index_it_takes() -> None:
    build = Builder()
    x, b = leaf(build, LeafRole.INPUT, "x", (ROWS, 4)), leaf(build, LeafRole.PARAMETER, "b", (4,))
    target = leaf(build, LeafRole.TARGET, "y", (ROWS,), DType.INT)
    logits = build.add(Map(f.add), x, build.add(Expand((ROWS, 4), (1,)), b))
    assert texts(fuse(build.graph({"y": build.add(Gather(1), logits, target)}))) == ["x1[i0, x0[i0]] + x2[x0[i0]]"]


def test_doublings_are_counted_once() -> None:
    build = Builder()
    y = leaf(build, LeafRole.INPUT, "x", (ROWS,))
    for _ in range(200):
        y = build.add(Map(f.add), y, y)
    sizes = [len(node.op.body) for node in loops(fuse(build.graph({"y": y}))) if isinstance(node.op, Loop)]
    assert sum(sizes) < 220


def test_an_output_that_is_a_leaf_or_a_constant_stays_one_node() -> None:
    build = Builder()
    x = leaf(build, LeafRole.INPUT, "x", (ROWS, 2))
    fused = fuse(build.graph({"x": x, "zero": filled(build, 0.0, (ROWS, 2))}))
    assert fused.outputs["x"] == 0
    assert texts(fused) == ["0.0"]
