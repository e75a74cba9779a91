"""The interpreter of expressions: syntax in, values out, nodes appended on the way.

    x | dense(64) | relu     stages: what stands right of a pipe gets the value as its first argument
    dense(64) | relu         a composition, as long as no value stands at its left
    gelu(x), dense(x, 64)    a full call, since its first argument is a value

A fault is reported at the smallest expression that has it; that expression is then poison.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from dslc.elaborate import batching, numbers, static
from dslc.elaborate.arguments import evaluated
from dslc.elaborate.arithmetic import operand, operate
from dslc.elaborate.base_errors import BaseFailed
from dslc.elaborate.base_model import Base
from dslc.elaborate.calls import apply, invoke
from dslc.elaborate.errors import Cascade, ExtraArgument, Fault, IndexForm, NotCallable, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.names import look_up, resolve
from dslc.elaborate.numbers import Number
from dslc.elaborate.parts import part
from dslc.elaborate.values import (
    POISON,
    Axes,
    Builtin,
    Callable_,
    Composition,
    Instance,
    Loaded,
    Poison,
    Repeated,
    SizeOf,
    Stage,
    Tensor,
    Tensors,
    Value,
    Words,
    kind_of,
)
from dslc.scalar import functions
from dslc.scalar.functions import ScalarFunction
from dslc.scalar.types import DType
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import BinaryOp, DefinitionKind

OPERATORS: Mapping[BinaryOp, ScalarFunction] = {
    BinaryOp.ADD: functions.add,
    BinaryOp.SUBTRACT: functions.subtract,
    BinaryOp.MULTIPLY: functions.multiply,
    BinaryOp.DIVIDE: functions.divide,
    BinaryOp.POWER: functions.power,
    BinaryOp.EQUAL: functions.equal,
    BinaryOp.NOT_EQUAL: functions.not_equal,
    BinaryOp.LESS: functions.less,
    BinaryOp.LESS_EQUAL: functions.less_equal,
    BinaryOp.GREATER: functions.greater,
    BinaryOp.GREATER_EQUAL: functions.greater_equal,
    BinaryOp.AND: functions.logical_and,
    BinaryOp.OR: functions.logical_or,
}

REPETITIONS = 1_000
"""Of `repeat`: as many dense layers as the limit on calls allows, so that more is refused at once."""

_WAITING = (DefinitionKind.LAYER, DefinitionKind.ACTIVATION)
"""Definitions whose first argument is their input."""


def evaluate(frame: Frame, expression: ast.Expression) -> Value:
    """What the expression stands for; poison where it has a fault, which is then reported."""
    try:
        return _evaluate(frame, expression)
    except Cascade:
        return POISON
    except Fault as fault:
        return frame.report(fault)


def _evaluate(frame: Frame, expression: ast.Expression) -> Value:
    match expression:
        case ast.Name():
            return _name(frame, expression)
        case ast.Number(value=value) | ast.Share(value=value):
            return Number(value)
        case ast.Size(dims=dims):
            return SizeOf(dims)
        case ast.Text(value=text):
            return Words(text)
        case ast.ListOf(items=items):
            return SizeOf(tuple(static.whole(frame, evaluate(frame, i), "an extent", i.span) for i in items))
        case ast.Unary():
            function = functions.negate if expression.op is ast.UnaryOp.MINUS else functions.logical_not
            return operate(frame, function, (evaluate(frame, expression.operand),), expression.span)
        case ast.Binary():
            return _binary(frame, expression)
        case ast.If(condition=condition, then=then, otherwise=otherwise):
            chosen = then if static.truth(frame, evaluate(frame, condition), condition.span) else otherwise
            return evaluate(frame, chosen)
        case ast.Call():
            return _call(frame, expression)
        case ast.Read():
            return _read(frame, expression)
        case ast.Pipe():
            return _pipe(frame, expression)
        case ast.Repeat():
            return _repeat(frame, expression)
        case ast.Member():
            raise Fault(Unexpected(expression.span, f"`{expression.span.text}`", "a value"))
        case ast.Load():
            return _load(frame, expression)
        case _:
            assert_never(expression)


def _name(frame: Frame, name: ast.Name) -> Value:
    """In `loss` and metrics a loss's bare name is its call on prediction and target."""
    if frame.net and not frame.session.data_known and look_up(frame, name) is None:
        return POISON
    value, called = resolve(frame, name), (DefinitionKind.LOSS, DefinitionKind.METRIC) if frame.heads else ()
    match value:
        case Stage(callee=ast.Definition(kind=kind), arguments=()) if kind in called:
            return invoke(frame, value.callee, (), (), name.span)
        case _:
            return value


