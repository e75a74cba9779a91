"""Calls: what waits for its input gets it, and a definition's body is elaborated in place.

A definition is elaborated anew for every call, so that each call owns its weights; a shared instance
elaborates the same calls under the same path, and so meets the same weights again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dslc.elaborate import batching
from dslc.elaborate.arguments import arguments_of, head_of, unknown
from dslc.elaborate.arithmetic import operate
from dslc.elaborate.base_errors import BaseFailed
from dslc.elaborate.block import run_body
from dslc.elaborate.draft import Activation
from dslc.elaborate.errors import ExtraArgument, Fault, MissingArgument, NotCallable, SharedShape
from dslc.elaborate.frame import Frame
from dslc.elaborate.library import INSIDE
from dslc.elaborate.numbers import Number
from dslc.elaborate.patterns import meet
from dslc.elaborate.scope import Scope
from dslc.elaborate.values import (
    POISON,
    Axes,
    Bound,
    Builtin,
    Callable_,
    Callee,
    Composition,
    Instance,
    Loaded,
    Poison,
    Repeated,
    SizeOf,
    Stage,
    Tensor,
    Tensors,
    Use,
    Value,
    shape_of,
)
from dslc.scalar import functions
from dslc.source import Span
from dslc.syntax.ast import Definition, DefinitionKind

CLOCKS = ("iteration", "progress", "epoch", "stalled")
"""What optimizers and schedules see of the run."""


def apply(frame: Frame, stage: Callable_, value: Value, span: Span) -> Value:
    """The stage on a value that came through a pipe or as its only argument. Raises Fault."""
    match stage:
        case Stage():
            if isinstance(stage.callee, Builtin) and not stage.callee.piped:
                raise Fault(NotCallable(span, f"`{stage.callee.name}`"))
            return invoke(frame, stage.callee, (Bound(None, value, span), *stage.arguments), stage.over, span)
        case Composition():
            for part in stage.stages:
                value = value if isinstance(value, Poison) else apply(frame, part, value, part.span)
            return value
        case Repeated():
            for _ in range(stage.count):
                value = value if isinstance(value, Poison) else apply(frame, stage.stage, value, span)
            return value
        case Loaded():
            return _run_base(frame.at(frame.below(frame.unique("load"))), stage, value, span)
        case Instance():
            return _apply_shared(frame, stage, value, span)


def _run_base(frame: Frame, loaded: Loaded, value: Value, span: Span) -> Value:
    """A saved model's net, its weights below `frame.path`."""
    if frame.session.run_base is None:
        raise Fault(BaseFailed(frame.here(span), loaded.path, "a definition by itself loads nothing"))
    return frame.session.run_base(frame, loaded, value, span)


def _apply_shared(frame: Frame, instance: Instance, value: Value, span: Span) -> Value:
    uses = [use for use in instance.uses if use.draft is frame.draft]
    if isinstance(value, Tensor):
        if uses and uses[0].shape != value.shape:
            first, given = shape_of(uses[0].shape), shape_of(value.shape)
            raise Fault(SharedShape(frame.here(span), instance.path, first, given, uses[0].span))
        instance.uses.append(Use(value.shape, frame.here(span), frame.draft))
    again = replace(frame.at(instance.path), use=f"{frame.use} use {len(uses) + 1}" if uses else frame.use)
    if isinstance(instance.stage, Loaded):
        return _run_base(again, instance.stage, value, span)
    return apply(again, instance.stage, value, span)


def invoke(frame: Frame, callee: Callee, given: Sequence[Bound], over: Axes, span: Span) -> Value:
    """A full call. Of a list it is the sum over the members. Raises Fault."""
    first = given[0].value if given else None
    if isinstance(first, Tensors):
        total: Value = Number(0)
        for member in first.members:
            value = invoke(frame, callee, (given[0].replaced(value=member), *given[1:]), over, span)
            total = operate(frame, functions.add, (total, value), span) if isinstance(total, Tensor) else value
        return total
    if isinstance(callee, Builtin):
        return _call_builtin(frame, callee, given, over, span)
    if over:
        raise Fault(NotCallable(over[0].span, f"`{callee.name.text}` with `over`"))
    return call_definition(frame, callee, given, span)


