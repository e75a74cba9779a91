"""`scan x, valid over time { .. }`: what is done in every step, with states that go from step to step.

Each name stands for its part of the step. A state begins with its value for each example, `h <- ..` is its value from
there on, and the last expression is the step's result; all steps' results are the scan's value, or with `final h` the
state after the last step. Where a condition among the names is false, states stay what they are.

The body is elaborated once, on leaves that stand for one step; `Steps` makes loops and stacks of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from dslc.diagnostics import NotYet
from dslc.elaborate import batching, static
from dslc.elaborate.arithmetic import as_tensor, operand
from dslc.elaborate.errors import Cascade, Fault, Misplaced, NoStepAxis, NoUpdate, NoValue, TooLarge, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.memory import Memory
from dslc.elaborate.numbers import Number
from dslc.elaborate.scope import Scope
from dslc.elaborate.values import Poison, Tensor, Value, kind_of, shape_of
from dslc.graph.graph import NodeId, TensorType
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.scan import of_loop
from dslc.ops.steps import Steps
from dslc.ops.structure import Transpose
from dslc.scalar import functions
from dslc.scalar.types import ROWS, DType
from dslc.syntax import ast


def open_scan(frame: Frame, scan: ast.Scan) -> tuple[Frame, Mapping[NodeId, NodeId], NodeId]:
    """The frame of the body, the stack of each name's leaf, and the first node of the body. Raises Fault."""
    if frame.memory is not None:
        raise Fault(NotYet(frame.here(scan.span), "a scan within a step of another"))
    given = [(name, _input(frame, name)) for name in scan.inputs]
    steps = _steps(frame, scan, given)
    frame.locate(scan.span)
    turned = [(name, t, _steps_first(batching.spread(t, t.shape, True))) for name, t in given]
    memory, scope, stacks = Memory(steps), Scope(frame.scope), dict[NodeId, NodeId]()
    start = len(frame.draft.builder.nodes)
    for name, t, whole in turned:
        step = _leaf(frame, f"{frame.below(name.text)} {start}", t.shape[1:], t.dtype, name)
        stacks[step.node] = whole
        if t.dtype is DType.BOOL and not step.shape:
            memory.valid = (*memory.valid, step)
        scope.bind(name.text, replace(step, classes=t.classes, zero_one=t.zero_one), name.span)
    return replace(frame, scope=scope, memory=memory), stacks, start


def close_scan(
    frame: Frame, scan: ast.Scan, value: Value | None, stacks: Mapping[NodeId, NodeId], start: NodeId
) -> Tensor:
    """All steps of the body's value, or a last state. Raises Fault, or Cascade."""
    memory, last, span = frame.memory, scan.body[-1] if scan.body else None, frame.here(scan.span)
    assert memory is not None
    if isinstance(value, Poison):
        raise Cascade
    frame.locate(scan.span)
    draft = frame.draft
    loop = Steps(
        draft.builder, draft.builder.nodes, memory.states(), memory.steps, scan.reverse, stacks.get, lambda n: n,
        of_loop, start,
    )  # fmt: skip
    if isinstance(last, ast.Final):
        state = memory.leaves.get(last.name.text)
        if state is None:
            raise Fault(NoUpdate(last.name.span, f"`{last.name.text}` is no state of this scan"))
        node = loop.at(memory.following.get(last.name.text, state.node), loop.last)
        return Tensor(draft, node, state.shape, True, span)
    if value is None:
        raise Fault(NoValue(scan.span, "`scan`"))
    step = as_tensor(draft, operand(value, last.span if last else scan.span), span)
    if prod((memory.steps, *step.shape)) > static.LARGEST_EXTENT:
        raise Fault(TooLarge(scan.span, "elements of all steps", static.LARGEST_EXTENT))
    whole = loop.stack(batching.spread(step, step.shape, True).node if step.batched else step.node)
    shape = (memory.steps, *step.shape)
    if step.batched:
        frame.locate(scan.span)
        whole = draft.add(Transpose((1, 0, *range(2, len(shape) + 1))), whole)
    return Tensor(draft, whole, shape, step.batched, span)


def declare_step_state(frame: Frame, statement: ast.State) -> Tensor:
    """A state of the scan, as it is before the step. Raises Fault, or Cascade."""
    memory, name = frame.memory, statement.name
    assert memory is not None
    dims = statement.shape.dims if statement.shape else ()
    if any(isinstance(dim, ast.Leading) for dim in dims):
        raise Fault(Misplaced(statement.span, "`..`", "the shape of a state"))
    shape = tuple(static.extent(frame, dim) for dim in dims if not isinstance(dim, ast.Leading))
    if prod(shape) > static.LARGEST_EXTENT:
        raise Fault(TooLarge(statement.span, "elements of a state", static.LARGEST_EXTENT))
    first = _spread(frame, statement.initial, shape)
    leaf = _leaf(frame, f"{frame.below(name.text)} {len(frame.draft.builder.nodes)}", shape, DType.REAL, name)
    memory.leaves[name.text], memory.initial[name.text] = leaf, first.node
    return leaf


def update_step_state(frame: Frame, statement: ast.Update) -> None:
    """`h <- value`: what the state is from here on, where the step is valid. Raises Fault, or Cascade."""
    memory, name = frame.memory, statement.target.text
    assert memory is not None
    before = memory.leaves.get(name)
    if before is None or not frame.scope.own(name):
        raise Fault(NoUpdate(statement.target.span, f"`{name}` is no state of this scan"))
    new = _spread(frame, statement.value, before.shape)
    span = frame.here(statement.span)
    for valid in memory.valid:
        new = batching.map_(functions.where, (valid, new, before), span)
    memory.following[name] = new.node
    frame.scope.update(name, replace(new, maker=name))


def _spread(frame: Frame, expression: ast.Expression, shape: tuple[int, ...]) -> Tensor:
    """The expression's value for each example."""
    value = frame.evaluate(expression)
    if isinstance(value, Poison):
        raise Cascade
    frame.locate(expression.span)
    given = as_tensor(frame.draft, operand(value, expression.span), frame.here(expression.span))
    return batching.spread(batching.as_real(given), shape, True)


def _input(frame: Frame, name: ast.Name) -> Tensor:
    value = frame.evaluate(name)
    if isinstance(value, Poison):
        raise Cascade
    if not isinstance(value, Tensor):
        raise Fault(Unexpected(name.span, kind_of(value), "a tensor with an axis of steps"))
    return value


def _steps(frame: Frame, scan: ast.Scan, given: list[tuple[ast.Name, Tensor]]) -> int:
    """How many steps there are: the extent of each tensor's first axis, which is the one of that name."""
    axis = frame.scope.find(scan.axis.text)
    stated = int(axis.value) if isinstance(axis, Number) else None
    for name, t in given:
        expected = stated if stated is not None else given[0][1].shape[0] if given[0][1].shape else None
        if not t.shape or t.shape[0] != expected:
            found = f"`{name.text}` {shape_of(t.shape)}"
            raise Fault(NoStepAxis(name.span, found, scan.axis.text, "" if expected is None else f" of {expected}"))
    return given[0][1].shape[0]


def _leaf(frame: Frame, name: str, shape: tuple[int, ...], dtype: DType, of: ast.Name) -> Tensor:
    node = frame.draft.add(Leaf(LeafRole.STEP, name, TensorType((ROWS, *shape), dtype)))
    return Tensor(frame.draft, node, shape, True, of.span, maker=of.text)


def _steps_first(t: Tensor) -> NodeId:
    """[steps, rows, ..]."""
    return t.home.add(Transpose((1, 0, *range(2, len(t.shape) + 1))), t.node)
