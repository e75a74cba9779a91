"""Kernels by tiles: every kernel is called by all threads and does its own share of the first loop.

    def loop_1f0a2b3c4d(turn, threads, extent, size, ...):
        tile = first_tile(turn, threads)
        while tile * size < extent:
            start = tile * size
            stop = minimum_i64(start + size, extent)
            ...
            tile += threads

Tile t belongs to the thread whose `turn` is t modulo `threads`: a call passes its thread's number less the tiles
that earlier calls of the phase have, so that many small calls keep every thread busy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dslc.program.program import Element

from .assembly import FIRST_TILE
from .names import comment
from .scalars import scalar
from .unit import CType, Function, Signature, Unit, named_by_content

_SHARE = tuple((name, CType.I64) for name in ("turn", "threads", "extent", "size"))


def tiled_unit(
    stem: str,
    parameters: Sequence[tuple[str, CType]],
    lines: Sequence[str],
    inlines: Sequence[Function] = (),
    formula: Iterable[str] = (),
) -> Unit:
    """The kernel whose `lines` do the points `start` to `stop` of the first loop, of (its share, the parameters).

    `formula` says to a reader what it computes.
    """
    signature = Signature("NAME", (*_SHARE, *parameters))
    least = scalar("minimum", Element.I64)
    head = [
        signature.head,
        *(f"    # {comment(line)}" for line in formula),
        "    tile = first_tile(turn, threads)",
        "    while tile * size < extent:",
        "        start = tile * size",
        "        stop = minimum_i64(start + size, extent)",
    ]
    text = "\n".join([*head, *(f"        {line}" for line in lines), "        tile += threads"]) + "\n"
    return named_by_content(stem, Unit(signature, text, (FIRST_TILE, least, *inlines)))
