"""Operations on values per example, as nodes that may carry the batch axis.

The one place that knows about that axis: shapes and axes are per example here; a node of a batched value has
ROWS before them. Shapes meet from the right: trailing axes must be equal, an axis of size 1 never stretches,
a single number meets everything. What a value lacks, the batch axis included, `expand` supplies.

A value that was reduced over a named axis remembers the place as a hole: `exp(x) / sum(exp(x) over c)` meets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TypeAlias

from dslc.diagnostics import Label
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import BadSize, ClassesAsNumbers, Fault, MixedLevels, NoAxis, ShapeMismatch
from dslc.elaborate.values import Tensor, kind_of, shape_of
from dslc.graph.graph import NodeId, Op, TensorType
from dslc.ops.contract import contraction
from dslc.ops.gather import Gather
from dslc.ops.leaf import Constant, Iota, LeafRole
from dslc.ops.map import Map
from dslc.ops.random import Distribution, Random, RandomOrthonormal
from dslc.ops.reduce import Argmax, Reduce, ReduceKind
from dslc.ops.structure import Concat, Expand, Reshape, Slice
from dslc.ops.tail import TailSum
from dslc.scalar import functions
from dslc.scalar.functions import ScalarFunction
from dslc.scalar.random import stream
from dslc.scalar.types import ROWS, DType, Shape, number
from dslc.source import Span

Aligned: TypeAlias = tuple[int | None, ...]
"""A shape per example with None for the holes."""

_LOGIC = (functions.logical_and, functions.logical_or, functions.logical_not)
_EQUALITY = (functions.equal, functions.not_equal)
_ORDER = (functions.less, functions.less_equal, functions.greater, functions.greater_equal)


def map_(function: ScalarFunction, operands: Sequence[Tensor], span: Span) -> Tensor:
    """The function on every element of operands that meet. Raises Fault where they do not."""
    home = common_home(operands, span)
    aligned = _align(operands, span)
    shape = tuple(extent for extent in aligned if extent is not None)
    batched = any(t.batched for t in operands)
    cast = _cast(function, operands)
    nodes = [_spread(t, aligned, batched) for t in cast]
    return Tensor(home, home.add(Map(function), *nodes), shape, batched, span, _holes(aligned))


def scalar(home: Draft, node: NodeId, span: Span) -> Tensor:
    """A [] node as a value."""
    return Tensor(home, node, (), False, span)


def common_home(operands: Sequence[Tensor], span: Span) -> Draft:
    home = operands[0].home
    if any(t.home is not home for t in operands):
        raise Fault(MixedLevels(span))
    return home


def as_real(t: Tensor) -> Tensor:
    """Whole numbers and conditions (0, 1) as reals. Raises Fault for classes that nothing declares to be 0 and 1."""
    if t.classes is not None and not t.zero_one:
        raise Fault(ClassesAsNumbers(t.home.builder.origin.span, t.maker, t.classes, t.span))
    return _real(t)


def as_int(t: Tensor) -> Tensor:
    """A condition as 0 or 1."""
    one, zero = (
        spread(scalar(t.home, t.home.add(Constant(k, DType.INT)), t.span), t.shape, t.batched).node for k in (1, 0)
    )
    return replace(t, node=t.home.add(Map(functions.where), t.node, one, zero))


def spread(t: Tensor, shape: tuple[int, ...], batched: bool) -> Tensor:
    """The value stretched to a shape that it meets, and along the batch. Raises Fault where it does not meet."""
    aligned = _align([t], t.span, shape)
    if tuple(aligned) != shape:
        raise Fault(ShapeMismatch(t.span, described(t), shape_of(shape)))
    return replace(t, node=_spread(t, aligned, batched), shape=shape, batched=batched, holes=())


def reduce(kind: ReduceKind, t: Tensor, places: Sequence[int] | None, span: Span, batch: bool = False) -> Tensor:
    """Over the axes at `places` from the right (their holes counted), or over all axes per example.

    With `batch` over the rows of a batched value as well: the result is one for all of them.
    """
    full = _full(t)
    chosen = range(-len(full), 0) if places is None else places
    axes = tuple(sorted(_axis(full, place) for place in chosen if full[place] is not None))
    rest = tuple(None if k - len(full) in chosen else extent for k, extent in enumerate(full))
    value = as_real(t)
    whole = (*((0,) if batch else ()), *(a + t.batched for a in axes))
    node = t.home.add(Reduce(kind, whole), value.node) if whole else value.node
    shape = tuple(extent for extent in rest if extent is not None)
    return Tensor(t.home, node, shape, t.batched and not batch, span, _holes(rest))


def rank(t: Tensor) -> int:
    """How many axes there are, holes counted."""
    return len(_full(t))


def extent_at(t: Tensor, place: int) -> int | None:
    """The extent of the axis at `place` from the right, holes counted; None where there is none."""
    full = _full(t)
    return full[place] if -len(full) <= place < 0 else None


def mean(t: Tensor, places: Sequence[int] | None, span: Span, batch: bool = False) -> Tensor:
    """Over the same as `reduce`; of a batch over the rows that are present."""
    total = reduce(ReduceKind.SUM, t, places, span, batch)
    count = prod(t.shape) // prod(total.shape) if total.shape else prod(t.shape)
    divisors = [constant(t.home, count, span)] if count != 1 else []
    divisors += [scalar(t.home, t.home.clock("rows"), span)] if batch else []
    for divisor in divisors:
        total = map_(functions.divide, (total, divisor), span)
    return total


def constant(home: Draft, value: float, span: Span) -> Tensor:
    return scalar(home, home.add(Constant(float(value), DType.REAL)), span)


def argmax(t: Tensor, span: Span) -> Tensor:
    """Along the last axis: INT, ties to the first."""
    if not t.shape:
        raise Fault(NoAxis(span, "last", described(t)))
    node = t.home.add(Argmax(len(t.shape) - 1 + t.batched), t.node)
    return Tensor(t.home, node, t.shape[:-1], t.batched, span)


def matrix_product(left: Tensor, right: Tensor, span: Span) -> Tensor:
    """`[.., m, k] @ [.., k, n]`, leading axes paired; `[.., k] @ [k, n]` and `[.., k] @ [k]` as well."""
    home = common_home((left, right), span)
    left, right = as_real(left), as_real(right)
    if not left.shape or not right.shape:
        raise _misfit(left, right, span)
    paired = max(len(right.shape) - 2, 0)
    inner = right.shape[-2] if len(right.shape) > 1 else right.shape[0]
    lead, columns = left.shape[:-1], right.shape[-1:] if len(right.shape) > 1 else ()
    if left.shape[-1] != inner or (paired and lead[:paired] != right.shape[:paired]) or paired > len(lead):
        raise _misfit(left, right, span)
    batched = left.batched or right.batched
    rows = (0,) if batched else ()
    lead_indices = tuple(range(len(rows), len(rows) + len(lead)))
    last = len(rows) + len(lead) + len(columns)
    out = (*rows, *range(len(rows), last))
    extents: Shape = (*((ROWS,) if batched else ()), *lead, *columns, inner)
    on_left = (*(rows if left.batched else ()), *lead_indices, last)
    on_right = (*(rows if right.batched else ()), *lead_indices[:paired], last, *range(last - len(columns), last))
    node = home.add(contraction((on_left, on_right), out, extents), left.node, right.node)
    return Tensor(home, node, (*lead, *columns), batched, span)


def gather(t: Tensor, index: Tensor, span: Span) -> Tensor:
    """`t[index]`: along the last axis of t, one index for each of its leading positions."""
    home = common_home((t, index), span)
    if not t.shape or t.shape[:-1] != index.shape:
        raise Fault(ShapeMismatch(span, described(t), f"the index {described(index)}", _ends(t, index)))
    batched = t.batched or index.batched
    source, chosen = spread(t, t.shape, batched), spread(index, index.shape, batched)
    node = home.add(Gather(len(index.shape) + batched), source.node, chosen.node)
    return Tensor(home, node, index.shape, batched, span)


def rows(t: Tensor, ids: Tensor, span: Span) -> Tensor:
    """`t[ids, ..]`: the part of t along its first axis that each id names, in the id's place."""
    home = common_home((t, ids), span)
    batched = t.batched or ids.batched
    chosen = spread(ids, ids.shape, True) if t.batched else ids
    node = home.add(Gather(int(t.batched)), t.node, chosen.node)
    return Tensor(home, node, (*ids.shape, *t.shape[1:]), batched, span)


