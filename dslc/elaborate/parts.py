"""Parts of a tensor: `x[.., 0]`, `x[.., 0 .. c / 2]`, `x[1, ..]`; counted from 0, what stands behind `..` left out.

An index takes one place of its axis, which is then gone; a range takes several. `..` stands for all axes that no
other index is about. `w[ids, ..]` has the row of `w` that each id names, in the place of the id.
"""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate import batching, static
from dslc.elaborate.errors import Fault, IndexForm, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.names import look_up
from dslc.elaborate.values import Tensor
from dslc.scalar.types import DType
from dslc.syntax import ast


def part(frame: Frame, read: ast.Read, of: Tensor) -> Tensor:
    """The part that the indices leave, or the rows that ids name. Raises Fault where they do not fit."""
    match read.indices:
        case (ast.Name() as name, ast.Leading()) if isinstance(ids := look_up(frame, name), Tensor):
            return _rows(frame, read, of, ids)
        case _:
            pass
    taken: list[range] = []
    gone: list[int] = []
    for index, extent in zip(_of_axes(read, of), of.shape, strict=True):
        match index:
            case ast.Leading():
                taken.append(range(extent))
            case ast.SliceOf(start=start, stop=stop):
                first = static.whole(frame, frame.evaluate(start), "a part's first place", start.span, 0, extent - 1)
                end = static.whole(frame, frame.evaluate(stop), "a part's end", stop.span, first + 1, extent)
                taken.append(range(first, end))
            case ast.Declared():
                raise alone(read)
            case _:
                place = static.whole(frame, frame.evaluate(index), "a place of an axis", index.span, 0, extent - 1)
                gone.append(len(taken))
                taken.append(range(place, place + 1))
    frame.locate(read.span)
    found = batching.part(of, taken, frame.here(read.span))
    shape = tuple(extent for k, extent in enumerate(found.shape) if k not in gone)
    return batching.reshape(found, shape, frame.here(read.span)) if gone else found


def _rows(frame: Frame, read: ast.Read, of: Tensor, ids: Tensor) -> Tensor:
    if ids.dtype is not DType.INT:
        raise Fault(Unexpected(read.indices[0].span, "a tensor of values", "a tensor of class ids"))
    if not of.shape or (ids.classes is not None and ids.classes > of.shape[0]):
        found = f"{batching.described(ids)} of {ids.classes} classes"
        raise Fault(IndexForm(read.span, f"{batching.described(of)} has no row for each id of {found}"))
    frame.locate(read.span)
    return batching.rows(of, ids, frame.here(read.span))


def _of_axes(read: ast.Read, of: Tensor) -> Sequence[ast.Index]:
    """An index for each axis: `..` as often as axes are left for it."""
    indices = read.indices
    leading = [k for k, index in enumerate(indices) if isinstance(index, ast.Leading)]
    left = len(of.shape) - (len(indices) - len(leading))
    if len(leading) > 1 or left < 0 or (left > 0 and not leading):
        count = len(indices)
        found = f"`{read.span.text}` has {count} {'index' if count == 1 else 'indices'} for {batching.described(of)}"
        raise Fault(IndexForm(read.span, found, "one index stands for each axis, `..` for all that are left"))
    at = leading[0] if leading else len(indices)
    return (*indices[:at], *([ast.Leading(read.span)] * left), *indices[at + len(leading) :])


def alone(read: ast.Read) -> Fault:
    """What has indices of its own is a definition."""
    advice = "define what is read: `part[i: 2] = x[i + 1]`"
    return Fault(IndexForm(read.span, f"`{read.span.text}` stands outside of index notation", advice))
