"""The shape of programs: the arena's order, shared kernels, roles in products, phases, tiles, the memory plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from small_models import adam, classifier, leaf, lowered, sgd, tensors_of, training_step

from dslc.diagnostics import ModelError
from dslc.graph.graph import Builder, Graph, NodeId
from dslc.lowering.lower import lower
from dslc.ops.contract import Contract, contraction, matmul
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand, Transpose
from dslc.passes.fuse import fuse
from dslc.program.program import (
    Call,
    ContractKernel,
    Element,
    Fetch,
    LoopKernel,
    MultiplyKernel,
    Program,
    Region,
    ScatterKernel,
)
from dslc.scalar import functions as f
from dslc.scalar.affine import Affine, access
from dslc.scalar.panels import PANEL
from dslc.scalar.types import ROWS, DType, Extent, Shape
from dslc.source import Source, Span


def calls(program: Program, entry: str) -> list[Call]:
    return [call for phase in program.entries[entry].phases for call in phase.calls if isinstance(call, Call)]


def offsets(program: Program, region: Region) -> dict[str, int]:
    return {buffer.name: buffer.offset for buffer in program.buffers if buffer.region is region}


def whole_program(real: Element = Element.F32) -> Program:
    """All entries of a small classifier."""
    train = training_step(classifier(5, 7, 3), adam)
    forward = classifier(5, 7, 3)
    sums = dict.fromkeys(("sums.10", "sums.2", "sums.1", "sums.loss", "sums.weight"), forward.outputs["sums.loss"])
    build = Builder()
    weight, loss, hits = (leaf(build, LeafRole.TOTAL, name) for name in ("weight", "loss", "2"))
    finish = build.graph(
        {
            "accuracy": build.add(Map(f.divide), hits, weight),
            "loss": build.add(Map(f.divide), loss, weight),
        }
    )
    graphs = {"finish": finish, "evaluate": Graph(forward.nodes, sums), "train": train}
    return lowered(graphs, real)


def test_the_arena_has_the_order_that_the_machine_relies_on() -> None:
    program = whole_program()
    clock = ("iteration", "progress", "rows", "seed", "epoch", "stalled")
    assert offsets(program, Region.CLOCK) == {name: 64 * k for k, name in enumerate(clock)}
    assert offsets(program, Region.SETTING) == {"rate": 384}
    totals = offsets(program, Region.TOTAL)
    assert totals == {"weight": 448, "loss": 512, "1": 576, "2": 640, "10": 704}
    expected = ["train.objective", "train.sums.weight", "train.sums.loss"]
    expected += [f"evaluate.sums.{name}" for name in totals] + ["finish.loss", "finish.accuracy"]
    assert offsets(program, Region.RESULT) == {name: 768 + 64 * k for k, name in enumerate(expected)}
    regions = [buffer.region for buffer in sorted(program.buffers, key=lambda b: b.offset)]
    order = [Region.CLOCK, Region.SETTING, Region.TOTAL, Region.RESULT, Region.PARAMETER, Region.STATE, Region.ROW]
    assert list(dict.fromkeys(regions))[: len(order)] == order


def test_parameters_are_one_piece() -> None:
    program = whole_program()
    parameters = [buffer for buffer in program.buffers if buffer.region is Region.PARAMETER]
    for before, after in pairwise(parameters):
        assert after.offset - before.offset == -(-_elements(before.shape) * 4 // 64) * 64


def _elements(shape: Shape) -> int:
    total = 1
    for extent in shape:
        total *= 1 if extent is ROWS else extent
    return total


def test_scalars_are_float64_and_finish_computes_in_float64() -> None:
    program = whole_program()
    assert {b.element for b in program.buffers if not b.shape} == {Element.F64, Element.I64}
    for call in calls(program, "finish"):
        assert isinstance(call.kernel, LoopKernel)
        assert call.kernel.real is Element.F64
    assert Element.F32 in {call.result.element for call in calls(program, "train")}


def test_the_first_phase_fetches_what_the_entry_reads() -> None:
    program = whole_program()
    assert program.sources == ("input.x", "target.y", "weight")
    for name, count in (("train", 3), ("evaluate", 3), ("finish", 0)):
        fetched = [
            (number, call.source)
            for number, phase in enumerate(program.entries[name].phases)
            for call in phase.calls
            if isinstance(call, Fetch)
        ]
        assert [number for number, _ in fetched] == [0] * count
        assert {source for _, source in fetched} == set(range(count))


def test_adam_is_the_same_three_kernels_for_every_tensor() -> None:
    program = whole_program()
    kernels = Counter(
        call.kernel for call in calls(program, "train") if call.result.region in {Region.PARAMETER, Region.STATE}
    )
    assert sorted(kernels.values()) == [4, 4, 4]
    assert all(isinstance(kernel, LoopKernel) and kernel.rank == 1 for kernel in kernels)


def test_a_step_of_mlp_has_few_phases_and_few_kernels() -> None:
    program = lowered({"train": training_step(classifier(784, 256, 128, 10), adam)}, Element.F32, 64)
    assert len(program.entries["train"].phases) <= 8
    assert len({call.kernel for call in calls(program, "train")}) <= 20
    assert sum(isinstance(call.kernel, MultiplyKernel) for call in calls(program, "train")) == 8
    # Weights, Adam's two moments, one gradient, and activations: nothing of the size of a weight besides.
    weights = sum(b.element.bytes * _elements(b.shape) for b in program.buffers if b.region is Region.PARAMETER)
    assert program.arena_bytes < 4.3 * weights


def led(program: Program, entry: str) -> list[list[str]]:
    """The results of each chain of calls, without those of the entry's calls that nothing follows."""
    chains: list[list[str]] = []
    for call in calls(program, entry):
        if call.follows:
            chains[-1].append(call.result.name)
        else:
            chains.append([call.result.name])
    return [chain for chain in chains if len(chain) > 1]


