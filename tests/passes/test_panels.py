"""Weights in panels: the same outputs from the same weights in another order, and what is kept with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from small_models import Optimizer, adam, classifier, leaf, sgd, training_step

from dslc.autodiff import differentiate
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, NodeId
from dslc.graph.verify import verify
from dslc.ops.contract import Contract, contraction, matmul
from dslc.ops.gather import Gather
from dslc.ops.leaf import UPDATE, Iota, Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.map import Map
from dslc.ops.reduce import Argmax, Reduce, ReduceKind
from dslc.ops.structure import Expand, Slice, Transpose
from dslc.passes import AFTER_DIFFERENTIATION, apply
from dslc.passes import panels as under_test
from dslc.passes.fuse import fuse
from dslc.passes.panels import in_panels, worth_panels
from dslc.scalar import functions as f
from dslc.scalar.panels import PANEL, from_panels, shape_in_panels, to_panels
from dslc.scalar.types import ROWS, DType

N = 2 * PANEL
ROW_COUNT = 3


@pytest.fixture(autouse=True)
def small_weights_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "LARGE", 1)


def values_of(graph: Graph) -> dict[str, Array]:
    """Leaves by key, of their own shapes."""
    draw = np.random.default_rng(7)
    found: dict[str, Array] = {}
    for node in graph.nodes:
        if isinstance(node.op, Leaf):
            shape = [ROW_COUNT if extent is ROWS else extent for extent in node.type.shape]
            whole = node.type.dtype is DType.INT
            found[str(node.op.key)] = draw.integers(0, 2, shape) if whole else draw.uniform(0.1, 1.0, shape)
    return found


def outputs_of(graph: Graph, values: Mapping[str, Array]) -> dict[str, Array]:
    """A leaf takes its value in the order that its shape asks for; updates of such leaves come in the usual order."""
    given: dict[NodeId, Array] = {}
    updates: set[str] = set()
    for node in graph.nodes:
        if isinstance(node.op, Leaf):
            value = values[str(node.op.key)]
            panels = len(node.type.shape) == 3
            given[node.id] = to_panels(value) if panels else value
            updates |= {UPDATE + node.op.name} if panels else set()
    found = evaluate(graph, given, ROW_COUNT, list(graph.outputs.values()))
    return {name: from_panels(found[k]) if name in updates else found[k] for name, k in graph.outputs.items()}


def rearranged(graph: Graph, *names: str) -> Graph:
    """The fused graph with these parameters in panels, which gives the same outputs."""
    fused = fuse(apply(graph, AFTER_DIFFERENTIATION))
    after = verify(in_panels(fused, frozenset(names)))
    values = values_of(fused)
    expected, found = outputs_of(fused, values), outputs_of(after, values)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-12, err_msg=name)
    return after


def leaves_in_panels(graph: Graph) -> set[str]:
    return {n.op.name for n in graph.nodes if isinstance(n.op, Leaf) and len(n.type.shape) == 3}


def copies(graph: Graph) -> list[Loop]:
    """Loops that only move a tensor."""
    return [n.op for n in graph.nodes if isinstance(n.op, Loop) and len(n.op.body) == 1 and n.op.combine is None]


@pytest.mark.parametrize("optimizer", [sgd, adam])
def test_a_training_step_keeps_all_that_goes_along(optimizer: Optimizer) -> None:
    step = training_step(classifier(5, N, 2 * N, 3), optimizer)
    after = rearranged(step, "layer1.w", "layer2.w")
    states = {f"{state}.{name}" for state in "mv" for name in ("layer1.w", "layer2.w")} if optimizer is adam else set()
    assert leaves_in_panels(after) == {"layer1.w", "layer2.w"} | states
    assert not copies(after)
    for name in ("layer1.w", "layer2.w"):
        assert after.type(after.outputs[UPDATE + name]).shape[2:] == (PANEL,)


def test_of_what_is_large_matrices_of_products_are_worth_it() -> None:
    assert worth_panels(classifier(5, N, PANEL, 48, 2 * N, 10)) == {"layer1.w", "layer4.w"}
    assert worth_panels(_tied().graph({"y": 5})) == frozenset()


def _tied() -> Builder:
    """x w transposed."""
    build = Builder()
    x, w = leaf(build, LeafRole.INPUT, "x", (ROWS, N)), leaf(build, LeafRole.PARAMETER, "w", (5, N))
    turned = build.add(Transpose((1, 0)), w)
    product = build.add(matmul((ROWS, N), (N, 5)), x, turned)
    summed = build.add(Reduce(ReduceKind.SUM, (1,)), product)
    build.add(Map(f.exp), summed)
    return build


def _weight(build: Builder) -> NodeId:
    return leaf(build, LeafRole.PARAMETER, "w", (6, N))


def _product(build: Builder, w: NodeId) -> NodeId:
    return build.add(matmul((ROWS, 6), (6, N)), leaf(build, LeafRole.INPUT, "x", (ROWS, 6)), w)


def _sum_of_squares(build: Builder, w: NodeId) -> NodeId:
    return build.add(Reduce(ReduceKind.SUM, (0, 1)), build.add(Map(f.multiply), w, w))


def _largest_of_rows(build: Builder, w: NodeId) -> NodeId:
    return build.add(Reduce(ReduceKind.MAX, (1,)), build.add(Map(f.absolute), w))


def _sums_of_columns(build: Builder, w: NodeId) -> NodeId:
    return build.add(Reduce(ReduceKind.SUM, (0,)), w)


def _where_the_largest_is(build: Builder, w: NodeId) -> NodeId:
    return build.add(Argmax(1), w)


def _largest_row(build: Builder, w: NodeId) -> NodeId:
    return build.add(Argmax(0), w)


def _scaled_by_column(build: Builder, w: NodeId) -> NodeId:
    scale = leaf(build, LeafRole.PARAMETER, "scale", (N,))
    return build.add(Map(f.multiply), w, build.add(Expand((6, N), (1,)), scale))


def _by_its_index(build: Builder, w: NodeId) -> NodeId:
    index = build.add(Map(f.real), build.add(Expand((6, N), (1,)), build.add(Iota(N))))
    return build.add(Map(f.multiply), w, index)


def _turned(build: Builder, w: NodeId) -> NodeId:
    return build.add(Map(f.exp), build.add(Transpose((1, 0)), w))


def _with_its_turned_self(build: Builder, w: NodeId) -> NodeId:
    """[6, 6]: one loop over the columns of both."""
    return build.add(matmul((6, N), (N, 6)), w, build.add(Transpose((1, 0)), w))


def _beside_another_order(build: Builder, w: NodeId) -> NodeId:
    """Two loops over columns in one nest."""
    product = contraction(((0, 1), (2, 3), (0, 2)), (1, 3), (6, N, 6, N))
    return build.add(product, w, w, leaf(build, LeafRole.PARAMETER, "between", (6, 6)))


def _rows_by_number(build: Builder, w: NodeId) -> NodeId:
    """An embedding."""
    return build.add(Gather(1), w, leaf(build, LeafRole.TARGET, "index", (6,), DType.INT))


def _a_part(build: Builder, w: NodeId) -> NodeId:
    return build.add(Map(f.exp), build.add(Slice((1, 3), (4, 40), (1, 1)), w))


def _part_of_a_product(build: Builder, w: NodeId) -> NodeId:
    """A loop over half of the columns."""
    part = Contract((ROWS, PANEL, 6), contraction(((0, 2), (2, 1)), (0, 1), (ROWS, PANEL, 6)).operands,
                    contraction(((0, 2), (2, 1)), (0, 1), (ROWS, PANEL, 6)).out, (ROWS, PANEL))  # fmt: skip
    return build.add(part, leaf(build, LeafRole.INPUT, "x2", (ROWS, 6)), w)


def _itself(build: Builder, w: NodeId) -> NodeId:
    return w


READERS: tuple[Callable[[Builder, NodeId], NodeId], ...] = (
    _sum_of_squares, _largest_of_rows, _sums_of_columns, _where_the_largest_is, _largest_row, _scaled_by_column,
    _by_its_index, _turned, _with_its_turned_self, _beside_another_order, _rows_by_number, _a_part,
    _part_of_a_product, _itself,
)  # fmt: skip


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.strip("_"))
def test_whatever_reads_it(reader: Callable[[Builder, NodeId], NodeId]) -> None:
    build = Builder()
    w = _weight(build)
    product = _product(build, w)
    after = rearranged(build.graph({"product": product, "read": reader(build, w)}), "w")
    assert leaves_in_panels(after) == {"w"}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.strip("_"))
def test_whatever_reads_it_as_part_of_its_gradient(reader: Callable[[Builder, NodeId], NodeId]) -> None:
    """The gradient is an output in the usual order, and goes into an update."""
    build = Builder()
    w = _weight(build)
    read = reader(build, w)
    if build.type(read).dtype is not DType.REAL:
        return
    terms = [build.add(Map(f.exp), x) for x in (_product(build, w), read)]
    sums = [build.add(Reduce(ReduceKind.SUM, tuple(range(len(build.type(x).shape)))), x) for x in terms]
    total = build.add(Map(f.add), *sums)
    graph, (gradient,) = differentiate(build.graph({"objective": total}), total, [w])
    build = Builder(graph)
    outputs = {**graph.outputs, "gradient.w": gradient, **adam(build, "w", w, gradient)}
    after = rearranged(build.graph(outputs), "w")
    assert leaves_in_panels(after) == {"w", "m.w", "v.w"}
    assert after.type(after.outputs["gradient.w"]).shape == (6, N)


def test_sums_read_panels_one_after_another() -> None:
    build = Builder()
    w = _weight(build)
    after = rearranged(build.graph({"y": _sum_of_squares(build, w)}), "w")
    (loop,) = (n.op for n in after.nodes if isinstance(n.op, Loop))
    assert loop.extents == shape_in_panels((6, N))


def test_a_graph_without_such_parameters_stays_as_it_is() -> None:
    graph = fuse(classifier(5, 4, 3))
    assert in_panels(graph, frozenset({"elsewhere"})) is graph
