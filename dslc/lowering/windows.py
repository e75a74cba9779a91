"""Contractions on register tiles, without copying windows: every convolution and its gradients.

Receives a contraction of two operands whose result is walked plainly. Its loops get roles by where they stand:

    place   in the result, any number       m   in the result and the first operand alone
    sum     not in the result               n   in the result and the second operand alone

Lanes run along n, where the second operand and the result are contiguous, or along a sum, where both operands are: of
a convolution with the batch last, the batch is n for the values and the input's gradient, and a sum for the weights'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dslc.lowering.draft import Step, View
from dslc.lowering.loops import Target, nest_step, pad_steps
from dslc.lowering.nest import Nest
from dslc.lowering.tiles import LINE_TILES, line_tiles, place_tiles
from dslc.ops.contract import Contract
from dslc.ops.structure import Pad
from dslc.program.program import ContractKernel, Lanes, Registers, Tiles
from dslc.scalar.affine import Access, Affine, access, identity
from dslc.scalar.body import Combine, Load
from dslc.scalar.types import ROWS, DType, Shape, elements, number

SHARDED = 524_288
"""Elements that the results of all shards may have."""

BARE = 3
"""So few products for what is loaded are worth a padded copy, if more come of it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A contraction on views: operands (first, second) and the result with their accesses, over `extents`."""

    extents: Shape
    views: tuple[View, View]
    reads: tuple[Access, Access]
    result: View
    out: Access

    def looks(self, operand: int, loop: int) -> bool:
        return any(axis.coefficients[loop] for axis in self.reads[operand])

    def kept(self, loop: int) -> bool:
        return any(axis.coefficients[loop] for axis in self.out)

    def edges(self, operand: int) -> list[int]:
        """The axes of the operand that some index leaves."""
        pairs = enumerate(zip(self.reads[operand], self.views[operand].shape, strict=True))
        return [axis for axis, (where, size) in pairs if not where.stays(self.extents, size)]

    @property
    def swapped(self) -> Window:
        return replace(self, views=self.views[::-1], reads=self.reads[::-1])


@dataclass(frozen=True, slots=True)
class Roles:
    """Loops by number; `m` and `n` may be missing."""

    lanes: Lanes
    places: tuple[int, ...]
    m: int | None
    n: int | None
    sums: tuple[int, ...]


def window_steps(op: Contract, operands: Sequence[View], extents: Shape, target: Target) -> list[Step] | None:
    """The steps that compute the contraction on register tiles; None where its loops have no such roles.

    `extents` stop where a loop leaves an axis that it walks alone.
    """
    if (
        len(operands) != 2
        or not op.walks_whole(extents)
        or any(v.element is not target.result.element for v in operands)
    ):
        return None
    first, second = operands
    window = _compact(Window(extents, (first, second), (op.operands[0], op.operands[1]), target.result, op.out))
    for each in (window, window.swapped):
        roles = _roles(each)
        if roles is not None and roles.sums:
            steps: list[Step] = []
            padded = _padded(each, roles, target, steps)
            merged = _merged_sums(*padded)
            return [*steps, *_steps(*merged, target)] if _possible(*merged) else None
    return None


def _compact(window: Window) -> Window:
    """Without loops and axes of extent 1."""
    loops = [k for k, extent in enumerate(window.extents) if extent != 1]

    def narrowed(where: Access) -> Access:
        return tuple(axis.over(loops) for axis in where)

    first, second = (
        _without_ones(view, narrowed(where)) for view, where in zip(window.views, window.reads, strict=True)
    )
    result, out = _without_ones(window.result, narrowed(window.out))
    extents = tuple(window.extents[k] for k in loops)
    return Window(extents, (first[0], second[0]), (first[1], second[1]), result, out)


def _without_ones(view: View, where: Access) -> tuple[View, Access]:
    zero = tuple(axis == Affine((0,) * len(axis.coefficients)) for axis in where)
    kept = [k for k, size in enumerate(view.shape) if size != 1 or not zero[k]]
    return view.reshaped(tuple(view.shape[k] for k in kept)), tuple(where[k] for k in kept)


# --- roles ----------------------------------------------------------------------------------------


def _roles(window: Window) -> Roles | None:
    """The roles with the window's first operand as the first; None where no loop may be the lanes."""
    if not window.out or not all(window.reads):
        return None
    last, first, second = (_contiguous(where) for where in (window.out, *window.reads))
    every = range(len(window.extents))
    kept, sums = [k for k in every if window.kept(k)], [k for k in every if not window.kept(k)]
    if second is not None and second == last and not window.looks(0, second):
        m = _widest(window, 0, kept)
        places = tuple(k for k in kept if k not in (m, second))
        return Roles(Lanes.RESULT, places, m, second, _by_distance(window, sums))
    if second is not None and second == first and second in sums:
        m, n = _widest(window, 0, kept), _widest(window, 1, kept)
        places = tuple(k for k in kept if k not in (m, n))
        outer = [k for k in sums if k != second]
        return Roles(Lanes.SUM, places, m, n, (*_by_distance(window, outer), second))
    return None