def test_what_needs_a_tile_alone_follows_it() -> None:
    program = lowered({"train": training_step(classifier(784, 256, 10), adam)}, Element.F32, 64)
    chains = led(program, "train")
    assert ["layer1", "layer1.2"] in chains  # the bias and the activation follow the product
    updates = ["m.layer1.w", "v.layer1.w", "layer1.w"]  # Adam follows the gradient that it is of
    assert any(chain[1:] == updates and chain[0].startswith("grad.") for chain in chains)
    for phase in program.entries["train"].phases:
        for call in phase.calls:
            if isinstance(call, Call) and call.follows:
                assert isinstance(call.kernel, LoopKernel)
                assert call.kernel.parallel


def test_what_needs_other_tiles_waits_for_all() -> None:
    """A sum over the rows, a product with the result, a matrix that is turned."""
    build = Builder()
    x, w = leaf(build, LeafRole.INPUT, "x", (ROWS, 64)), leaf(build, LeafRole.PARAMETER, "w", (64, 32))
    product = build.add(matmul((ROWS, 64), (64, 32)), x, w)
    outputs = {
        "summed": build.add(Reduce(ReduceKind.SUM, (0,)), product),
        "again": build.add(matmul((ROWS, 32), (32, 64)), product, build.add(Transpose((1, 0)), w)),
    }
    program = lowered({"predict": build.graph(outputs)}, Element.F32, 256)
    assert led(program, "predict") == []


@pytest.mark.parametrize(
    ("left", "right", "op", "strides", "extents", "packed"),
    [
        # x @ w and the gradients of a dense layer for weights and input
        ((ROWS, 4), (4, 3), matmul((ROWS, 4), (4, 3)), (4, 1, 3, PANEL), (ROWS, 3, 4), 0),
        ((ROWS, 4), (ROWS, 3), contraction(((0, 1), (0, 2)), (1, 2), (ROWS, 4, 3)), (1, 4, 3, PANEL), (4, 3, ROWS), 0),
        ((ROWS, 3), (4, 3), contraction(((0, 1), (2, 1)), (0, 2), (ROWS, 3, 4)), (3, 1, 4, PANEL), (ROWS, 4, 3), 1),
        # a vector out of a matrix and a vector, along either axis; of one unit
        ((5, 4), (4,), contraction(((0, 1), (1,)), (0,), (5, 4)), (4, 1, 1, PANEL), (5, 1, 4), 0),
        ((5, 4), (5,), contraction(((0, 1), (0,)), (1,), (5, 4)), (0, 1, 4, PANEL), (1, 4, 5), 0),
        ((ROWS, 4), (ROWS, 1), contraction(((0, 1), (0, 2)), (1, 2), (ROWS, 4, 1)), (0, 1, 4, PANEL), (1, 4, ROWS), 0),
        # two axes as one group, in place and not
        ((2, 3, 4), (4, 5), contraction(((0, 1, 2), (2, 3)), (0, 1, 3), (2, 3, 4, 5)), (4, 1, 5, PANEL), (6, 5, 4), 0),
        ((3, 2, 4), (4, 5), contraction(((1, 0, 2), (2, 3)), (0, 1, 3), (2, 3, 4, 5)), (4, 1, 5, PANEL), (6, 5, 4), 1),
    ],
)
def test_matrix_products_find_their_roles(
    left: Shape, right: Shape, op: Contract, strides: tuple[int, ...], extents: tuple[Extent, ...], packed: int
) -> None:
    build = Builder()
    a, b = _given(build, "a", left), _given(build, "b", right)
    program = lowered({"predict": build.graph({"y": build.add(op, a, b)})})
    *copies, product = calls(program, "predict")
    assert isinstance(product.kernel, MultiplyKernel)
    assert (product.strides, product.extents, len(copies)) == (strides, extents, packed)


