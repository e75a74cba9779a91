"""Scan: a loop over time whose states go from step to step.

    h = scan of 20 steps: state 0 <- tanh(step 1 + state 0 @ operand 2)

The body is the graph of one step. Its leaves are the scan's operands: the states, which begin with the first operands;
tensors with an axis of time before all others, of which each step has its own part; and what is the same in every
step. The value are those of one node of the body at all steps, [steps, ..]. So several results of one loop are several
nodes, which differ in `result` alone: they are differentiated together, and lowering runs them as one loop.

The gradient is a scan the other way, whose states are what the loss gains from each state of the forward scan. It
reads the forward scan's contractions and states; the maps between them are done again. What arrives at weights is
summed over all steps at once, outside of the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, Node, NodeId, Op, TensorType
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.sample import Draw, Sample, Sampler, real
from dslc.ops.steps import CHEAP, Loop, State, Steps
from dslc.ops.structure import Expand
from dslc.scalar.functions import ATOM, Formula, add, multiply, tanh
from dslc.scalar.types import ROWS, DType

Differentiate: TypeAlias = Callable[[Graph, NodeId, Sequence[NodeId]], tuple[Graph, tuple[NodeId, ...]]]
"""`dslc.autodiff.differentiate`, which a scan's gradient needs for its body."""


