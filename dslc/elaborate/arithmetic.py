"""Scalar functions on whatever values meet: numbers give a number, anything with a tensor a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate import batching, numbers
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import BadNumber, Fault, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import Number, OutOfRange
from dslc.elaborate.values import (
    POISON,
    Composition,
    Instance,
    Loaded,
    Poison,
    Repeated,
    Stage,
    Tensor,
    Tensors,
    Value,
    kind_of,
)
from dslc.ops.leaf import Constant
from dslc.scalar import functions
from dslc.scalar.functions import ScalarFunction
from dslc.scalar.types import DType
from dslc.source import Span

_LOGIC = (functions.logical_and, functions.logical_or, functions.logical_not)


def operate(frame: Frame, function: ScalarFunction, values: Sequence[Value], span: Span) -> Value:
    """The function of the values, element by element. Raises Fault where a value is no operand."""
    if any(isinstance(value, Poison) for value in values):
        return POISON
    operands = [operand(value, span) for value in values]
    if function in _LOGIC or (function is functions.where):
        _conditions(operands[:1] if function is functions.where else operands, span)
    known = [value for value in operands if isinstance(value, Number)]
    if len(known) == len(operands):
        try:
            return numbers.apply(function, *known)
        except OutOfRange as fault:
            raise Fault(BadNumber(span, str(fault))) from None
    if function is functions.divide and isinstance(operands[1], Number) and operands[1].value == 0:
        raise Fault(BadNumber(span, "division by 0"))
    frame.locate(span)
    home = batching.common_home([value for value in operands if isinstance(value, Tensor)], span)
    return batching.map_(function, [as_tensor(home, value, span) for value in operands], frame.here(span))


def operand(value: Value, span: Span) -> Number | Tensor:
    """A value that formulas take. Raises Fault for any other."""
    match value:
        case Number() | Tensor():
            return value
        case Stage() | Composition() | Repeated() | Loaded() | Instance():
            raise Fault(Unexpected(span, kind_of(value), "a value", "give it its input, as in `x | relu`"))
        case Tensors():
            raise Fault(Unexpected(span, kind_of(value), "a value", "apply a function to it, as in `l2(weights)`"))
        case _:
            raise Fault(Unexpected(span, kind_of(value), "a number or a tensor"))


def as_tensor(home: Draft, value: Number | Tensor, span: Span) -> Tensor:
    """A number as a [] tensor of the draft."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value.value, bool):
        return batching.scalar(home, home.add(Constant(value.value, DType.BOOL)), span)
    return batching.scalar(home, home.number(value), span)


def clock(home: Draft, name: str, span: Span) -> Tensor:
    """`iteration`, `progress`, `rows`, `epoch` or `stalled` as a [] real."""
    dtype = DType.INT if name == "epoch" else DType.REAL
    return batching.as_real(batching.scalar(home, home.clock(name, dtype), span))


def _conditions(operands: Sequence[Number | Tensor], span: Span) -> None:
    for value in operands:
        fits = isinstance(value.value, bool) if isinstance(value, Number) else value.dtype is DType.BOOL
        if not fits:
            raise Fault(Unexpected(span, kind_of(value), "a condition", "compare it, as in `x > 0`"))
