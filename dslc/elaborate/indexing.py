"""Index notation: `y[i: rows, f] = sum((x[i * stride + u, c] or 0) * k[u, c, f] over u, c)`, one contraction.

In brackets stand whole numbers times indices, and sums of them. An index takes its extent from the axis that it walks
alone, or from its declaration. What is read beyond an axis is an error, unless it is marked `or 0`. A read without a
sum is a copy, a part or a transpose; under `max` or `min` one read makes windows, beyond which lie `-inf` or `inf`.
The batch is no index: the formula is about one example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, prod

from dslc.diagnostics import NotYet
from dslc.elaborate import batching, static
from dslc.elaborate.arithmetic import as_tensor, operand
from dslc.elaborate.errors import BadSize, Cascade, Duplicate, Fault, IndexExtent, IndexForm, IndexRange, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import Number
from dslc.elaborate.survey import references
from dslc.elaborate.values import Poison, Tensor, kind_of
from dslc.frozen import Frozen
from dslc.ops.contract import Contract
from dslc.ops.reduce import ReduceKind
from dslc.scalar import functions
from dslc.scalar.affine import Access, Affine, identity
from dslc.scalar.types import ROWS, Shape
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import BinaryOp, UnaryOp


class Place(Frozen):
    """An index expression: the sum of `weights[name]` times the index, and `constant`."""

    weights: Mapping[str, int]
    constant: int
    span: Span

    @property
    def bare(self) -> str | None:
        """The index that stands here alone."""
        names = list(self.weights)
        return names[0] if list(self.weights.values()) == [1] and self.constant == 0 else None


class Reading(Frozen):
    """A tensor at one place for each axis; `outside` is what lies beyond it, None where nothing does."""

    tensor: Tensor
    places: tuple[Place, ...]
    outside: float | None


class Formula(Frozen):
    """The parts of a definition: its own indices, those that `how` (sum, mean, max, min) goes over, and the factors."""

    own: tuple[str, ...]
    over: tuple[str, ...]
    readings: tuple[Reading, ...]
    factors: tuple[Number | Tensor, ...]
    how: str


BEYOND = {"sum": 0.0, "mean": 0.0, "max": -inf, "min": inf}
"""What may be said to lie outside: what changes nothing."""

SAID = {0.0: "0", -inf: "-inf", inf: "inf"}


def define(frame: Frame, target: ast.Read, value: ast.Expression) -> Tensor:
    """The tensor that `target = value` defines, its axes those of the target's indices. Raises Fault, or Cascade."""
    declared = dict(_declared(frame, target))
    own = tuple(declared)
    for axis in value.over if isinstance(value, ast.Call) else ():
        if isinstance(axis, ast.Declared):
            declared[axis.name.text] = static.extent(frame, axis.extent)
    formula = _formula(frame, own, value)
    extents = _extents(formula, declared, target.span)
    for reading in formula.readings:
        _check_range(reading, extents)
    frame.locate(value.span)
    span = frame.here(value.span)
    if formula.how in ("max", "min"):
        return _window(formula, extents, span)
    result = _contract(formula, extents, span)
    if formula.how == "mean":
        count = prod(extents[name] for name in formula.over)
        result = batching.map_(functions.divide, (result, batching.constant(result.home, count, span)), span)
    for factor in formula.factors:
        result = batching.map_(functions.multiply, (result, as_tensor(result.home, factor, span)), span)
    return result


def _declared(frame: Frame, target: ast.Read) -> Iterator[tuple[str, int | None]]:
    """The target's indices, each with its extent if it states one."""
    seen: dict[str, Span] = {}
    for index in target.indices:
        match index:
            case ast.Declared(name=name, extent=extent):
                size: int | None = static.extent(frame, extent)
            case ast.Name() as name:
                size = None
            case _:
                raise Fault(IndexForm(index.span, f"`{index.span.text}` is no index of its own", "name it: `y[i, j]`"))
        if name.text in seen:
            raise Fault(Duplicate(name.span, f"the index `{name.text}`", seen[name.text]))
        seen[name.text] = name.span
        yield name.text, size


