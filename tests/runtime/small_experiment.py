"""A least-squares experiment built by hand: y = x w + b on rows of three numbers, trained by Adam."""

from __future__ import annotations

from functools import cache

import numpy as np
from dslc.backends.reference.backend import ReferenceBackend
from small_models import adam, dense, leaf, lowered, training_step

from dslc.autodiff import differentiate
from dslc.data.schema import Schema
from dslc.elaborate.experiment import Experiment, Loop, Metric, Setting, Tensor
from dslc.graph.graph import Builder, Graph, NodeId
from dslc.ops.leaf import Constant, Leaf, LeafRole
from dslc.ops.map import Map, filled
from dslc.ops.random import Distribution, Random
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Reshape
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.program.program import Element, Program
from dslc.runtime.rows import Rows
from dslc.runtime.session import Session
from dslc.scalar import functions as f
from dslc.scalar.random import stream
from dslc.scalar.types import ROWS, DType
from dslc.source import BUILT_IN, Source, Span

CAPACITY = 8
LOSS = Span(Source("line.dsl", "net { inputs | dense(1) }\nloss squared_error\n"), 26, 44)
LOOP = Loop(batch=8, epochs=3, seed=4, shuffle=True, health=True, stop=None, keep=None, time_limit=None)


def _errors(build: Builder) -> tuple[NodeId, NodeId]:
    """Prediction [rows] and its error [rows]."""
    product = dense(build, leaf(build, LeafRole.INPUT, "x", (ROWS, 3)), "line", 1)
    prediction = build.add(Reshape((ROWS,)), product)
    return prediction, build.add(Map(f.subtract), prediction, leaf(build, LeafRole.TARGET, "y", (ROWS,)))


def _sum(build: Builder, values: NodeId) -> NodeId:
    weight = leaf(build, LeafRole.EXAMPLE_WEIGHT, "", (ROWS,))
    return build.add(Reduce(ReduceKind.SUM, (0,)), build.add(Map(f.multiply), weight, values))


def _sums(build: Builder, absolute: bool) -> dict[str, NodeId]:
    error = _errors(build)[1]
    weight = build.add(Reduce(ReduceKind.SUM, (0,)), leaf(build, LeafRole.EXAMPLE_WEIGHT, "", (ROWS,)))
    sums = {"sums.weight": weight, "sums.loss": _sum(build, build.add(Map(f.multiply), error, error))}
    return sums | ({"sums.1": _sum(build, build.add(Map(f.absolute), error))} if absolute else {})


def forward() -> Graph:
    build = Builder()
    sums = _sums(build, False)
    objective = build.add(Map(f.divide), sums["sums.loss"], leaf(build, LeafRole.CLOCK, "rows"))
    return build.graph({"objective": objective, **sums})


def gradients() -> Graph:
    graph = apply(forward(), BEFORE_DIFFERENTIATION)
    leaves = {
        node.op.name: node.id
        for node in graph.nodes
        if isinstance(node.op, Leaf) and node.op.role is LeafRole.PARAMETER
    }
    graph, found = differentiate(graph, graph.outputs["objective"], list(leaves.values()))
    named = {f"gradient.{name}": g for name, g in zip(leaves, found, strict=True)}
    return apply(Graph(graph.nodes, {"objective": graph.outputs["objective"], **named}), AFTER_DIFFERENTIATION)


def finish() -> Graph:
    build = Builder()
    weight, loss, absolute = (leaf(build, LeafRole.TOTAL, name) for name in ("weight", "loss", "1"))
    return build.graph({
        "loss": build.add(Map(f.divide), loss, weight),
        "mae": build.add(Map(f.divide), absolute, weight),
    })  # fmt: skip


def evaluate() -> Graph:
    build = Builder()
    return build.graph(_sums(build, True))


def predict() -> Graph:
    build = Builder()
    prediction = _errors(build)[0]
    return build.graph({"prediction": prediction})


@cache
def program(real: Element = Element.F64) -> Program:
    graphs = {
        "train": training_step(forward(), adam),
        "evaluate": apply(evaluate(), AFTER_DIFFERENTIATION),
        "predict": apply(predict(), AFTER_DIFFERENTIATION),
        "finish": finish(),
        "gradients": gradients(),
    }
    return lowered(graphs, real, CAPACITY)


def _initial(name: str, shape: tuple[int, ...]) -> Graph:
    build = Builder()
    seed = leaf(build, LeafRole.CLOCK, "seed", (), DType.INT)
    draw = Random(Distribution.UNIFORM, stream(name), shape)
    return build.graph({"value": build.add(draw, seed, build.add(Constant(0, DType.INT)))})


def _zeros(shape: tuple[int, ...]) -> Graph:
    build = Builder()
    return build.graph({"value": filled(build, 0.0, shape)})


def experiment(loop: Loop = LOOP) -> Experiment:
    nothing = Graph((), {})
    shapes = {"line.w": (3, 1), "line.b": (1,)}
    return Experiment(
        name="line",
        schema=Schema((), (), BUILT_IN),
        settings=(Setting("rate", 0.05, False, "file", BUILT_IN),),
        parameters=tuple(Tensor(name, shape, _initial(name, shape), BUILT_IN) for name, shape in shapes.items()),
        states=tuple(
            Tensor(f"{kind}.{name}", shape, _zeros(shape), BUILT_IN) for kind in "mv" for name, shape in shapes.items()
        ),
        metrics=(Metric("mae", False, BUILT_IN),),
        loop=loop,
        forward=nothing,
        updates=nothing,
        evaluate=nothing,
        finish=nothing,
        predict=nothing,
        whole=nothing,
        loss_span=LOSS,
    )


def data(count: int = 30, seed: int = 1) -> Rows:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, 3))
    return Rows({"x": x}, {"y": x @ np.array([1.0, -2.0, 0.5]) + 0.25})


def session(loop: Loop | None = None, real: Element = Element.F64) -> Session:
    compiled = program(real)
    return Session(compiled, ReferenceBackend().compile(compiled), experiment(loop or LOOP))