def one_hot(ids: Tensor, count: int, span: Span) -> Tensor:
    """[.., count] of ids [..]: 1 at the place that the id names, else 0."""
    home, rank = ids.home, len(ids.shape) + ids.batched
    shape = (*ids.shape, count)
    whole = _batch(shape, ids.batched)
    spread_ids = home.add(Expand(whole, tuple(range(rank))), ids.node)
    places = home.add(Expand(whole, (rank,)), home.add(Iota(count)))
    same = home.add(Map(functions.equal), spread_ids, places)
    return _real(Tensor(home, same, shape, ids.batched, span))


def index(home: Draft, count: int, span: Span) -> Tensor:
    """0, 1, .. count - 1 as reals."""
    return _real(Tensor(home, home.add(Iota(count)), (count,), False, span))


def reshape(t: Tensor, shape: tuple[int, ...], span: Span) -> Tensor:
    """The same elements, row-major, in another shape per example."""
    if prod(shape) != prod(t.shape):
        found = f"{shape_of(shape)} of {prod(shape)}"
        raise Fault(BadSize(span, "the new shape", f"of {prod(t.shape)} elements, as {described(t)}", found))
    if shape == t.shape:
        return replace(t, holes=())
    return Tensor(t.home, t.home.add(Reshape(_batch(shape, t.batched)), t.node), shape, t.batched, span)