def _binary(frame: Frame, expression: ast.Binary) -> Value:
    left, right = evaluate(frame, expression.left), evaluate(frame, expression.right)
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    match expression.op:
        case BinaryOp.DIVIDE_WHOLE:
            dividend = static.whole(frame, left, "a dividend of `//`", expression.left.span, 0)
            divisor = static.whole(frame, right, "a divisor of `//`", expression.right.span)
            return Number(numbers.whole_division(dividend, divisor))
        case BinaryOp.CONTRACT:
            operands = [operand(left, expression.left.span), operand(right, expression.right.span)]
            tensors = [value for value in operands if isinstance(value, Tensor)]
            if len(tensors) < 2:
                raise Fault(Unexpected(expression.span, "a number", "a tensor on both sides of `@`"))
            frame.locate(expression.span)
            return batching.matrix_product(tensors[0], tensors[1], frame.here(expression.span))
        case BinaryOp.EQUAL | BinaryOp.NOT_EQUAL as op if isinstance(left, Words) or isinstance(right, Words):
            return Number((left == right) == (op is BinaryOp.EQUAL))
        case op:
            left, right = (
                _given(frame, left, right, expression.right.span),
                _given(frame, right, left, expression.left.span),
            )
            for value, side in ((left, expression.left), (right, expression.right)):
                operand(value, side.span)
            return operate(frame, OPERATORS[op], (left, right), expression.span)


def _given(frame: Frame, value: Value, other: Value, span: Span) -> Value:
    """`x + positions(64)` is `x + positions(x, 64)`: a layer of which only the input's shape matters takes it here."""
    if isinstance(value, Callable_) and isinstance(other, Tensor):
        given = apply(frame, value, other, span)
        return value if isinstance(given, Tensor) and given.batched and other.batched else given
    return value


def _read(frame: Frame, expression: ast.Read) -> Value:
    """`size[0]`, `prediction[target]`, `x[.., 0 .. 3]`."""
    value, index = evaluate(frame, expression.value), expression.indices[0]
    if len(expression.indices) != 1 or isinstance(index, ast.Declared | ast.SliceOf | ast.Leading):
        match value:
            case Tensor():
                return part(frame, expression, value)
            case Poison():
                return POISON
            case _:
                raise Fault(Unexpected(expression.value.span, kind_of(value), "a tensor"))
    chosen = evaluate(frame, index)
    match value, chosen:
        case (Poison(), _) | (_, Poison()):
            return POISON
        case SizeOf(dims=dims), Number():
            return Number(dims[static.whole(frame, chosen, "a part of a size", index.span, 0, len(dims) - 1)])
        case Tensor(), Tensor() if chosen.dtype is DType.INT:
            frame.locate(expression.span)
            return batching.gather(value, chosen, frame.here(expression.span))
        case Tensor(), Tensor():
            raise Fault(Unexpected(index.span, "a tensor of values", "an index such as a class target"))
        case Tensor(), _:
            return part(frame, expression, value)
        case _:
            raise Fault(Unexpected(expression.value.span, kind_of(value), "a size or a tensor"))


# --- calls ----------------------------------------------------------------------------------------


def _call(frame: Frame, expression: ast.Call) -> Value:
    callee = _callable(resolve(frame, expression.callee), expression.callee)
    given = evaluated(frame, expression.arguments)
    if isinstance(callee, Stage) and not callee.arguments:
        stage = Stage(callee.callee, given, frame.here(expression.span), _axes(expression))
        return invoke(frame, callee.callee, given, stage.over, expression.span) if _full(stage) else stage
    if len(given) != 1 or given[0].name or expression.over:
        where = given[1] if len(given) > 1 else None
        raise Fault(ExtraArgument(where.span if where else expression.span, expression.callee.text, 1, "argument"))
    if isinstance(given[0].value, Poison):
        return POISON
    return apply(frame, callee, given[0].value, expression.span)