def _contiguous(where: Access) -> int | None:
    """The loop along which a tensor is walked element by element."""
    loop = where[-1].index
    return None if loop is None or any(axis.coefficients[loop] for axis in where[:-1]) else loop


def _widest(window: Window, operand: int, loops: Sequence[int]) -> int | None:
    """The largest loop in this operand alone that never leaves it; of equal ones the last."""
    edges = [window.reads[operand][axis] for axis in window.edges(operand)]
    own = [k for k in loops if window.looks(operand, k) and not window.looks(1 - operand, k)]
    inside = [k for k in own if window.extents[k] is not ROWS and not any(where.coefficients[k] for where in edges)]
    return max(inside, key=lambda k: (elements((window.extents[k],), 1), k), default=None)


def _by_distance(window: Window, loops: Sequence[int]) -> tuple[int, ...]:
    """The loop that goes farthest in the second operand's memory is the outermost."""

    def distance(loop: int) -> int:
        axes = enumerate(zip(window.reads[1], window.views[1].shape, strict=True))
        inner = window.views[1].shape
        return sum(abs(where.coefficients[loop]) * elements(inner[axis + 1 :], 1) for axis, (where, _) in axes)

    return tuple(sorted(loops, key=distance, reverse=True))


def _intensity(window: Window, roles: Roles) -> int:
    """Products for each element of the second operand that is loaded."""
    return 1 if roles.m is None else elements((window.extents[roles.m],), 1)


def _possible(window: Window, roles: Roles) -> bool:
    """May an axis only be left by places and one sum, and does the batch stand where it is walked plainly?"""
    within = {roles.m, roles.n} | ({roles.sums[-1]} if roles.lanes is Lanes.SUM else set())
    for operand in (0, 1):
        for axis in window.edges(operand):
            used = {k for k, c in enumerate(window.reads[operand][axis].coefficients) if c}
            if used & within or len(used & set(roles.sums)) > 1:
                return False
    return ROWS not in (window.extents[k] for k in roles.places[1:])


def _padded(window: Window, roles: Roles, target: Target, steps: list[Step]) -> tuple[Window, Roles]:
    """The window on a copy of its first operand that it does not leave, where that makes few products more."""
    if _intensity(window, roles) > BARE or not window.edges(0):
        return window, roles
    view, reads = window.views[0], list(window.reads[0])
    before, after = [0] * len(reads), [0] * len(reads)
    for axis in window.edges(0):
        low, high = reads[axis].range(window.extents)
        size = elements((view.shape[axis],), 1)
        before[axis], after[axis] = max(0, -low), max(0, high + 1 - size)
        reads[axis] = replace(reads[axis], constant=reads[axis].constant + before[axis])
    shape = tuple(
        size if size is ROWS else size + more + rest for size, more, rest in zip(view.shape, before, after, strict=True)
    )
    name = f"{view.draft.name}.padded"
    copy = target.drafts.scratch(name, view.element, shape, target.span)
    wider = replace(window, views=(copy, window.views[1]), reads=(tuple(reads), window.reads[1]))
    found = _roles(wider)
    if found is None or _intensity(wider, found) <= _intensity(window, roles):
        return window, roles
    made = replace(target, result=copy, note=f"{name} for {target.note}")
    steps += pad_steps(Pad(tuple(before), tuple(after)), view, DType.REAL, made)
    return wider, found


# --- sums that are one ----------------------------------------------------------------------------


def _merged_sums(window: Window, roles: Roles) -> tuple[Window, Roles]:
    """Two sums that go over neighbouring axes of all they look at, the inner one whole, become one."""
    free = roles.sums[:-1] if roles.lanes is Lanes.SUM else roles.sums
    for outer in free:
        for inner in free:
            if outer != inner and (merged := _merged(window, outer, inner)) is not None:
                keep = [k for k in range(len(window.extents)) if k != outer]
                places = {k: position for position, k in enumerate(keep)}
                return _merged_sums(merged, _renumbered(roles, places))
    return window, roles


def _renumbered(roles: Roles, places: dict[int, int]) -> Roles:
    def of(loop: int | None) -> int | None:
        return None if loop is None else places[loop]

    sums = tuple(places[k] for k in roles.sums if k in places)
    return replace(roles, places=tuple(places[k] for k in roles.places), m=of(roles.m), n=of(roles.n), sums=sums)