def part(t: Tensor, taken: Sequence[range], span: Span) -> Tensor:
    """Of each axis the places of a range."""
    shape = tuple(map(len, taken))
    if shape == t.shape:
        return replace(t, holes=())
    rows = ((0, ROWS, 1),) if t.batched else ()
    starts, stops, steps = zip(*rows, *((r.start, r.stop, r.step) for r in taken), strict=True)
    return Tensor(t.home, t.home.add(Slice(starts, stops, steps), t.node), shape, t.batched, span)


def concat(parts: Sequence[Tensor], span: Span) -> Tensor:
    """Along the last axis, a number being one of them; the others are equal. Raises Fault where they are not."""
    home, batched = common_home(parts, span), any(t.batched for t in parts)
    parts = [t if t.shape else reshape(t, (1,), span) for t in parts]
    first = parts[0]
    for other in parts:
        if other.shape[:-1] != first.shape[:-1]:
            raise Fault(ShapeMismatch(span, described(first), described(other), _ends(first, other)))
    nodes = [spread(as_real(t), t.shape, batched).node for t in parts]
    shape = (*first.shape[:-1], sum(t.shape[-1] for t in parts))
    return Tensor(home, home.add(Concat(len(shape) - 1 + batched), *nodes), shape, batched, span)


def draw(home: Draft, distribution: Distribution, path: str, shape: tuple[int, ...], span: Span) -> Tensor:
    """Random numbers of `shape` for every example, from the stream named by the call path."""
    op = Random(distribution, stream(path), (ROWS, *shape))
    node = home.add(op, home.clock("seed", DType.INT), home.clock("epoch", DType.INT), home.row_ids())
    return Tensor(home, node, shape, True, span)


def draw_once(home: Draft, op: Random | RandomOrthonormal, span: Span) -> Tensor:
    """Random numbers for a weight: no batch axis, epoch 0."""
    epoch = home.add(Constant(0, DType.INT))
    shape = tuple(number(extent) for extent in op.shape)
    return Tensor(home, home.add(op, home.clock("seed", DType.INT), epoch), shape, False, span)


def over_examples(t: Tensor, span: Span) -> NodeId:
    """Real: the sum over the batch's rows of example weight times the value."""
    return t.home.add(Reduce(ReduceKind.SUM, (0,)), _weighed(t, t.shape, span).node)


def tail_sum(t: Tensor, score: Tensor, leading: int, span: Span) -> Tensor:
    """Real: for each row, of weight times value, the sum over those whose score is as high as its own.

    The first `leading` axes are ranked together with the rows. The value meets the score's shape, or Fault is raised.
    """
    home, shape = common_home((t, score), span), score.shape
    weighted, count = _weighed(t, shape, span), prod(shape[:leading])
    if count != 1:
        weighted = map_(functions.divide, (weighted, constant(home, count, span)), span)
    keys = spread(as_real(score), shape, True)
    node = home.add(TailSum(1 + leading), weighted.node, keys.node)
    return Tensor(home, node, shape, True, span, score.holes)


def _weighed(t: Tensor, shape: tuple[int, ...], span: Span) -> Tensor:
    """Real [rows, *shape]: example weight times the value."""
    weight = t.home.leaf(LeafRole.EXAMPLE_WEIGHT, "", TensorType((ROWS,)))
    return map_(functions.multiply, (spread(as_real(t), shape, True), Tensor(t.home, weight, (), True, span)), span)