def _formula(frame: Frame, own: tuple[str, ...], value: ast.Expression) -> Formula:
    body, over, how = value, tuple[str, ...](), "sum"
    match value:
        case ast.Call(callee=ast.Name(text=word), arguments=(ast.Argument(name=None, value=inner),)) if value.over:
            if word not in BEYOND:
                raise Fault(IndexForm(value.callee.span, f"`{word}` goes over no indices", FORM))
            body, how = inner, word
            over = tuple(_gone_over(value.over, own))
        case _:
            pass
    names = {*own, *over}
    readings: list[Reading] = []
    factors: list[Number | Tensor] = []
    for factor in _factors(body):
        match factor:
            case ast.Read():
                readings.append(_reading(frame, factor, names, None))
            case ast.Binary(op=BinaryOp.OR, left=ast.Read() as read, right=beyond) if _number(beyond) is not None:
                if _number(beyond) != BEYOND[how]:
                    said = f"`or {SAID[BEYOND[how]]}` does not"
                    raise Fault(IndexForm(beyond.span, f"`{beyond.span.text}` would change a {how}", said))
                readings.append(_reading(frame, read, names, BEYOND[how]))
            case _ if references(factor) & names:
                raise Fault(IndexForm(factor.span, "this is neither a read nor a product of reads", FORM))
            case _:
                found = frame.evaluate(factor)
                if isinstance(found, Poison):
                    raise Cascade
                factors.append(_single(operand(found, factor.span), factor.span))
    if not readings:
        raise Fault(IndexForm(value.span, "the formula reads no tensor", FORM))
    if how in ("max", "min") and (len(readings) > 1 or factors):
        raise Fault(IndexForm(body.span, f"a window under `{how}` is of one read", FORM))
    return Formula(own, over, tuple(readings), tuple(factors), how)


def _gone_over(axes: Sequence[ast.Name | ast.Declared | ast.Leading], own: tuple[str, ...]) -> Iterator[str]:
    """The names after `over`: each once, and none of what is defined."""
    seen = set(own)
    for axis in axes:
        if isinstance(axis, ast.Leading):
            raise Fault(IndexForm(axis.span, "`..` is no index", "name each: `over u, v`"))
        name = axis if isinstance(axis, ast.Name) else axis.name
        if name.text in seen:
            raise Fault(IndexForm(name.span, f"`{name.text}` is an index already", "go over one of another name"))
        seen.add(name.text)
        yield name.text


def _number(expression: ast.Expression) -> float | None:
    """`0`, `inf` or `-inf`, as what lies outside is written."""
    match expression:
        case ast.Number(value=value):
            return float(value)
        case ast.Name(text="inf"):
            return inf
        case ast.Unary(op=UnaryOp.MINUS, operand=ast.Name(text="inf")):
            return -inf
        case _:
            return None


FORM = "a formula in index notation is one read, a `sum` or `mean` of a product of reads, or the `max` or `min` of one"


def _single(value: Number | Tensor, span: Span) -> Number | Tensor:
    """A factor without indices is one number."""
    if isinstance(value, Tensor) and value.shape:
        raise Fault(
            IndexForm(span, f"{batching.described(value)} stands without indices", "one index stands for each axis")
        )
    return value


def _factors(expression: ast.Expression) -> Iterator[ast.Expression]:
    pending = [expression]
    while pending:
        match factor := pending.pop():
            case ast.Binary(op=BinaryOp.MULTIPLY, left=left, right=right):
                pending += [right, left]
            case _:
                yield factor


def _reading(frame: Frame, read: ast.Read, names: set[str], outside: float | None) -> Reading:
    value = frame.evaluate(read.value)
    if isinstance(value, Poison):
        raise Cascade
    if not isinstance(value, Tensor):
        raise Fault(Unexpected(read.value.span, kind_of(value), "a tensor"))
    if len(read.indices) != len(value.shape):
        count = len(read.indices)
        found = f"`{read.span.text}` has {count} {'index' if count == 1 else 'indices'} for {batching.described(value)}"
        raise Fault(IndexForm(read.span, found, "one index stands for each axis"))
    return Reading(batching.as_real(value), tuple(_place(frame, index, names) for index in read.indices), outside)


def _place(frame: Frame, index: ast.Index, names: set[str]) -> Place:
    if isinstance(index, ast.Declared | ast.SliceOf | ast.Leading):
        raise Fault(NotYet(index.span, "a part of an axis in index notation"))
    weights, constant = _affine(frame, index, names)
    return Place({name: weight for name, weight in weights.items() if weight}, constant, index.span)


def _affine(frame: Frame, index: ast.Expression, names: set[str]) -> tuple[dict[str, int], int]:
    match index:
        case ast.Name(text=text) if text in names:
            return {text: 1}, 0
        case ast.Binary(op=BinaryOp.ADD | BinaryOp.SUBTRACT as op, left=left, right=right):
            sign = 1 if op is BinaryOp.ADD else -1
            (one, first), (other, second) = (_affine(frame, side, names) for side in (left, right))
            both = {name: one.get(name, 0) + sign * other.get(name, 0) for name in (*one, *other)}
            return both, first + sign * second
        case ast.Binary(op=BinaryOp.MULTIPLY, left=left, right=right):
            (one, first), (other, second) = (_affine(frame, side, names) for side in (left, right))
            if one and other:
                raise _no_index(index)
            return {
                name: weight * (second if one else first) for name, weight in (one or other).items()
            }, first * second
        case ast.Unary(op=UnaryOp.MINUS, operand=inner):
            weights, constant = _affine(frame, inner, names)
            return {name: -weight for name, weight in weights.items()}, -constant
        case _ if references(index) & names:
            raise _no_index(index)
        case _:
            limit = static.LARGEST_EXTENT
            return {}, static.whole(frame, frame.evaluate(index), "an index", index.span, -limit, limit)