def _merged(window: Window, outer: int, inner: int) -> Window | None:
    """The window without the loop `outer`, whose work `inner` does; None where they do not fit."""
    size, count = window.extents[inner], window.extents[outer]
    if size is ROWS or count is ROWS:
        return None
    views: list[View] = []
    reads: list[Access] = []
    for view, where in zip(window.views, window.reads, strict=True):
        axes = [k for k, axis in enumerate(where) if axis.coefficients[inner] or axis.coefficients[outer]]
        if not axes:
            views.append(view)
            reads.append(where)
            continue
        if len(axes) != 2 or axes[1] != axes[0] + 1 or where[axes[1]].index != inner or view.shape[axes[1]] != size:
            return None
        first, length = where[axes[0]], view.shape[axes[0]]
        if first.coefficients[outer] != 1 or first.coefficients[inner] or length is ROWS:
            return None
        together = Affine(
            tuple(1 if k == inner else size * c for k, c in enumerate(first.coefficients)), size * first.constant
        )
        reads.append((*where[: axes[0]], together, *where[axes[1] + 1 :]))
        views.append(view.reshaped((*view.shape[: axes[0]], length * size, *view.shape[axes[1] + 1 :])))
    extents = tuple(count * size if k == inner else extent for k, extent in enumerate(window.extents))
    keep = [k for k in range(len(extents)) if k != outer]
    narrow = [tuple(axis.over(keep) for axis in where) for where in (*reads, window.out)]
    return replace(
        window, extents=tuple(extents[k] for k in keep), views=(views[0], views[1]), reads=(narrow[0], narrow[1]),
        out=narrow[2],
    )  # fmt: skip


# --- the step -------------------------------------------------------------------------------------


def _steps(window: Window, roles: Roles, target: Target) -> list[Step]:
    """The kernel; where places are too few for many threads, over shards of a sum, and the sum of the shards."""
    shards = _shards(window, roles)
    if shards == 1:
        return [_step(window, roles, target)]
    cut, rank, result = roles.sums[0], len(window.extents), window.result
    length = number(window.extents[cut]) // shards

    def of_shard(where: Access) -> Access:
        return tuple(Affine((*axis.coefficients, length * axis.coefficients[cut]), axis.constant) for axis in where)

    parts = target.drafts.scratch(f"{result.draft.name}.shards", result.element, (shards, *result.shape), target.span)
    first, second = map(of_shard, window.reads)
    extents = (*(length if k == cut else extent for k, extent in enumerate(window.extents)), shards)
    sharded = Window(extents, window.views, (first, second), parts, (*access(rank + 1, rank), *of_shard(window.out)))
    step = _step(sharded, replace(roles, places=(rank, *roles.places)), target)
    inner = len(result.shape)
    body = (Load(0, access(inner + 1, inner, *range(inner))),)
    whole: Shape = (*result.shape, shards)
    nest = Nest(whole, inner, body, Combine.SUM, (parts.shape,), result.shape, identity(inner + 1)[:inner])
    places = step.tiles.extent
    step = replace(step, tiles=Tiles(places, elements((places,), 1) // shards))  # a shard is a tile
    return [step, nest_step(nest, (parts,), replace(target, result=result))]


def _shards(window: Window, roles: Roles) -> int:
    """Into how many parts the outermost sum is cut: parts of one length, whose sums take little room."""
    cut = window.extents[roles.sums[0]]
    places = tuple(window.extents[k] for k in roles.places)
    if roles.lanes is Lanes.RESULT or len(roles.sums) < 2 or cut is ROWS:
        return 1
    if ROWS in places or elements(places, 1) >= 2 * LINE_TILES:
        return 1
    most = min(LINE_TILES, SHARDED // max(1, elements(window.result.shape, 1)))
    return max((count for count in range(1, most + 1) if cut % count == 0), default=1)


def _step(window: Window, roles: Roles, target: Target) -> Step:
    """The kernel over places, m, n, sums; a missing m or n is a loop of extent 1."""
    order = (*roles.places, roles.m, roles.n, *roles.sums)
    extents: Shape = tuple(1 if k is None else window.extents[k] for k in order)

    def moved(where: Access) -> Access:
        return tuple(axis.over(order) for axis in where)

    result, out = window.result, moved(window.out)
    for missing, loop in ((roles.m, len(roles.places)), (roles.n, len(roles.places) + 1)):
        if missing is None:  # it walks an axis of extent 1 before the lanes, as every parallel loop walks one
            end = len(out) - (roles.lanes is Lanes.RESULT)
            result = result.reshaped((*result.shape[:end], 1, *result.shape[end:]))
            out = (*out[:end], Affine(tuple(int(k == loop) for k in range(len(order)))), *out[end:])
    edges = tuple((operand, axis) for operand in (0, 1) for axis in window.edges(operand))
    first, second = (moved(read) for read in window.reads)
    kernel = ContractKernel(
        result.element, len(order), len(roles.places) + 2, (first, second), out, False,
        Registers(roles.lanes, edges, by_row=len(roles.places) > 1 and extents[0] is ROWS),
    )  # fmt: skip
    tiles = _tiles(roles, extents, target.drafts.capacity)
    return Step(kernel, window.views, result, extents, tiles, target.span, target.note)


def _tiles(roles: Roles, extents: Shape, capacity: int) -> Tiles:
    """With a sum as lanes, what is read for one place is read again for the others of its tile."""
    lead, rest = extents[: len(roles.places)], extents[len(roles.places) :]
    work = elements(rest, capacity)
    if ROWS in lead:
        return Tiles(ROWS, place_tiles(capacity, work, LINE_TILES).size)
    places = elements(lead, 1)
    if roles.lanes is Lanes.SUM:
        return place_tiles(places, work, LINE_TILES)
    return line_tiles(places, number(lead[-1]) if lead else 1, work)
