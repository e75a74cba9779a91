"""Numbers that are known before training, and how they follow from `let`s.

A number is static where a size, a count or a condition needs it; in a formula it becomes a constant, or, if
it follows from a `let`, an expression over the let's run-time leaf. Python computes it either way, so both
are the same number.

>>> half = apply(functions.divide, Number(1), Number(2))
>>> half.value
0.5
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dslc.frozen import Frozen
from dslc.scalar import functions
from dslc.scalar.functions import ScalarFunction

Plain: TypeAlias = int | float | bool

LARGEST = 2**62
"""No whole number beyond this enters a computation."""


class OutOfRange(ValueError):
    """A computation on numbers that has no finite result within the limits."""


class FromLet(Frozen):
    name: str


class Applied(Frozen):
    function: ScalarFunction
    arguments: tuple[Number, ...]


class Number(Frozen):
    """A whole number, a real or a truth.

    `axis` is given for the extent of a named axis: its place from the right, -1 the last.
    """

    value: Plain
    term: FromLet | Applied | None = None
    lets: frozenset[str] = frozenset()
    axis: int | None = None


_WHOLE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "maximum": max,
    "minimum": min,
}


def apply(function: ScalarFunction, *arguments: Number) -> Number:
    """The function of numbers; whole numbers stay whole where the result is whole. Raises OutOfRange."""
    values = [argument.value for argument in arguments]
    lets = frozenset[str]().union(*(argument.lets for argument in arguments))
    term = Applied(function, arguments) if lets else None
    return Number(_value(function, values), term, lets)


def _value(function: ScalarFunction, values: list[Plain]) -> Plain:
    result: Plain
    if len(values) == 2 and all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        first, second = int(values[0]), int(values[1])
        if function.name in _WHOLE:
            result = _WHOLE[function.name](first, second)
            return _bounded(result)
        if function is functions.power and second >= 0:
            if abs(first) > 1 and second > 64:
                raise OutOfRange("the power is too large")
            return _bounded(first**second)
    if function is functions.negate and isinstance(values[0], int):
        return -values[0]
    if function.name.startswith("logical"):
        return bool(function.meaning(*(np.bool_(v) for v in values)))
    with np.errstate(all="ignore"):
        computed = function.meaning(*(np.float64(v) for v in values)).item()
    if isinstance(computed, float) and not np.isfinite(computed):
        raise OutOfRange(f"{function.name} has no finite value here")
    return computed if isinstance(computed, bool | int | float) else float(computed)


def whole_division(dividend: int, divisor: int) -> int:
    """`a // b`, rounding down. Raises OutOfRange for a divisor of 0."""
    if divisor == 0:
        raise OutOfRange("division by 0")
    return dividend // divisor


def _bounded(value: int) -> int:
    if abs(value) > LARGEST:
        raise OutOfRange("the number is too large")
    return value