def _no_index(index: ast.Expression) -> Fault:
    return Fault(
        IndexForm(index.span, f"`{index.span.text}` is no index", "an index is a sum of whole numbers times indices")
    )


def _extents(formula: Formula, declared: Mapping[str, int | None], span: Span) -> dict[str, int]:
    """How many values each index takes. Raises Fault where nothing says so, or two axes say different things."""
    found = {name: extent for name, extent in declared.items() if extent is not None}
    stated = set(found)
    for reading in formula.readings:
        for place, extent in zip(reading.places, reading.tensor.shape, strict=True):
            name = place.bare
            if name is None or name in stated:
                continue
            if found.setdefault(name, extent) != extent:
                raise Fault(IndexExtent(place.span, name, f"takes {found[name]} values and {extent}"))
    for name in (*formula.own, *formula.over):
        if name not in found:
            advice = f"declare it: `y[{name}: 8]`" if name in formula.own else f"declare it: `over {name}: 2`"
            raise Fault(IndexExtent(span, name, "takes values that nothing counts", advice))
    total = prod(found.values())
    if total > static.LARGEST_EXTENT:
        raise Fault(BadSize(span, "the formula", f"of at most {static.LARGEST_EXTENT} products", f"{total}"))
    return found


def _check_range(reading: Reading, extents: Mapping[str, int]) -> None:
    for place, extent in zip(reading.places, reading.tensor.shape, strict=True):
        low, high = _range(place, extents)
        beyond = max(-low, high) > static.LARGEST_EXTENT  # what is compiled counts in 64 bits
        if beyond or ((low < 0 or high >= extent) and reading.outside is None):
            raise Fault(IndexRange(place.span, place.span.text, low, high, extent))


def _range(place: Place, extents: Mapping[str, int]) -> tuple[int, int]:
    """The least and the greatest value of an index expression."""
    ends = [weight * (extents[name] - 1) for name, weight in place.weights.items()]
    return place.constant + sum(min(0, end) for end in ends), place.constant + sum(max(0, end) for end in ends)


def _stays(reading: Reading, extents: Mapping[str, int]) -> bool:
    ranges = (_range(place, extents) for place in reading.places)
    return all(low >= 0 and high < n for (low, high), n in zip(ranges, reading.tensor.shape, strict=True))


def _window(formula: Formula, extents: Mapping[str, int], span: Span) -> Tensor:
    """The greatest or least of each window, which are first laid out side by side."""
    windows = formula.replaced(own=(*formula.own, *formula.over), over=())
    laid, (reading,) = _contract(windows, extents, span), formula.readings
    if reading.outside is not None and not _stays(reading, extents):
        home = laid.home
        ones = batching.spread(batching.constant(home, 1.0, span), reading.tensor.shape, False)
        inside = _contract(windows.replaced(readings=(reading.replaced(tensor=ones),)), extents, span)
        there = batching.map_(functions.greater, (inside, batching.constant(home, 0.0, span)), span)
        beyond = batching.constant(home, reading.outside, span)
        laid = batching.map_(functions.where, (there, laid, beyond), span)
    kind = ReduceKind.MAX if formula.how == "max" else ReduceKind.MIN
    found = batching.reduce(kind, laid, range(-len(formula.over), 0), span)
    return replace(found, holes=())


def _contract(formula: Formula, extents: Mapping[str, int], span: Span) -> Tensor:
    tensors = [reading.tensor for reading in formula.readings]
    home, batched = batching.common_home(tensors, span), any(t.batched for t in tensors)
    loops = (*formula.own, *formula.over)
    own = tuple(extents[name] for name in formula.own)
    shape: Shape = (*((ROWS,) if batched else ()), *own)
    whole: Shape = (*shape, *(extents[name] for name in formula.over))
    out = identity(len(whole))[: len(shape)]
    operands = tuple(_access(reading, loops, batched) for reading in formula.readings)
    node = home.add(Contract(whole, operands, out, shape), *(t.node for t in tensors))
    return Tensor(home, node, own, batched, span)


def _access(reading: Reading, loops: Sequence[str], batched: bool) -> Access:
    row = (Affine((1, *(0 for _ in loops))),) if reading.tensor.batched else ()
    lead = (0,) if batched else ()
    return (*row, *(Affine((*lead, *(p.weights.get(n, 0) for n in loops)), p.constant) for p in reading.places))