def unary(op: Op, t: Tensor, span: Span) -> Tensor:
    """An operation that keeps shape and batch axis."""
    return replace(t, node=t.home.add(op, t.node), span=span)


def described(t: Tensor) -> str:
    """`the output of dense [64]`, or its shape alone."""
    return f"`{t.maker}` {shape_of(t.shape)}" if t.maker else shape_of(t.shape)


# --- alignment ------------------------------------------------------------------------------------


def _full(t: Tensor) -> Aligned:
    """The shape with None at its holes."""
    rank = max([len(t.shape) + len(t.holes), *(-hole for hole in t.holes)])
    extents = iter(t.shape)
    return tuple(None if k - rank in t.holes else next(extents) for k in range(rank))


def _holes(aligned: Aligned) -> tuple[int, ...]:
    """The places of None, those before the first axis left out: they meet anything anyway."""
    first = next((k for k, extent in enumerate(aligned) if extent is not None), len(aligned))
    return tuple(k - len(aligned) for k, extent in enumerate(aligned) if extent is None and k > first)


def _axis(full: Aligned, place: int) -> int:
    """The position, in the shape without holes, of the axis at `place` from the right."""
    return sum(extent is not None for extent in full[: len(full) + place])


def _align(operands: Sequence[Tensor], span: Span, given: tuple[int, ...] = ()) -> Aligned:
    """The shape that all operands meet in."""
    plain = max([len(given), *(len(t.shape) for t in operands if not t.holes)])
    shapes = [(t, t.shape if t.holes and plain == len(t.shape) else _full(t)) for t in operands]
    rank = max([len(given), *(len(shape) for _, shape in shapes)])
    result: list[int | None] = [None] * (rank - len(given)) + list(given)
    owner: Tensor | None = None
    for t, shape in shapes:
        for k, extent in enumerate(shape, rank - len(shape)):
            if extent is None:
                continue
            if result[k] is None:
                result[k] = extent
            elif result[k] != extent:
                raise _misfit(owner, t, span) if owner else Fault(ShapeMismatch(span, described(t), shape_of(given)))
        if t.shape and (owner is None or len(shape) > len(_full(owner))):
            owner = t
    return tuple(result)


def _spread(t: Tensor, aligned: Aligned, batched: bool) -> NodeId:
    """The value's node, expanded to the aligned shape and to the batch."""
    rank = len(aligned)
    whole = tuple(extent for extent in aligned if extent is not None)
    plain = len(t.shape) == len(whole) or not t.holes
    own = t.shape if plain else _full(t)
    target = whole if plain else aligned
    kept = [k for k, extent in enumerate(own, len(target) - len(own)) if extent is not None]
    places = [k if plain else sum(e is not None for e in aligned[:k]) for k in kept]
    shape = _batch(whole, batched)
    axes = (*((0,) if t.batched else ()), *(place + batched for place in places))
    if rank == 0 and not batched:
        return t.node
    if t.home.builder.type(t.node).shape == shape:
        return t.node
    return t.home.add(Expand(shape, axes), t.node)


def _batch(shape: tuple[int, ...], batched: bool) -> Shape:
    return (ROWS, *shape) if batched else shape


def _cast(function: ScalarFunction, operands: Sequence[Tensor]) -> list[Tensor]:
    """Operands of the types that the function takes: conditions as they are, the rest as reals."""
    if function in _LOGIC:
        return list(operands)
    if function is functions.where:
        choices = operands[1:]
        return [operands[0], *(choices if _same_type(choices) else map(as_real, choices))]
    if function in _EQUALITY and _same_type(operands):
        return list(operands)
    if function in _EQUALITY + _ORDER:
        return [_real(t) for t in operands]
    return [as_real(t) for t in operands]


def _same_type(operands: Sequence[Tensor]) -> bool:
    return len({t.dtype for t in operands}) == 1


def _real(t: Tensor) -> Tensor:
    return t if t.dtype is DType.REAL else replace(t, node=t.home.add(Map(functions.real), t.node))


def _misfit(left: Tensor, right: Tensor, span: Span) -> Fault:
    return Fault(ShapeMismatch(span, described(left), described(right), _ends(left, right)))


def _ends(left: Tensor, right: Tensor) -> tuple[Label, ...]:
    return tuple(Label(t.span, f"{kind_of(t).removeprefix('a tensor of shape ')}") for t in (left, right))
