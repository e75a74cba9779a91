"""Sums, means, extrema and tail sums: over axes by name, over the leading axes, the batch, or all examples of a part.

sum(exp(x) over c)           the axis that a parameter's shape calls `c`
mean(x over ..)              the axes before those that have names
mean(x over batch, ..)       and the rows of the batch: one value for all of them
mean(e^2 over examples)      all rows of a part, by their weights; in metrics
mean(e^2 over examples, ..)  and all elements of each
tail_sum(v, score)           the sum of v over the rows of a part that score as high; in metrics
tail_sum(v, score over ..)   and over the axes before those that have names
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslc.diagnostics import NotYet
from dslc.elaborate import batching
from dslc.elaborate.arithmetic import as_tensor, operand
from dslc.elaborate.errors import Cascade, Fault, Misplaced, MixedLevels, NoAxis, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import Number
from dslc.elaborate.totals import Totals
from dslc.elaborate.values import Bound, Poison, Tensor, Value, kind_of
from dslc.elaborate.whole_part import RANKS, WholePart
from dslc.ops.reduce import ReduceKind
from dslc.source import Span
from dslc.syntax.ast import Leading, Name

BATCH = "batch"


def tensor(bound: Bound) -> Tensor:
    """The argument as a tensor. Raises Fault for anything else, Cascade for poison."""
    match bound.value:
        case Tensor():
            return bound.value
        case Poison():
            raise Cascade
        case _:
            raise Fault(Unexpected(bound.span, kind_of(bound.value), "a tensor"))


def reduced(frame: Frame, kind: ReduceKind | None, of: Bound, over: Sequence[Name | Leading], span: Span) -> Value:
    """The argument over these axes, over all of an example's where there are none; `kind` None is the mean."""
    names = [axis.text if isinstance(axis, Name) else ".." for axis in over]
    if names in (["examples"], ["examples", ".."]):
        return _over_examples(frame, kind, of, over, span)
    value = tensor(of)
    places = [place for axis in over for place in _places(frame, value, axis)] if over else None
    batch = next((axis.span for axis, name in zip(over, names, strict=True) if name == BATCH), None)
    frame.locate(span)
    if batch is not None:
        _check_batch(frame, value, batch)
    if kind is None:
        return batching.mean(value, places, frame.here(span), batch is not None)
    return batching.reduce(kind, value, places, frame.here(span), batch is not None)


def _places(frame: Frame, value: Tensor, axis: Name | Leading) -> Iterator[int]:
    """Where, from the right, the axes stand."""
    if isinstance(axis, Leading):
        yield from range(-batching.rank(value), -_named(frame))
    elif axis.text != BATCH:
        yield _place(frame, value, axis)


def _place(frame: Frame, value: Tensor, name: Name) -> int:
    """Where the axis stands that a parameter's shape gave this name."""
    extent = frame.scope.find(name.text)
    if not isinstance(extent, Number) or extent.axis is None:
        raise Fault(NoAxis(name.span, name.text, "this place"))
    if batching.extent_at(value, extent.axis) != extent.value:
        raise Fault(NoAxis(name.span, name.text, batching.described(value)))
    return extent.axis


def _named(frame: Frame) -> int:
    """How many trailing axes the definition's patterns have names for."""
    values = (frame.scope.find(name) for name in frame.scope.names())
    return max((-value.axis for value in values if isinstance(value, Number) and value.axis is not None), default=0)


def _check_batch(frame: Frame, value: Tensor, span: Span) -> None:
    """Only a batch of training has rows that may know of one another, and what a loss compares."""
    if not frame.training and not frame.heads:
        raise Fault(Misplaced(span, "`over batch`", "a prediction, which is about one row: ask `if training` before"))
    if frame.memory is not None:
        raise Fault(Misplaced(span, "`over batch`", "a step of a scan"))
    if not value.batched:
        raise Fault(NoAxis(span, BATCH, batching.described(value)))


def _over_examples(
    frame: Frame, kind: ReduceKind | None, of: Bound, over: Sequence[Name | Leading], span: Span
) -> Value:
    """A sum of weighted quantities over all examples: evaluated in one graph, used in the one after it."""
    name = over[0].span
    if frame.totals is None:
        raise Fault(Misplaced(name, "`over examples`", "anything but a metric"))
    if kind not in (None, ReduceKind.SUM):
        raise Fault(NotYet(name, "an extremum over examples"))
    value = operand(of.value, of.span)
    if isinstance(value, Tensor) and isinstance(frame.totals, Totals) and frame.totals.is_total(value):
        raise Fault(MixedLevels(of.span))
    frame.locate(span)
    return frame.totals.gather(value, kind is None, frame.here(span), pooled=len(over) > 1)


def tail_sum(frame: Frame, values: Bound, score: Bound, over: Sequence[Name | Leading], span: Span) -> Value:
    """For each row the sum of example weight times value over the rows that score as high, of each element by itself.

    Over the leading axes as well, an example's weight is shared among their places.
    """
    if not isinstance(frame.totals, WholePart):
        raise Fault(Misplaced(frame.here(span), f"`{RANKS}`", "anything but a metric"))
    key = tensor(score)
    for axis in over:
        if isinstance(axis, Name):
            raise Fault(Unexpected(axis.span, f"the axis `{axis.text}`", "`..` alone"))
    leading = len([place for axis in over for place in _places(frame, key, axis)])
    frame.locate(span)
    value = as_tensor(key.home, operand(values.value, values.span), frame.here(span))
    return batching.tail_sum(value, key, leading, frame.here(span))
