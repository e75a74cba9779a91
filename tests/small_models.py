"""Training steps of small nets as graphs, built by hand: what fusion, lowering and the program's views are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dslc.autodiff import differentiate
from dslc.graph.graph import Array, Builder, Graph, NodeId, Origin, Role, TensorType
from dslc.lowering.lower import lower
from dslc.ops.contract import matmul
from dslc.ops.gather import Gather
from dslc.ops.leaf import Constant, Leaf, LeafRole
from dslc.ops.map import Map, Value, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.passes.fuse import fuse
from dslc.passes.panels import in_panels
from dslc.program.arena import view
from dslc.program.program import Element, Program, Region
from dslc.program.verify import verify
from dslc.scalar import functions as f
from dslc.scalar.panels import to_panels
from dslc.scalar.types import ROWS, DType, Shape
from dslc.source import BUILT_IN, Span

Optimizer = Callable[[Builder, str, NodeId, NodeId], dict[str, NodeId]]
"""(build, parameter's name, parameter, gradient) -> outputs."""


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    span: Span = BUILT_IN


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    shape: tuple[int, ...]
    span: Span = BUILT_IN


@dataclass(frozen=True, slots=True)
class Tensors:
    """What lowering needs to know of an experiment."""

    name: str
    settings: tuple[Name, ...]
    parameters: tuple[Tensor, ...]
    states: tuple[Tensor, ...]


def tensors_of(graphs: Sequence[Graph], name: str = "small") -> Tensors:
    """The settings, parameters and states that some graph reads, in the order of first use."""
    leaves = {
        (node.op.role, node.op.name): node.op for graph in graphs for node in graph.nodes if isinstance(node.op, Leaf)
    }

    def shaped(role: LeafRole) -> tuple[Tensor, ...]:
        return tuple(
            Tensor(leaf.name, tuple(e for e in leaf.type.shape if e is not ROWS))
            for (r, _), leaf in leaves.items()
            if r is role
        )

    settings = tuple(Name(name) for role, name in leaves if role is LeafRole.SETTING)
    return Tensors(name, settings, shaped(LeafRole.PARAMETER), shaped(LeafRole.STATE))


def lowered(
    graphs: Mapping[str, Graph],
    real: Element = Element.F64,
    capacity: int = 8,
    panels: frozenset[str] = frozenset(),
) -> Program:
    """The verified program of graphs that are fused here, with these parameters in panels."""
    fused = {name: in_panels(fuse(graph), panels) for name, graph in graphs.items()}
    return verify(lower(fused, tensors_of(list(graphs.values())), real, capacity))


def leaf(build: Builder, role: LeafRole, name: str, shape: Shape = (), dtype: DType = DType.REAL) -> NodeId:
    return build.add(Leaf(role, name, TensorType(shape, dtype)))


def dense(build: Builder, x: NodeId, name: str, units: int) -> NodeId:
    fan_in = build.type(x).shape[-1]
    build.origin = Origin(path=name)
    w = leaf(build, LeafRole.PARAMETER, f"{name}.w", (fan_in, units))
    b = leaf(build, LeafRole.PARAMETER, f"{name}.b", (units,))
    product = build.add(matmul((ROWS, fan_in), (fan_in, units)), x, w)
    return build.add(Map(f.add), product, build.add(Expand((ROWS, units), (1,)), b))


def relu(build: Builder, x: NodeId) -> NodeId:
    return build.add(Map(f.maximum), x, filled(build, 0.0, build.type(x).shape))


def cross_entropy(build: Builder, logits: NodeId) -> NodeId:
    """[rows]: logsumexp(logits) - logits[target]."""
    build.origin = Origin(path="loss")
    target = leaf(build, LeafRole.TARGET, "y", (ROWS,), DType.INT)
    total = build.add(Reduce(ReduceKind.SUM, (1,)), build.add(Map(f.exp), logits))
    return build.add(Map(f.subtract), build.add(Map(f.log), total), build.add(Gather(1), logits, target))


def classifier(*sizes: int) -> Graph:
    """Dense layers with relu between them; outputs objective, sums.weight, sums.loss."""
    build = Builder()
    x = leaf(build, LeafRole.INPUT, "x", (ROWS, sizes[0]))
    for number, units in enumerate(sizes[1:], 1):
        x = dense(build, relu(build, x) if number > 1 else x, f"layer{number}", units)
    loss = cross_entropy(build, x)
    weight = leaf(build, LeafRole.EXAMPLE_WEIGHT, "", (ROWS,))
    total = build.add(Reduce(ReduceKind.SUM, (0,)), build.add(Map(f.multiply), weight, loss))
    weights = build.add(Reduce(ReduceKind.SUM, (0,)), weight)
    mean = build.add(Map(f.divide), total, leaf(build, LeafRole.CLOCK, "rows"))
    return build.graph({"objective": mean, "sums.weight": weights, "sums.loss": total})


def training_step(forward: Graph, optimizer: Optimizer) -> Graph:
    """Forward, backward and updates as one graph, after the passes but before fusion."""
    forward = apply(forward, BEFORE_DIFFERENTIATION)
    parameters = {
        node.op.name: node.id
        for node in forward.nodes
        if isinstance(node.op, Leaf) and node.op.role is LeafRole.PARAMETER
    }
    graph, gradients = differentiate(forward, forward.outputs["objective"], list(parameters.values()))
    build = Builder(graph)
    outputs = dict(graph.outputs)
    for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
        build.origin = Origin(path=name, role=Role.UPDATE)
        outputs |= optimizer(build, name, parameter, gradient)
    return apply(build.graph(outputs), AFTER_DIFFERENTIATION)


def sgd(build: Builder, name: str, parameter: NodeId, gradient: NodeId) -> dict[str, NodeId]:
    rate = build.add(Expand(build.type(parameter).shape, ()), leaf(build, LeafRole.SETTING, "rate"))
    moved = Value(build, parameter) - Value(build, rate) * Value(build, gradient)
    return {f"update.{name}": _node(moved)}


def adam(build: Builder, name: str, parameter: NodeId, gradient: NodeId) -> dict[str, NodeId]:
    """Kingma & Ba 2015, algorithm 1."""
    shape = build.type(parameter).shape
    rate, step = leaf(build, LeafRole.SETTING, "rate"), leaf(build, LeafRole.CLOCK, "iteration")

    def spread(scalar: f.Term) -> Value:
        return Value(build, build.add(Expand(shape, ()), _node(scalar)))

    def constant(value: float) -> Value:
        return Value(build, build.add(Constant(value, DType.REAL)))

    w, g = Value(build, parameter), Value(build, gradient)
    m = 0.9 * Value(build, leaf(build, LeafRole.STATE, f"m.{name}", shape)) + 0.1 * g
    v = 0.999 * Value(build, leaf(build, LeafRole.STATE, f"v.{name}", shape)) + 0.001 * (g * g)
    unbiased = m / spread(1.0 - constant(0.9) ** Value(build, step))
    spread_of = f.sqrt(v / spread(1.0 - constant(0.999) ** Value(build, step)))
    moved = w - spread(Value(build, rate)) * unbiased / (spread_of + 1e-8)
    return {f"update.{name}": _node(moved), f"update.m.{name}": _node(m), f"update.v.{name}": _node(v)}


def _node(term: f.Term) -> NodeId:
    if not isinstance(term, Value):
        raise TypeError("a term that is no value of this graph")
    return term.node


# --- running a program by name ------------------------------------------------------------------------


def written(program: Program, arena: Array, region: Region, values: Mapping[str, Array]) -> None:
    """Puts values into the region's buffers, by name, and in panels where a buffer of a matrix has three axes."""
    for buffer in program.buffers:
        if buffer.region is region and buffer.name in values:
            value = values[buffer.name]
            view(arena, buffer)[...] = to_panels(value) if len(buffer.shape) > np.ndim(value) else value


def region_of(program: Program, arena: Array, region: Region) -> dict[str, Array]:
    """Copies of the region's buffers by name."""
    return {b.name: view(arena, b).copy() for b in program.buffers if b.region is region}


def new_arena(program: Program) -> Array:
    """All bits set: NaN as a real, so that what is read before it is written shows."""
    return np.full(program.arena_bytes, 0xFF, np.uint8)
