"""From the graph of one step to the values of all steps: what a loop over time must do, and what need not be in it.

A node of one step's graph has a `stack`: its values at all steps, [steps, ..]. Where no state is needed for it, that is
the same operation on stacks, done once and as large as possible: a product of inputs and weights, or what is read off
the states. Only what leads from the states to the next states is a loop. Cheap maps of what is known are done in the
loop, since to store and to load them costs more; contractions, gathers and reductions are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dslc.graph.graph import Builder, Node, NodeId, Op, TensorType
from dslc.ops.contract import Contract
from dslc.ops.declared import DeclaredGradient
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import Constant, Iota, Leaf, LeafRole
from dslc.ops.map import Map
from dslc.ops.random import Random
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Concat, Expand, Pad, Reshape, Slice, Transpose, whole_slice
from dslc.scalar.functions import add
from dslc.scalar.types import ROWS

VIEWS = (Expand, Reshape, Transpose, Slice, Constant, Iota)
CHEAP = (Map, StopGradient, DeclaredGradient, Pad, Concat, *VIEWS)
"""What a loop does again rather than load it."""


@dataclass(frozen=True, slots=True)
class State:
    """A leaf of the step's graph, its first value outside, and its value after the step."""

    leaf: NodeId
    initial: NodeId
    following: NodeId


@dataclass(frozen=True, slots=True)
class Loop:
    """A scan's body, the node in it of each node of the step's graph, and the scan's operands outside."""

    body: tuple[Node, ...]
    where: Mapping[NodeId, NodeId]
    following: tuple[NodeId, ...]
    stepped: tuple[bool, ...]
    operands: tuple[NodeId, ...]
    stored: frozenset[NodeId]
    """Of the step's graph what contractions in the loop read."""


Given: TypeAlias = Callable[[NodeId], NodeId | None]

MakeScan: TypeAlias = Callable[[Loop, int, bool, NodeId], Op]
"""The scan of a loop over so many steps, in reverse or not, whose result is a node of the body."""