@dataclass(frozen=True, slots=True)
class Scan(Op):
    """Operands: the states' first values, then others, of which `stepped` says whether they have a first axis of time.

    Operand k is the body's leaf STEP k. `following` are the states' values after a step. With `reverse` the last step
    comes first; results are in the order of time either way.
    """

    body: tuple[Node, ...]
    following: tuple[NodeId, ...]
    stepped: tuple[bool, ...]
    steps: int
    reverse: bool
    result: NodeId

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        states = len(self.following)
        if len(types) != states + len(self.stepped) or self.steps < 1:
            raise TypeError(f"{len(types)} operands for {states} states and {len(self.stepped)} others")
        for node in self.body:
            if (number := self.operand(node)) is None:
                continue
            expected = types[number]
            if number >= states and self.stepped[number - states]:
                if expected.shape[:1] != (self.steps,):
                    raise TypeError(f"{expected} has no axis of {self.steps} steps")
                expected = TensorType(expected.shape[1:], expected.dtype)
            if node.type != expected:
                raise TypeError(f"{node.op.to_text()} is {node.type}, and the operand {expected}")
        for number, after in enumerate(self.following):
            if self.body[after].type != types[number]:
                raise TypeError(f"state {number} is {types[number]}, and becomes {self.body[after].type}")
        found = self.body[self.result].type
        return TensorType((self.steps, *found.shape), found.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        body, states = Graph(self.body, {}), list(values[: len(self.following)])
        found: list[Array] = []
        for step in reversed(range(self.steps)) if self.reverse else range(self.steps):
            others = values[len(self.following) :]
            given = [*states, *(x[step] if moves else x for x, moves in zip(others, self.stepped, strict=True))]
            leaves = {node.id: given[k] for node in self.body if (k := self.operand(node)) is not None}
            step_values = evaluate(body, leaves, rows, [*self.following, self.result])
            states = [step_values[after] for after in self.following]
            found.append(step_values[self.result])
        return np.stack(found[::-1] if self.reverse else found)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        raise TypeError("the results of a scan are differentiated together")

    def to_text(self) -> str:
        order = ", the last first" if self.reverse else ""
        states = ", ".join(f"%{after}" for after in self.following)
        return f"scan of {self.steps} steps{order}, states become {states or 'nothing'}, result %{self.result}, of"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        """The operands of the loop, and which of its results it is; its step is no formula."""
        return f"scan({', '.join(text for text, _ in operands)}).{self.result}", ATOM

    @property
    def inner(self) -> tuple[Node, ...]:
        return self.body

    def operand(self, node: Node) -> int | None:
        """The number of the operand that a node of the body stands for."""
        return int(node.op.name) if isinstance(node.op, Leaf) and node.op.role is LeafRole.STEP else None

    @property
    def family(self) -> Scan:
        """Equal for all results of one loop, given equal operands."""
        return replace(self, result=0)


def of_loop(loop: Loop, steps: int, reverse: bool, result: NodeId) -> Scan:
    return Scan(loop.body, loop.following, loop.stepped, steps, reverse, result)


def differentiate_scan(
    build: Builder, members: Sequence[Node], gradients: Sequence[NodeId], differentiate: Differentiate
) -> tuple[NodeId | None, ...]:
    """For each operand its gradient, given those of some results of one loop."""
    scan, operands = members[0].op, members[0].inputs
    assert isinstance(scan, Scan)
    body = Builder(Graph(scan.body, {}))
    differentiable = [k for k, after in enumerate(scan.following) if scan.body[after].type.dtype is DType.REAL]
    gains = {k: _arriving(body, f"state {k}", scan.following[k]) for k in differentiable}
    results = [_result(member) for member in members]
    arriving = {
        _arriving(body, f"result {k}", result): g for k, (result, g) in enumerate(zip(results, gradients, strict=True))
    }
    pairs = [(scan.following[k], gain) for k, gain in gains.items()]
    product = _inner_product(body, [*pairs, *zip(results, arriving, strict=True)])
    numbers = {k: node for node in scan.body if (k := scan.operand(node)) is not None}
    leaves = {k: node.id for k, node in numbers.items() if node.type.dtype is DType.REAL}
    graph, found = differentiate(body.graph({}), product, list(leaves.values()))
    by_operand = dict(zip(leaves, found, strict=True))

    forward = _Forward(build, scan, operands)
    states = [
        State(gain, filled(build, 0.0, build.type(operands[k]).shape), by_operand[k]) for k, gain in gains.items()
    ]
    steps = Steps(
        build, graph.nodes, states, scan.steps, not scan.reverse,
        lambda n: arriving.get(n) if n in arriving else forward.stack(n), forward.fixed, of_loop,
    )  # fmt: skip
    rules: list[NodeId | None] = []
    for k in range(len(operands)):
        if k not in by_operand:
            rules.append(None)
        elif k < len(scan.following):
            rules.append(steps.at(by_operand[k], steps.last))
        elif scan.stepped[k - len(scan.following)]:
            rules.append(steps.stack(by_operand[k]))
        else:
            rules.append(steps.total(by_operand[k]))
    return tuple(rules)


def _result(member: Node) -> NodeId:
    assert isinstance(member.op, Scan)
    return member.op.result


def _arriving(body: Builder, name: str, of: NodeId) -> NodeId:
    """A leaf for what the loss gains from a value."""
    return body.add(Leaf(LeafRole.STEP, name, body.type(of)))


def _inner_product(body: Builder, pairs: Sequence[tuple[NodeId, NodeId]]) -> NodeId:
    """The sum of all products: what has the values' gradients as its own."""
    total: NodeId | None = None
    for value, gain in pairs:
        product = body.add(Map(multiply), value, gain)
        axes = tuple(range(len(body.type(product).shape)))
        part = body.add(Reduce(ReduceKind.SUM, axes), product) if axes else product
        total = part if total is None else body.add(Map(add), total, part)
    assert total is not None
    return total


def _summed(scan: Scan, node: Node) -> NodeId:
    """The last of the sums that alone read the node, or the node itself."""
    while True:
        readers = [other for other in scan.body for source in other.inputs if source == node.id]
        if len(readers) != 1 or not (isinstance(readers[0].op, Map) and readers[0].op.function is add):
            return node.id
        node = readers[0]


class _Forward:
    """What the gradient knows of the forward loop: its operands, and of each step the states and what is costly.

    Of something costly to which only sums come, `x @ w + h @ u + b`, it is the sum that is kept.
    """

    def __init__(self, build: Builder, scan: Scan, operands: Sequence[NodeId]) -> None:
        self._kept = {_summed(scan, node) for node in scan.body if not isinstance(node.op, CHEAP)}
        self._build = build
        self._scan = scan
        self._operands = operands
        self._found: dict[NodeId, NodeId] = {}

    def stack(self, n: NodeId) -> NodeId | None:
        if n >= len(self._scan.body):
            return None
        node, states = self._scan.body[n], len(self._scan.following)
        number = self._scan.operand(node)
        if number is not None and number >= states:
            return self._operands[number] if self._scan.stepped[number - states] else None
        if number is None and n not in self._scan.following and n not in self._kept:
            return None
        if n not in self._found:
            self._found[n] = self._build.add(replace(self._scan, result=n), *self._operands)
        return self._found[n]

    def fixed(self, n: NodeId) -> NodeId | None:
        number = self._scan.operand(self._scan.body[n]) if n < len(self._scan.body) else None
        return self._operands[number] if number is not None else None


def _decaying(draw: Draw) -> Sample:
    """state <- tanh(state * operand 2 + step 1), and as result the state before or after the step, or the product."""
    steps, of = int(draw.choice([1, 2, 5])), (ROWS, int(draw.choice([1, 3])))
    whole = of if draw.random() < 0.5 else of[1:]
    body = Builder()
    state, step, decay = (
        body.add(Leaf(LeafRole.STEP, str(k), TensorType(shape))) for k, shape in enumerate((of, of, whole))
    )
    factor = body.add(Expand(of, (1,)), decay) if whole != of else decay
    product = body.add(Map(multiply), state, factor)
    after = body.add(Map(tanh), body.add(Map(add), product, step))
    result = (state, product, after)[int(draw.integers(3))]
    scan = Scan(tuple(body.nodes), (after,), (True, False), steps, bool(draw.random() < 0.5), result)
    return Sample(scan, (real(of), real((steps, *of)), real(whole)))


SAMPLES: tuple[Sampler, ...] = (_decaying,)