def _call_builtin(frame: Frame, callee: Builtin, given: Sequence[Bound], over: Axes, span: Span) -> Value:
    for argument in given:
        if argument.name:
            raise unknown(frame, callee.name, argument, ())
    if len(given) < callee.least:
        missing = callee.least - len(given)
        raise Fault(MissingArgument(span, callee.name, f"{missing} more argument{'s' * (missing > 1)}"))
    if len(given) > callee.most:
        noun = f"argument{'s' * (callee.most > 1)}"
        raise Fault(ExtraArgument(given[callee.most].span, callee.name, callee.most, noun))
    if over and not callee.over:
        raise Fault(NotCallable(over[0].span, f"`{callee.name}` with `over`"))
    if any(isinstance(argument.value, Poison) for argument in given):
        return POISON
    return callee.run(frame, tuple(given), tuple(over), span)


def call_definition(frame: Frame, definition: Definition, given: Sequence[Bound], span: Span) -> Value:
    """The definition's value for these arguments; its weights belong to this call. Raises Fault."""
    arguments = arguments_of(frame, definition, given, span)
    if any(isinstance(argument.value, Poison) for argument in arguments.values()):
        return POISON
    inner = open_frame(frame, definition, span).about(head_of(frame, definition, given))
    for parameter in definition.parameters:
        name, argument = parameter.name.text, arguments.get(parameter.name.text)
        if argument:
            inner.scope.bind(name, _received(inner, name, argument), argument.span)
        elif parameter.default is not None:
            inner.scope.bind(name, inner.evaluate(parameter.default), parameter.name.span)
    meet(inner, definition, arguments, frame.here(span))
    value = run_body(inner, definition)
    if not isinstance(value, Tensor):
        return value
    inner.locate(span)
    if value.batched:
        _note_activation(inner, definition, given, value, frame.here(span))
        inner.note(inner.path, value)
    if definition.kind is DefinitionKind.LOSS:
        value = batching.mean(value, None, frame.here(span))
    return replace(value, holes=(), maker=definition.name.text, span=frame.here(span))


def _note_activation(frame: Frame, definition: Definition, given: Sequence[Bound], value: Tensor, span: Span) -> None:
    operand = given[0].value if given else None
    if frame.memory is not None:
        return
    if definition.kind is DefinitionKind.ACTIVATION and isinstance(operand, Tensor) and operand.home is value.home:
        value.home.activations[frame.path] = Activation(operand.node, value.node, span)


def open_frame(frame: Frame, definition: Definition, span: Span) -> Frame:
    """The frame of a call's body: the file's own definitions see its lets, losses and metrics the net's names too.

    Those of a file that it uses see neither.
    """
    outer: Scope | None = None
    if frame.session.library.is_own(definition) and definition.span.source is frame.session.source:
        sees = definition.kind in (DefinitionKind.METRIC, DefinitionKind.LOSS) and frame.heads
        outer = frame.net if sees and frame.net else frame.session.root
    implied = Scope(outer)
    if definition.kind is DefinitionKind.INITIALIZER and frame.weight:
        implied.bind("shape", SizeOf(frame.weight.shape), span)
    if definition.kind in (DefinitionKind.SCHEDULE, DefinitionKind.OPTIMIZER):
        inner = frame.enter(definition, Scope(implied), INSIDE[definition.kind], span)
        inner.locate(span)
        for name in CLOCKS:
            implied.bind(name, batching.scalar(frame.draft, frame.draft.clock(name), frame.here(span)), span)
        return inner
    return frame.enter(definition, Scope(implied), INSIDE[definition.kind], span)


def _received(frame: Frame, name: str, argument: Bound) -> Value:
    """A tensor forgets where axes were reduced away; a called layer becomes one instance under the parameter's name."""
    match argument.value:
        case Tensor(holes=holes) as tensor if holes:
            return replace(tensor, holes=())
        case Stage(arguments=()) as definition:
            return definition
        case Stage() | Composition() | Repeated() | Loaded() as waiting:
            return Instance(frame.below(name), waiting, argument.span)
        case value:
            return value