class Steps:
    """The stacks of a step's graph, made in `build`.

    `stacks(n)` and `fixed(n)` are the nodes of `build` that are a node's values at all steps, or its value at every
    step, where they are known; of what depends on neither a stack nor a state, `fixed` knows the leaves. A random
    node from `start` on is drawn anew in every step.
    """

    def __init__(
        self,
        build: Builder,
        nodes: Sequence[Node],
        states: Sequence[State],
        steps: int,
        reverse: bool,
        stacks: Given,
        fixed: Given,
        scan: MakeScan,
        start: NodeId = 0,
    ) -> None:
        self.build = build
        self._nodes = tuple(nodes)
        self._states = states
        self._steps = steps
        self._reverse = reverse
        self._known = stacks
        self._fixed = fixed
        self._scan = scan
        self._stacks: dict[NodeId, NodeId] = {}
        self._outside: dict[NodeId, NodeId] = {}
        self._loop: Loop | None = None
        self._carried, self._varying = self._dependent(start)

    def _dependent(self, start: NodeId) -> tuple[set[NodeId], set[NodeId]]:
        """The nodes that depend on a state, and those that depend on the step at all."""
        carried = {state.leaf for state in self._states}
        varying = set(carried)
        for node in self._nodes[start:]:
            if node.id in carried:
                continue
            if self._known(node.id) is not None:
                varying.add(node.id)
                continue
            if isinstance(node.op, Random) or not varying.isdisjoint(node.inputs):
                varying.add(node.id)
            if not carried.isdisjoint(node.inputs):
                carried.add(node.id)
        return carried, varying

    # --- stacks -----------------------------------------------------------------------------------

    def stack(self, n: NodeId) -> NodeId:
        """The node's values at all steps, [steps, ..]."""
        if n not in self._stacks:
            self.build.origin = self._nodes[n].origin
            self._stacks[n] = self._stacked(n)
        return self._stacks[n]

    def _stacked(self, n: NodeId) -> NodeId:
        known = self._known(n)
        if known is not None:
            return known
        if _placeholder(self._nodes[n].op):
            return self._over_steps(self._nodes[n])
        if n not in self._varying:
            shape = self._nodes[n].type.shape
            axes = tuple(range(1, len(shape) + 1))
            return self.build.add(Expand((self._steps, *shape), axes), self.outside(n))
        if n in self._carried and self._in_loop(n):
            return self.result(n)
        return self._over_steps(self._nodes[n])

    def _in_loop(self, n: NodeId) -> bool:
        """Does the loop have the value anyway, and is it worth keeping? What a contraction reads is stored as it is."""
        if any(n in (state.leaf, state.following) for state in self._states):
            return True
        return n in self.loop.where and (not isinstance(self._nodes[n].op, CHEAP) or n in self.loop.stored)

    def _over_steps(self, node: Node) -> NodeId:
        """The node's operation over all steps at once."""
        match node.op:
            case Random(shape=shape) as op:
                inner = shape[1:] if shape[:1] == (ROWS,) else shape
                rows = shape[: len(shape) - len(inner)]
                whole = Random(op.distribution, op.stream, (*rows, self._steps, *inner))
                drawn = self.build.add(whole, *map(self.outside, node.inputs))
                return self._exchanged(drawn) if rows else drawn
            case Reshape(shape=shape) if ROWS in shape:
                turned = self._exchanged(self.stack(node.inputs[0]))
                return self._exchanged(self.build.add(Reshape((ROWS, self._steps, *shape[1:])), turned))
            case Reshape(shape=shape):
                return self.build.add(Reshape((self._steps, *shape)), self.stack(node.inputs[0]))
            case Leaf() as op:
                return self.build.add(Leaf(op.role, op.name, TensorType((self._steps, *op.type.shape), op.type.dtype)))
            case op:
                which = [i in self._varying for i in node.inputs]
                whole_op = op.stacked(self._steps, which)
                if whole_op is None:
                    which = [True] * len(which)
                    whole_op = op.stacked(self._steps, which)
                assert whole_op is not None
                return self.build.add(whole_op, *self._operands(node.inputs, which))

    def _operands(self, inputs: Sequence[NodeId], which: Sequence[bool]) -> list[NodeId]:
        return [self.stack(i) if stacks else self.outside(i) for i, stacks in zip(inputs, which, strict=True)]

    def _exchanged(self, n: NodeId) -> NodeId:
        """[rows, steps, ..] as [steps, rows, ..], or the other way round."""
        return self.build.add(Transpose((1, 0, *range(2, len(self.build.type(n).shape)))), n)

    def at(self, n: NodeId, step: int) -> NodeId:
        """The node's value at one step."""
        whole = self.stack(n)
        shape = self.build.type(whole).shape
        part = self.build.add(whole_slice(shape, 0, step, step + 1), whole)
        return self.build.add(Reshape(shape[1:]), part) if ROWS not in shape else self._without_first(part)

    def _without_first(self, n: NodeId) -> NodeId:
        """[1, rows, ..] as [rows, ..]."""
        shape = self.build.type(n).shape
        return self.build.add(Reshape((ROWS, *shape[2:])), self._exchanged(n))

    @property
    def last(self) -> int:
        """The step that is done last."""
        return 0 if self._reverse else self._steps - 1

    def total(self, n: NodeId) -> NodeId:
        """The sum over all steps, of contractions and scatters without their stacks."""
        node = self._nodes[n]
        self.build.origin = node.origin
        if n in self._varying and n not in self._stacks and self._known(n) is None:
            match node.op:
                case Map(function) if function is add:
                    return self.build.add(node.op, *map(self.total, node.inputs))
                case Contract() as op:
                    which = [i in self._varying for i in node.inputs]
                    return self.build.add(op.over_steps(self._steps, which), *self._operands(node.inputs, which))
                case Reduce(kind=ReduceKind.SUM, axes=axes):
                    whole = Reduce(ReduceKind.SUM, (0, *(axis + 1 for axis in axes)))
                    return self.build.add(whole, self.stack(node.inputs[0]))
                case ScatterAdd(shared=0):
                    return self.build.add(node.op, *map(self.stack, node.inputs))
                case _:
                    pass
        return self.build.add(Reduce(ReduceKind.SUM, (0,)), self.stack(n))

    def outside(self, n: NodeId) -> NodeId:
        """What is the same at every step, as a node of `build`."""
        if n not in self._outside:
            known = self._fixed(n)
            if known is None:
                node = self._nodes[n]
                inputs = [self.outside(i) for i in node.inputs]
                self.build.origin = node.origin
                known = self.build.add(node.op, *inputs)
            self._outside[n] = known
        return self._outside[n]

    # --- the loop ---------------------------------------------------------------------------------

    def result(self, n: NodeId) -> NodeId:
        """The stack of what the loop computes."""
        loop = self.loop
        self.build.origin = self._nodes[n].origin
        return self.build.add(self._scan(loop, self._steps, self._reverse, loop.where[n]), *loop.operands)

    @property
    def loop(self) -> Loop:
        if self._loop is None:
            self._loop = self._made()
        return self._loop

    def _made(self) -> Loop:
        inner, given = self._closure()
        operands = [state.initial for state in self._states]
        stepped: list[bool] = []
        body = Builder()
        where: dict[NodeId, NodeId] = {}
        for number, state in enumerate(self._states):
            where[state.leaf] = _leaf(body, self._nodes[state.leaf], number)
        for n in sorted(given):
            where[n] = _leaf(body, self._nodes[n], len(operands))
            stepped.append(n in self._varying)
            operands.append(self.stack(n) if n in self._varying else self.outside(n))
        for n in sorted(inner):
            node = self._nodes[n]
            body.origin = node.origin
            where[n] = body.add(node.op, *(where[i] for i in node.inputs))
        following = tuple(where[state.following] for state in self._states)
        stored = frozenset(i for n in inner if isinstance(self._nodes[n].op, Contract) for i in self._nodes[n].inputs)
        return Loop(tuple(body.nodes), where, following, tuple(stepped), tuple(operands), stored)

    def _closure(self) -> tuple[set[NodeId], set[NodeId]]:
        """The nodes that the loop computes, and those that it is given."""
        inner: set[NodeId] = set()
        given: set[NodeId] = set()
        leaves = {state.leaf for state in self._states}
        pending = [state.following for state in self._states]
        while pending:
            n = pending.pop()
            if n in inner or n in given or n in leaves:
                continue
            if self._is_given(n):
                given.add(n)
            else:
                inner.add(n)
                pending += self._nodes[n].inputs
        return inner, given

    def _is_given(self, n: NodeId) -> bool:
        op = self._nodes[n].op
        if n not in self._varying:
            return not (isinstance(op, VIEWS) or _placeholder(op))
        return n not in self._carried and (self._known(n) is not None or not isinstance(op, CHEAP))


def _placeholder(op: Op) -> bool:
    """What stands for the gradient that arrives at a declared one."""
    return isinstance(op, Leaf) and op.role is LeafRole.GRADIENT


def _leaf(body: Builder, of: Node, number: int) -> NodeId:
    body.origin = of.origin
    return body.add(Leaf(LeafRole.STEP, str(number), of.type))
