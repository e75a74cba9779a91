"""`rate: positive`, `size: size(2)`: what a definition takes besides tensors, each with its range.

    positive, share, count, switch    numbers and truths
    size(2)                           a whole number above 0 for each of two axes: `3x5`, or `3` for both
    margin(2)                         a whole number from 0 for each axis: the cells added at either end, `1`, `0x2`
    padding(2)                        `same`, `valid`, or a margin
    text                              `"vectors.safetensors"`
    layer                             whatever waits for its input: `conv(16) | relu`

A value that follows from the run, such as a schedule's, is not known here and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dslc.elaborate.errors import Cascade, Fault, OutsideRange
from dslc.elaborate.numbers import Number, Plain
from dslc.elaborate.values import Bound, Callable_, Poison, SizeOf, Tensor, Value, Words, kind_of
from dslc.frozen import Frozen
from dslc.syntax import ast
from dslc.syntax.ast import Definition, Parameter

PADDINGS = ("same", "valid")


class Range(Frozen):
    """`wanted` is what a message calls it; `read` gives what the definition sees, None for what is outside."""

    wanted: str
    read: Callable[[Value], Value | None]


def _numbers(wanted: str, holds: Callable[[Plain], bool]) -> Range:
    return Range(wanted, lambda value: value if isinstance(value, Number) and holds(value.value) else None)


RANGES: Mapping[str, Range] = {
    "positive": _numbers("a number above 0", lambda value: not isinstance(value, bool) and value > 0),
    "share": _numbers("a share from 0 to below 1", lambda value: not isinstance(value, bool) and 0 <= value < 1),
    "count": _numbers("a whole number above 0", lambda value: not isinstance(value, bool) and value == int(value) > 0),
    "switch": _numbers("`true` or `false`", lambda value: isinstance(value, bool)),
    "text": Range("a text", lambda value: value if isinstance(value, Words) else None),
    "layer": Range("a layer without its input", lambda value: value if isinstance(value, Callable_) else None),
}

KINDS = frozenset({*RANGES, "size", "margin", "padding"})
"""What a type may say besides a tensor's shape and its classes."""


def range_of(kind: ast.Kind) -> Range:
    """The range that a parameter's type names."""
    if kind.name.text in RANGES:
        return RANGES[kind.name.text]
    axes = _axes(kind)
    if kind.name.text == "size":
        return Range(_of_axes("a whole number above 0", axes), lambda value: _each(value, axes, 1))
    margin = Range(_of_axes("a whole number from 0", axes), lambda value: _each(value, axes, 0))
    if kind.name.text == "margin":
        return margin

    def padding(value: Value) -> Value | None:
        return value if isinstance(value, Words) and value.text in PADDINGS else margin.read(value)

    return Range(f"`same`, `valid`, or {margin.wanted}", padding)


def _axes(kind: ast.Kind) -> int:
    """`2` of `size(2)`."""
    value = kind.arguments[0].value if len(kind.arguments) == 1 else None
    if not isinstance(value, ast.Number) or value.value not in range(1, 9):
        raise Fault(OutsideRange(kind.span, kind.name.text, "axes", "a whole number from 1 to 8", kind.span.text))
    return int(value.value)


def _of_axes(number: str, axes: int) -> str:
    return number if axes == 1 else f"{number} for each of {axes} axes, such as `{'x'.join(['3'] * axes)}`"


def _each(value: Value, axes: int, least: int) -> Value | None:
    """The size, or a number repeated for each axis."""
    match value:
        case Number(value=number) if not isinstance(number, bool) and number == int(number):
            dims = (int(number),) * axes
        case SizeOf(dims=dims):
            pass
        case _:
            return None
    return SizeOf(dims) if len(dims) == axes and min(dims) >= least else None


def within(definition: Definition, parameter: Parameter, kind: ast.Kind, argument: Bound) -> Value:
    """The argument as the definition sees it. Raises Fault where it is outside of its range, or Cascade for poison."""
    value, wanted, name = argument.value, range_of(kind), kind.name.text
    if isinstance(value, Poison):
        raise Cascade
    if isinstance(value, Tensor) and name != "layer":
        return value
    read = wanted.read(value)
    if read is not None:
        return read
    found = str(value.value).lower() if isinstance(value, Number) else kind_of(value)
    percent = name == "share" and isinstance(value, Number) and value.value in range(10, 100)
    raise Fault(
        OutsideRange(
            argument.span,
            definition.name.text,
            parameter.name.text,
            wanted.wanted,
            found,
            f"write `{found}%`" if percent else None,
        )
    )
