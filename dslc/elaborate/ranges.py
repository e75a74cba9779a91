"""`rate: positive`, `share: share`: the numbers that a definition takes, each with its range.

A value that follows from the run, such as a schedule's, is not known here and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dslc.elaborate.errors import Cascade, Fault, OutsideRange
from dslc.elaborate.numbers import Number, Plain
from dslc.elaborate.values import Bound, Poison, Tensor, kind_of
from dslc.frozen import Frozen
from dslc.syntax.ast import Definition, Parameter


class Range(Frozen):
    """`wanted` is what a message calls it."""

    wanted: str
    holds: Callable[[Plain], bool]


RANGES: Mapping[str, Range] = {
    "positive": Range("a number above 0", lambda value: not isinstance(value, bool) and value > 0),
    "share": Range("a share from 0 to below 1", lambda value: not isinstance(value, bool) and 0 <= value < 1),
    "count": Range("a whole number above 0", lambda value: not isinstance(value, bool) and value == int(value) > 0),
    "switch": Range("`true` or `false`", lambda value: isinstance(value, bool)),
}


def within(definition: Definition, parameter: Parameter, name: str, argument: Bound) -> None:
    """Holds the argument against the range of this name. Raises Fault, or Cascade for poison."""
    value, wanted = argument.value, RANGES[name]
    if isinstance(value, Poison):
        raise Cascade
    if isinstance(value, Tensor) or (isinstance(value, Number) and wanted.holds(value.value)):
        return
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
