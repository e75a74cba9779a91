"""A definition on given shapes beside a function of PyTorch on the same tensors."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dslc.autodiff import differentiate
from dslc.elaborate.definition import Elaborated, Sample, elaborate_definition
from dslc.elaborate.prelude import index
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, NodeId
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.scalar.functions import multiply
from dslc.scalar.types import ROWS, DType, Shape

STORED = Path(__file__).parents[2] / "cases" / "torch"
ROW_COUNT = 3

Peer = Callable[[Any, Mapping[str, Any]], Any]
"""(the module torch, tensors by name) -> the value. A layer's weights go by their own names: `w`, not `dense.w`."""


@dataclass(frozen=True, slots=True)
class Case:
    """`key` is kind and name. Reals are drawn from `low` to `high`, those named in `within` from their own interval.

    `variant` tells several cases of one definition apart. The value is compared as it stands, the batch first.
    """

    key: str
    peer: Peer
    shapes: Mapping[str, tuple[int, ...]]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    classes: int | None = None
    variant: str = ""
    low: float = -2.0
    high: float = 2.0
    within: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "_".join([*self.key.split(), *([self.variant] if self.variant else [])])

    @property
    def file(self) -> Path:
        return STORED / f"{self.name}.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Values by name: the tensors given, the value, and of each real tensor the gradient of sum(value * direction)."""

    value: Array
    gradients: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Question:
    """The definition's graph and a value for each of its leaves."""

    made: Elaborated
    leaves: Mapping[str, NodeId]
    values: Mapping[str, Array]
    direction: Array

    @property
    def differentiable(self) -> list[str]:
        return [name for name, leaf in self.leaves.items() if self.made.graph.type(leaf).dtype is DType.REAL]


def asked(case: Case) -> Question:
    """What both are asked: drawn by the case's name, so that it is the same for ever."""
    kind, name = case.key.split()
    definition = next(entry for (k, n), entry in index().items() if (k.value, n) == (kind, name)).parsed()
    made = elaborate_definition(definition, Sample(case.shapes, case.numbers, case.classes))
    draw = np.random.default_rng(zlib.crc32(case.name.encode()))
    leaves: dict[str, NodeId] = {}
    values: dict[str, Array] = {}
    for node in made.graph.nodes:
        if isinstance(node.op, Leaf) and node.op.role in (LeafRole.INPUT, LeafRole.TARGET, LeafRole.PARAMETER):
            own = node.op.name.rsplit(".", maxsplit=1)[-1]
            leaves[own] = node.id
            values[own] = _drawn(case, own, node.type.dtype, node.type.shape, draw)
    shape = _sized(made.graph.type(made.graph.outputs["value"]).shape)
    return Question(made, leaves, values, draw.uniform(-1, 1, shape))


def _sized(shape: Shape) -> tuple[int, ...]:
    return tuple(ROW_COUNT if extent is ROWS else extent for extent in shape)


def _drawn(case: Case, name: str, dtype: DType, shape: Shape, draw: np.random.Generator) -> Array:
    if dtype is DType.INT:
        return np.asarray(draw.integers(0, case.classes or 2, _sized(shape)))
    low, high = case.within.get(name, (case.low, case.high))
    return draw.uniform(low, high, _sized(shape))


def answered(question: Question) -> Answer:
    """By the graph's own meaning."""
    graph = question.made.graph
    build = Builder(graph)
    value, real = graph.outputs["value"], question.differentiable
    direction = build.add(Leaf(LeafRole.INPUT, "direction", graph.type(value)))
    total = build.add(Map(multiply), value, direction)
    if graph.type(value).shape:
        total = build.add(Reduce(ReduceKind.SUM, tuple(range(len(graph.type(value).shape)))), total)
    whole, gradients = differentiate(build.graph({"value": value}), total, [question.leaves[name] for name in real])
    given = {leaf: question.values[name] for name, leaf in question.leaves.items()} | {direction: question.direction}
    for node in whole.nodes:
        if isinstance(node.op, Leaf) and node.op.role is LeafRole.SETTING:
            given[node.id] = np.asarray(question.made.numbers[node.op.name])
        elif isinstance(node.op, Leaf) and node.op.role is LeafRole.CLOCK:
            assert node.op.name == "rows"
            given[node.id] = np.asarray(float(ROW_COUNT))
    found = evaluate(whole, given, ROW_COUNT, [value, *gradients])
    return Answer(found[value], {name: found[g] for name, g in zip(real, gradients, strict=True)})


def answered_by_peer(case: Case, question: Question) -> Answer:
    """By PyTorch."""
    import torch

    real = question.differentiable
    tensors = {
        name: torch.tensor(value, dtype=torch.float64 if name in real else torch.int64, requires_grad=name in real)
        for name, value in question.values.items()
    }
    value = case.peer(torch, tensors)
    assert tuple(value.shape) == question.direction.shape, (case.name, tuple(value.shape), question.direction.shape)
    (value * torch.tensor(question.direction)).sum().backward()
    gradients = {name: tensors[name].grad for name in real}
    zeros = {name: np.zeros_like(question.values[name]) for name in real}
    return Answer(
        value.detach().numpy(), {n: zeros[n] if g is None else g.detach().numpy() for n, g in gradients.items()}
    )


def store(case: Case, answer: Answer) -> None:
    content = {"value": answer.value.tolist(), "gradients": {n: g.tolist() for n, g in answer.gradients.items()}}
    case.file.write_text(json.dumps(content) + "\n", "utf-8")


def stored(case: Case) -> Answer:
    content = json.loads(case.file.read_text("utf-8"))
    gradients = {name: np.asarray(g, np.float64) for name, g in content["gradients"].items()}
    return Answer(np.asarray(content["value"], np.float64), gradients)