def test_weights_in_panels_are_read_as_they_stand_and_their_updates_follow_panel_by_panel() -> None:
    """A forward product, the weights' gradient and Adam copy no weight; the input's gradient turns it."""
    step = training_step(classifier(32, 512, 1024, 10), adam)
    program = lowered({"train": step}, Element.F32, 256, frozenset({"layer2.w"}))
    weight = next(b for b in program.buffers if b.name == "layer2.w")
    assert weight.shape == (1024 // PANEL, 512, PANEL)
    readers = [call for call in calls(program, "train") if weight.offset in {b.offset for b in call.operands}]
    turned, forward, update = readers
    assert turned.result.name == "layer2.w.panels"
    assert isinstance(forward.kernel, MultiplyKernel)
    assert forward.strides == (512, 1, PANEL, 512 * PANEL)
    assert update.result.offset == weight.offset
    (chain,) = (chain for chain in led(program, "train") if "layer2.w" in chain)
    assert chain[1:] == ["m.layer2.w", "v.layer2.w", "layer2.w"]
    leader = next(call for call in calls(program, "train") if call.result.name == chain[0])
    assert isinstance(leader.kernel, ContractKernel) and leader.kernel.registers is not None


def test_what_is_no_matrix_product_has_another_kernel() -> None:
    def kernels(op: Contract, *shapes: Shape) -> list[type]:
        build = Builder()
        inputs = [_given(build, f"x{k}", shape) for k, shape in enumerate(shapes)]
        program = lowered({"predict": build.graph({"y": build.add(op, *inputs)})})
        return [type(call.kernel) for call in calls(program, "predict")]

    time = contraction(((0, 1, 2), (2, 3)), (0, 1, 3), (ROWS, 5, 4, 3))
    assert kernels(time, (ROWS, 5, 4), (4, 3)) == [ContractKernel]  # rows and steps cannot be one number
    assert kernels(contraction(((0,), (0,)), (), (4,)), (4,), (4,)) == [LoopKernel]
    window = Contract((4, 2), ((Affine((1, 1), -1),), access(2, 1)), access(2, 0), (4,))
    assert kernels(window, (4,), (2,)) == [ContractKernel]


def _given(build: Builder, name: str, shape: Shape) -> NodeId:
    role = LeafRole.INPUT if shape[:1] == (ROWS,) else LeafRole.PARAMETER
    return leaf(build, role, name, shape)


def test_a_scatter_of_rows_into_a_table_has_its_own_kernel() -> None:
    build = Builder()
    index = leaf(build, LeafRole.TARGET, "i", (ROWS,), DType.INT)
    value = leaf(build, LeafRole.INPUT, "x", (ROWS, 3))
    program = lowered({"predict": build.graph({"y": build.add(ScatterAdd(0, (9, 3)), index, value)})})
    (call,) = calls(program, "predict")
    assert isinstance(call.kernel, ScatterKernel)
    assert call.extents == (1, 9, ROWS, 1, 3)


def test_a_scatter_of_several_indices_a_row_is_the_same_kernel() -> None:
    build = Builder()
    index = leaf(build, LeafRole.TARGET, "i", (ROWS, 4), DType.INT)
    value = leaf(build, LeafRole.INPUT, "x", (ROWS, 4, 3))
    program = lowered({"predict": build.graph({"y": build.add(ScatterAdd(0, (9, 3)), index, value)})})
    (call,) = calls(program, "predict")
    assert isinstance(call.kernel, ScatterKernel)
    assert call.extents == (1, 9, ROWS, 4, 3)


def test_tiles_come_from_shapes() -> None:
    program = lowered({"train": training_step(classifier(784, 256, 10), sgd)}, Element.F32, 64)
    for call in calls(program, "train"):
        if isinstance(call.kernel, MultiplyKernel):
            assert call.tiles.size % 8 == 0
            first = 64 if call.tiles.extent is ROWS else call.tiles.extent
            assert -(-first // call.tiles.size) <= 16
        elif isinstance(call.kernel, LoopKernel) and not call.kernel.parallel:
            assert (call.tiles.extent, call.tiles.size) == (1, 1)


def test_scratch_is_shared_between_phases_and_entries() -> None:
    build = Builder()
    y = leaf(build, LeafRole.PARAMETER, "x", (1000,))
    for _ in range(6):
        total = build.add(Reduce(ReduceKind.SUM, (0,)), y)
        y = build.add(Map(f.multiply), build.add(Map(f.exp), y), build.add(Expand((1000,), ()), total))
    graph = build.graph({"y": y})
    program = lowered({"one": graph, "two": graph})
    scratch = [b for b in program.buffers if b.region is Region.SCRATCH and b.shape]
    assert len(scratch) >= 8
    assert program.arena_bytes < 42_000


def test_a_program_over_the_budget_is_refused_before_anything_is_allocated(
    golden: Callable[[Path, str], None],
) -> None:
    source = Source("wide.dsl", "net { x | dense(1_000_000) | relu | dense(outputs) }\n")
    graph = fuse(training_step(classifier(10**6, 10**6, 2), sgd))
    tensors = tensors_of([graph])
    first, *rest = tensors.parameters
    tensors = replace(tensors, parameters=(replace(first, span=Span(source, 10, 26)), *rest))
    with pytest.raises(ModelError) as refusal:
        lower({"train": graph}, tensors, Element.F32, 32)
    golden(Path(__file__).with_name("too_much_memory.expected"), str(refusal.value))


def test_lowering_is_a_function_of_its_arguments() -> None:
    assert whole_program() == whole_program()