def _axes(call: ast.Call) -> Axes:
    """The axes after `over`; an extent has its place in index notation alone."""
    for axis in call.over:
        if isinstance(axis, ast.Declared):
            raise Fault(IndexForm(axis.span, f"`{axis.span.text}` counts an index, and none is defined here"))
    return tuple(axis for axis in call.over if isinstance(axis, ast.Name | ast.Leading))


def _full(stage: Stage) -> bool:
    """Whether the arguments include the input: a value in the first place; a number will do for a formula."""
    first = stage.arguments[0] if stage.arguments and stage.arguments[0].name is None else None
    given = first.value if first else None
    match stage.callee:
        case Builtin() as builtin:
            needs_tensor, waits = builtin.of_tensor, builtin.piped
        case definition:
            needs_tensor, waits = definition.kind is DefinitionKind.LAYER, definition.kind in _WAITING
            inputs = {bound.name for bound in stage.arguments}
            if waits and definition.parameters and definition.parameters[0].name.text in inputs:
                return True
    if not waits:
        return True
    return isinstance(given, Tensor | Tensors | Poison) or (isinstance(given, Number) and not needs_tensor)


def _callable(value: Value, name: ast.Name) -> Callable_:
    match value:
        case Stage() | Composition() | Repeated() | Loaded() | Instance():
            return value
        case Poison():
            raise Cascade
        case _:
            raise Fault(NotCallable(name.span, f"`{name.text}`, {kind_of(value)},"))


# --- pipes ----------------------------------------------------------------------------------------


def _pipe(frame: Frame, expression: ast.Pipe) -> Value:
    value = evaluate(frame, expression.value)
    stage = _stage(frame, expression.stage)
    match value:
        case Poison():
            return POISON
        case Stage() | Instance() | Repeated() | Loaded():
            return Composition((value, stage), frame.here(expression.span))
        case Composition(stages=stages):
            return Composition((*stages, stage), frame.here(expression.span))
        case _:
            return apply(frame, stage, value, expression.stage.span)


def _stage(frame: Frame, expression: ast.Expression) -> Callable_:
    """What stands right of a pipe: a call there always lacks its first argument."""
    if isinstance(expression, ast.Pipe):
        return Composition((_stage(frame, expression.value), _stage(frame, expression.stage)), expression.span)
    if not isinstance(expression, ast.Call):
        value = resolve(frame, expression) if isinstance(expression, ast.Name) else evaluate(frame, expression)
        if isinstance(value, Callable_):
            return value
        if isinstance(value, Poison):
            raise Cascade
        raise Fault(NotCallable(expression.span, kind_of(value)))
    callee = _callable(resolve(frame, expression.callee), expression.callee)
    given = evaluated(frame, expression.arguments)
    if not isinstance(callee, Stage) or callee.arguments:
        raise Fault(ExtraArgument(expression.span, expression.callee.text, 1, "argument, which the pipe gives"))
    return Stage(callee.callee, given, frame.here(expression.span), _axes(expression))


def _load(frame: Frame, expression: ast.Load) -> Loaded:
    path = expression.path.value
    base = frame.session.bases.get(path)
    if base is None:
        raise Fault(BaseFailed(expression.path.span, path, "a definition by itself loads nothing"))
    if not isinstance(base, Base):
        raise Fault(BaseFailed(expression.path.span, path, "it is also what a `from` takes vectors from"))
    return Loaded(base, path, expression.until, frame.here(expression.span))


def _repeat(frame: Frame, expression: ast.Repeat) -> Value:
    count = static.whole(
        frame, evaluate(frame, expression.count), "the count of `repeat`", expression.count.span, 1, REPETITIONS
    )
    return Repeated(count, _stage(frame, expression.stage), frame.here(expression.span))
