"""An optimizer's formulas, written for one weight.

    optimizer adam(..) { state m = 0; m <- ..; weight <- .. }     ->     dense.w -> .., m.dense.w -> ..

Statements act in order: a formula sees what an earlier one updated. A state that no formula updates in this
configuration (a velocity without momentum) does not exist.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from dslc.diagnostics import NotYet
from dslc.elaborate import batching, static
from dslc.elaborate.arguments import arguments_of, evaluated
from dslc.elaborate.arithmetic import as_tensor, clock, operand
from dslc.elaborate.calls import CLOCKS, open_frame
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Fault, Misplaced, NotStatic, NoUpdate, Unexpected
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame, WeightPlace
from dslc.elaborate.names import resolve
from dslc.elaborate.numbers import Number
from dslc.elaborate.patterns import meet
from dslc.elaborate.scope import Scope
from dslc.elaborate.values import Bound, Poison, Stage, Tensor, Value, kind_of
from dslc.elaborate.weights import initial_value
from dslc.frozen import Frozen
from dslc.graph.graph import NodeId, TensorType
from dslc.ops.leaf import LeafRole
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind


class Chosen(Frozen):
    """The optimizer that a train block names, its arguments evaluated."""

    definition: ast.Definition
    arguments: dict[str, Bound]
    span: Span

    @property
    def full_batch(self) -> bool:
        """Whether it wants all training rows at once."""
        return any(isinstance(statement, ast.FullBatch) for statement in self.definition.body)


class Change(Frozen):
    """A weight or a state of the optimizer, before an update and after it."""

    name: str
    before: Tensor
    after: Tensor


class WeightUpdate(Frozen):
    """What an update of one weight changes, the weight first, and the states that it keeps."""

    changes: tuple[Change, ...]
    states: tuple[Parameter, ...]


def choose(frame: Frame, use: ast.Name | ast.Call) -> Chosen:
    """Raises Fault, or Cascade."""
    name = use if isinstance(use, ast.Name) else use.callee
    value = resolve(frame, name)
    match value:
        case Poison():
            raise Cascade
        case Stage(callee=ast.Definition(kind=DefinitionKind.OPTIMIZER) as definition):
            given = list(value.arguments)
        case _:
            raise Fault(Unexpected(name.span, kind_of(value), "an optimizer"))
    scope = Scope(frame.scope)
    frame.locate(use.span)
    for clock_name in CLOCKS:
        scope.bind(clock_name, clock(frame.draft, clock_name, use.span), use.span)
    inner = replace(frame, scope=scope, kinds=(DefinitionKind.SCHEDULE, DefinitionKind.ACTIVATION))
    given += evaluated(inner, use.arguments) if isinstance(use, ast.Call) else ()
    arguments = arguments_of(frame, definition, given, use.span)
    for bound in arguments.values():
        if isinstance(bound.value, Poison):
            raise Cascade
        if not isinstance(bound.value, Number | Tensor):
            raise Fault(Unexpected(bound.span, kind_of(bound.value), "a number or a schedule"))
    meet(inner, definition, arguments, use.span)
    return Chosen(definition, arguments, use.span)


def update(
    frame: Frame, chosen: Chosen, weight: Parameter, gradient: Tensor, iteration: Tensor | None = None
) -> WeightUpdate:
    """The optimizer's formulas for one weight. Raises Fault, or Cascade.

    `iteration` is which update of the weight it is, from 1, where that is not the training's own count.
    """
    inner = _opened(frame, chosen, weight, iteration)
    before = leaf_of(frame.draft, LeafRole.PARAMETER, weight, chosen.span)
    inner.scope.bind("weight", before, chosen.span)
    inner.scope.bind("grad", gradient, chosen.span)
    declared: dict[str, Parameter] = {}
    for statement in chosen.definition.body:
        _run(inner, statement, weight, declared)
    changes = _changed(inner, "weight", weight.name, before)
    if not changes:
        raise Fault(NoUpdate(chosen.definition.name.span, f"`{chosen.definition.name.text}` never updates `weight`"))
    kept: list[Parameter] = []
    for name, state in declared.items():
        leaf = leaf_of(frame.draft, LeafRole.STATE, state, chosen.span)
        changed = _changed(inner, name, state.name, leaf)
        changes += changed
        if changed or _read(frame.draft, leaf.node):
            kept.append(state)
    return WeightUpdate(tuple(changes), tuple(kept))


def _opened(frame: Frame, chosen: Chosen, weight: Parameter, iteration: Tensor | None) -> Frame:
    """The body's frame, with its parameters."""
    inner = replace(open_frame(replace(frame, taken={}), chosen.definition, chosen.span), path=weight.name)
    if iteration is not None:
        inner.scope.bind("iteration", iteration, chosen.span)
    for p in chosen.definition.parameters:
        bound = chosen.arguments.get(p.name.text)
        if bound:
            inner.scope.bind(p.name.text, bound.value, bound.span)
        elif p.default is not None:
            inner.scope.bind(p.name.text, inner.evaluate(p.default), p.name.span)
    inner.locate(chosen.span)
    return inner


