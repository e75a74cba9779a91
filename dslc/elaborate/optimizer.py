"""An optimizer's formulas, written once for every parameter.

    leaves    parameter dense.w, gradient dense.w, state m.dense.w, clock iteration and progress, settings
    outputs   update.dense.w, update.m.dense.w: the new value of whatever changes

Statements act in order: a formula sees what an earlier one updated. A state that no formula updates in this
configuration (a velocity without momentum) does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
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
from dslc.elaborate.frame import Frame, Session, WeightPlace
from dslc.elaborate.names import resolve
from dslc.elaborate.numbers import Number
from dslc.elaborate.patterns import meet
from dslc.elaborate.scope import Scope
from dslc.elaborate.values import Bound, Poison, Stage, Tensor, Value, kind_of
from dslc.elaborate.weights import initial_graph
from dslc.frozen import Frozen
from dslc.graph.graph import Graph, NodeId, Role, TensorType
from dslc.ops.leaf import UPDATE, LeafRole
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind


class Updates(Frozen):
    """The graph of all updates, and the states they keep; `full_batch`: each wants all training rows at once."""

    graph: Graph
    states: tuple[Parameter, ...]
    full_batch: bool = False


class Chosen(Frozen):
    """The optimizer that a train block names, its arguments evaluated."""

    definition: ast.Definition
    arguments: dict[str, Bound]
    span: Span


def optimize(session: Session, use: ast.Name | ast.Call, parameters: Iterable[Parameter]) -> Updates:
    """The updates of all parameters; faults are reported once, and leave no updates."""
    draft = Draft()
    frame = Frame(session, Scope(session.root), draft, True, (DefinitionKind.OPTIMIZER,), role=Role.UPDATE)
    try:
        return update_all(frame, _chosen(frame, use), parameters)
    except Cascade:
        pass
    except Fault as fault:
        frame.report(fault)
    return Updates(draft.graph({}), ())


def update_all(frame: Frame, chosen: Chosen, parameters: Iterable[Parameter]) -> Updates:
    """The optimizer's formulas for each parameter. Raises Fault, or Cascade."""
    outputs: dict[str, NodeId] = {}
    states: list[Parameter] = []
    for parameter in parameters:
        _update(frame, chosen, parameter, outputs, states)
    full_batch = any(isinstance(statement, ast.FullBatch) for statement in chosen.definition.body)
    return Updates(frame.draft.graph(outputs), tuple(states), full_batch)


def _chosen(frame: Frame, use: ast.Name | ast.Call) -> Chosen:
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


def _update(
    frame: Frame, chosen: Chosen, parameter: Parameter, outputs: dict[str, NodeId], states: list[Parameter]
) -> None:
    """Adds the outputs for one parameter, and the states that it needs."""
    inner = open_frame(replace(frame, taken={}), chosen.definition, chosen.span)
    inner = replace(inner, path=parameter.name)
    for p in chosen.definition.parameters:
        bound = chosen.arguments.get(p.name.text)
        if bound:
            inner.scope.bind(p.name.text, bound.value, bound.span)
        elif p.default is not None:
            inner.scope.bind(p.name.text, inner.evaluate(p.default), p.name.span)
    inner.locate(chosen.span)
    before = {
        name: _leaf(frame.draft, role, parameter.name, parameter.shape, chosen.span)
        for name, role in (("weight", LeafRole.PARAMETER), ("grad", LeafRole.GRADIENT))
    }
    for name, tensor in before.items():
        inner.scope.bind(name, tensor, chosen.span)
    declared: dict[str, Parameter] = {}
    for statement in chosen.definition.body:
        _run(inner, statement, parameter, declared)
    if _changed(inner, "weight", before["weight"], UPDATE + parameter.name, outputs) is None:
        raise Fault(NoUpdate(chosen.definition.name.span, f"`{chosen.definition.name.text}` never updates `weight`"))
    for name, state in declared.items():
        leaf = _leaf(frame.draft, LeafRole.STATE, state.name, state.shape, chosen.span)
        if _changed(inner, name, leaf, UPDATE + state.name, outputs) is not None or _read(frame.draft, leaf.node):
            states.append(state)


def _leaf(draft: Draft, role: LeafRole, name: str, shape: tuple[int, ...], span: Span) -> Tensor:
    return Tensor(draft, draft.leaf(role, name, TensorType(shape)), shape, False, span, maker=name)


def _read(draft: Draft, leaf: NodeId) -> bool:
    return any(leaf in node.inputs for node in draft.builder.nodes)


def _changed(frame: Frame, name: str, before: Tensor, key: str, outputs: dict[str, NodeId]) -> NodeId | None:
    """The node of the new value, entered under `key`; None if the value is still the leaf."""
    value = frame.scope.find(name)
    if isinstance(value, Poison):
        raise Cascade
    if not isinstance(value, Tensor) or value.node == before.node:
        return None
    outputs[key] = value.node
    return value.node


def _run(frame: Frame, statement: ast.Statement, parameter: Parameter, declared: dict[str, Parameter]) -> None:
    match statement:
        case ast.State(name=name):
            state = _state(frame, statement, parameter)
            declared[name.text] = state
            leaf = _leaf(frame.draft, LeafRole.STATE, state.name, state.shape, frame.here(name.span))
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
    graph = initial_graph(frame, statement.initial, WeightPlace(name, shape))
    return Parameter(name, shape, graph, frame.here(statement.name.span))
