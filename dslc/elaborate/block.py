"""The body of a definition or of `net`: statements in order, the last one its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from dslc.diagnostics import nearest
from dslc.elaborate.declared import declare_gradients
from dslc.elaborate.errors import Cascade, Duplicate, Fault, Misplaced, NotATarget, NoValue, Taken
from dslc.elaborate.frame import Frame
from dslc.elaborate.indexing import define
from dslc.elaborate.numbers import Number
from dslc.elaborate.scan import close_scan, declare_step_state, open_scan, update_step_state
from dslc.elaborate.scope import MEANINGS, Scope
from dslc.elaborate.values import POISON, Composition, Instance, Loaded, Poison, Repeated, Stage, Tensor, Value
from dslc.elaborate.weights import declare_state, declare_weight, update_state
from dslc.ops.leaf import LeafRole
from dslc.syntax.ast import (
    Binding,
    Definition,
    DefinitionKind,
    Evaluate,
    Final,
    FullBatch,
    Gradient,
    Link,
    Name,
    Predict,
    Read,
    Scan,
    State,
    Statement,
    Update,
    Weight,
)

STATES = {DefinitionKind.LAYER: LeafRole.PARAMETER, DefinitionKind.SCHEDULE: LeafRole.STATE}
"""What keeps a state, and where: a layer's is among the weights, a schedule's among the optimizer's."""


def run_body(frame: Frame, definition: Definition) -> Value:
    """The body's value, with the gradients that it declares."""
    where = f"a definition of kind {definition.kind.value}"
    value = run_block(frame, definition.body, where, STATES.get(definition.kind))
    rules = [statement for statement in definition.body if isinstance(statement, Gradient)]
    if value is None:
        frame.report(Fault(NoValue(definition.name.span, f"`{definition.name.text}`")))
        return POISON
    if not rules or not isinstance(value, Tensor):
        return value
    return declare_gradients(frame, definition, value, rules)


def run_block(frame: Frame, body: Sequence[Statement], where: str, states: LeafRole | None) -> Value | None:
    """The value of the last statement, None if it has none; every other statement binds something, or requires it.

    `states`: what a state is here, None where there are none.
    """
    result: Value | None = None
    for statement in body:
        if isinstance(statement, Evaluate):
            result = frame.evaluate(statement.value)
            if isinstance(result, Poison):
                return POISON
            continue
        result = None
        try:
            if isinstance(statement, Scan) and statement.target is None:
                result = run_scan(frame, statement)
                continue
            _run(frame, statement, where, states)
        except Cascade:
            result = _poison(frame, statement)
        except Fault as fault:
            frame.report(fault)
            result = _poison(frame, statement)
    return result


def run_scan(frame: Frame, scan: Scan) -> Tensor:
    """The scan's value. Raises Fault, or Cascade."""
    inner, stacks, start = open_scan(frame, scan)
    return close_scan(inner, scan, run_block(inner, scan.body, "`scan`", LeafRole.STEP), stacks, start)


def _poison(frame: Frame, statement: Statement) -> Poison | None:
    """What a faulty statement would have bound silences its uses; a bare scan is a value itself."""
    match statement:
        case Scan(target=None):
            return POISON
        case Weight(name=name) | State(name=name) | Scan(target=Name() as name) | Binding(target=Name() as name):
            pass
        case Binding(target=Read(value=Name() as name)):
            pass
        case _:
            return None
    if not frame.scope.own(name.text):
        frame.scope.bind(name.text, POISON, name.span)
    return None


def _run(frame: Frame, statement: Statement, where: str, states: LeafRole | None) -> None:
    match statement:
        case Binding(target=Name() as name):
            bind(frame, name, statement)
        case Binding(target=Read(value=Name() as name) as target):
            bind_value(frame, name, define(frame.at(frame.below(name.text)), target, statement.value))
        case Binding():
            raise Fault(Misplaced(statement.target.span, "a read", "what is defined"))
        case Weight():
            if states is not LeafRole.PARAMETER:
                raise Fault(Misplaced(statement.span, "a weight", where))
            frame.scope.bind(statement.name.text, declare_weight(frame, statement), statement.name.span)
        case Scan(target=Name() as name):
            bind_value(frame, name, run_scan(frame.at(frame.below(name.text)), statement))
        case State() if states is LeafRole.STEP:
            frame.scope.bind(statement.name.text, declare_step_state(frame, statement), statement.name.span)
        case Update() if states is LeafRole.STEP:
            update_step_state(frame, statement)
        case State():
            if states is None:
                raise Fault(Misplaced(statement.span, "a state", where))
            frame.scope.bind(statement.name.text, declare_state(frame, statement, states), statement.name.span)
        case Update():
            if states is None:
                raise Fault(Misplaced(statement.span, "an update", where))
            update_state(frame, statement, states)
        case Predict():
            predict(frame, statement, where)
        case Evaluate() | Gradient() | Link() | FullBatch() | Final() | Scan():
            return
        case _:
            assert_never(statement)


def bind(frame: Frame, name: Name, statement: Binding) -> None:
    """A tensor keeps its name for messages; what waits for its input becomes one shared instance."""
    if frame.predicted is not None and name.text in frame.predicted.found:
        raise Fault(Duplicate(name.span, f"`{name.text}`", frame.predicted.found[name.text][1]))
    path = frame.below(name.text)
    value = frame.at(path).evaluate(statement.value)
    if isinstance(value, Stage | Composition | Repeated | Loaded):
        value = Instance(path, value, frame.here(name.span))
    bind_value(frame, name, value)


def bind_value(frame: Frame, name: Name, value: Value) -> None:
    """The name stands for the value from here on."""
    if isinstance(value, Tensor) and value.batched and frame.own:
        frame.note(frame.below(name.text), value)
    bind_name = frame.scope.introduce if frame.scope is frame.net else frame.scope.bind
    bind_name(name.text, value, name.span)


def predict(frame: Frame, statement: Predict, where: str) -> None:
    """`predict NAME = value`: kept for the head of that name; `outputs` is its width. Raises Fault."""
    predicted, name = frame.predicted, statement.name
    if predicted is None:
        raise Fault(Misplaced(statement.span, "a prediction", where))
    if name.text not in predicted.widths and frame.session.data_known:
        raise Fault(NotATarget(name.span, name.text, nearest(name.text, predicted.widths)))
    if name.text in predicted.found:
        raise Fault(Duplicate(name.span, f"`predict {name.text}`", predicted.found[name.text][1]))
    if name.text in MEANINGS:
        raise Fault(Taken(name.span, name.text, MEANINGS[name.text]))
    bound = frame.scope.find(name.text) if frame.scope.own(name.text) else None
    if bound is not None and not (isinstance(bound, Tensor) and bound.maker == name.text):
        raise Fault(Duplicate(name.span, f"`{name.text}`", frame.scope.place(name.text) or name.span))
    predicted.found[name.text] = POISON, name.span
    # A dot in a name is none between the steps of a path.
    scope, path = Scope(frame.scope), frame.below(name.text.replace(".", "_"))
    width = predicted.widths.get(name.text)
    if width is not None and not frame.scope.own("outputs"):
        scope.bind("outputs", Number(width), name.span)
    value = replace(frame.at(path), scope=scope).evaluate(statement.value)
    if isinstance(value, Tensor) and value.batched and bound is None:  # the name of an input stays the input's
        frame.note(path, value)
    predicted.found[name.text] = value, statement.value.span