def leaf_of(draft: Draft, role: LeafRole, tensor: Parameter, span: Span) -> Tensor:
    """The weight, its gradient, or the state, as a tensor of the graph."""
    node = draft.leaf(role, tensor.name, TensorType(tensor.shape))
    return Tensor(draft, node, tensor.shape, False, span, maker=tensor.name)


def _read(draft: Draft, leaf: NodeId) -> bool:
    return any(leaf in node.inputs for node in draft.builder.nodes)


def _changed(frame: Frame, name: str, key: str, before: Tensor) -> list[Change]:
    """The change of what `name` stands for; none if it is still the leaf."""
    value = frame.scope.find(name)
    if isinstance(value, Poison):
        raise Cascade
    if not isinstance(value, Tensor) or value.node == before.node:
        return []
    return [Change(key, before, value)]


def _run(frame: Frame, statement: ast.Statement, parameter: Parameter, declared: dict[str, Parameter]) -> None:
    match statement:
        case ast.State(name=name):
            state = _state(frame, statement, parameter)
            declared[name.text] = state
            leaf = leaf_of(frame.draft, LeafRole.STATE, state, frame.here(name.span))
            frame.scope.bind(name.text, leaf, name.span)
        case ast.Update(target=target, value=value):
            old = frame.scope.find(target.text)
            if target.text not in {"weight", *declared} or not isinstance(old, Tensor):
                raise Fault(NoUpdate(target.span, f"`{target.text}` is neither `weight` nor a state of this optimizer"))
            frame.scope.update(target.text, _new_value(frame, frame.evaluate(value), old, value.span))
        case ast.Binding(target=ast.Name() as name, value=value):
            frame.scope.bind(name.text, frame.evaluate(value), name.span)
        case ast.Binding():
            raise Fault(NotYet(statement.target.span, "index notation"))
        case ast.Evaluate():
            raise Fault(Misplaced(statement.span, "a bare value", "an optimizer"))
        case ast.Scan() | ast.Final():
            raise Fault(NotYet(statement.span, "`scan`"))
        case ast.FullBatch():
            return
        case ast.Weight() | ast.Link() | ast.Gradient() | ast.Predict():
            raise Fault(Misplaced(statement.span, "this", "an optimizer"))
        case _:
            assert_never(statement)


def _new_value(frame: Frame, value: Value, old: Tensor, span: Span) -> Tensor:
    if isinstance(value, Poison):
        raise Cascade
    frame.locate(span)
    new = batching.as_real(as_tensor(frame.draft, operand(value, span), frame.here(span)))
    return replace(batching.spread(new, old.shape, False), maker=old.maker)


def _state(frame: Frame, statement: ast.State, parameter: Parameter) -> Parameter:
    """A state of the parameter's shape, or of its own."""
    shape = parameter.shape
    if statement.shape is not None:
        if any(isinstance(dim, ast.Leading) for dim in statement.shape.dims):
            raise Fault(NotStatic(statement.shape.span, "the shape of a state"))
        shape = tuple(static.extent(frame, dim) for dim in statement.shape.dims if not isinstance(dim, ast.Leading))
    name = f"{statement.name.text}.{parameter.name}"
    graph = initial_value(frame, statement.initial, WeightPlace(name, shape))
    return Parameter(name, shape, graph, frame.here(statement.name.span))
