"""Reading values that must be known before training: whole numbers, sizes, conditions.

What is read here decides the structure, so that the `let`s behind it are marked as fixed.
"""

from __future__ import annotations

from dslc.elaborate.errors import BadSize, Cascade, Fault, NotStatic, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import Number
from dslc.elaborate.values import Poison, SizeOf, Tensor, Value, kind_of
from dslc.source import Span
from dslc.syntax.ast import Expression

LARGEST_EXTENT = 2**31
"""No axis, no tensor and no model has more elements."""


def extent(frame: Frame, dim: Expression) -> int:
    """An axis's extent, as a shape states it."""
    return whole(frame, frame.evaluate(dim), f"`{dim.span.text}`", dim.span)


def number(value: Value, what: str, span: Span) -> Number:
    """The value as a number. Raises Fault for anything else, Cascade for poison."""
    match value:
        case Number():
            return value
        case Poison():
            raise Cascade
        case Tensor():
            raise Fault(NotStatic(span, what))
        case _:
            raise Fault(Unexpected(span, kind_of(value), "a number"))


def whole(frame: Frame, value: Value, what: str, span: Span, low: int = 1, high: int = LARGEST_EXTENT) -> int:
    """The value as a whole number in low .. high, decided for good."""
    found = number(value, what, span)
    wanted = f"a whole number from {low} to {high}"
    if isinstance(found.value, bool) or int(found.value) != found.value or not low <= found.value <= high:
        raise Fault(BadSize(span, what, wanted, str(found.value).lower()))
    frame.session.fixed.update(found.lets)
    return int(found.value)


def truth(frame: Frame, value: Value, span: Span) -> bool:
    """The value as a condition, decided for good."""
    if isinstance(value, Tensor):
        advice = "choose element by element with `where(condition, a, b)`"
        raise Fault(NotStatic(span, "the condition of `if`", advice))
    found = number(value, "the condition", span)
    if not isinstance(found.value, bool):
        raise Fault(Unexpected(span, kind_of(value), "a condition"))
    frame.session.fixed.update(found.lets)
    return found.value


def size(frame: Frame, value: Value, what: str, span: Span) -> tuple[int, ...]:
    """`3x3`, `[8, 8]`, `shape(x)`, or one whole number."""
    match value:
        case SizeOf(dims=dims):
            return dims
        case _:
            return (whole(frame, value, what, span),)
