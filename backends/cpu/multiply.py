"""The matrix product on register tiles: `c[m, n] = sum over k of a[m * a_m + k * a_k] * b[k, n]`.

The right operand lies in rows, or in panels of columns that lie one after another, as a large one does: it is then
read from beginning to end, and while a panel is multiplied the next one is fetched, by each block of rows its share.

Columns go in pairs of registers, then one masked pair or one masked register for what is left; rows go
eight at a time, the last eight overlapping the ones before where their number is no multiple (they write
the same bits again). Every element is summed over k in order with fused multiply-adds, whichever tile it
falls into, so results do not depend on how rows are cut.
"""

from __future__ import annotations

from functools import cache

from dslc.program.program import Element, MultiplyKernel
from dslc.scalar.panels import PANEL

from .host import Host
from .register_tiles import product_tile
from .tiles import tiled_unit
from .unit import CType, Unit

_PARAMETERS = ("a", "b", "c", "n", "k", "a_m", "a_k", "b_k", "b_n")


@cache
def multiply_unit(kernel: MultiplyKernel, host: Host) -> Unit:
    """The kernel as a function of (its share of the rows, a, b, c: addresses, n, k, a_m, a_k, b_k, b_n)."""
    element = kernel.element
    rows = 8 if host.registers >= 32 else 4
    lanes = host.lanes(element)
    pair = 2 * lanes
    tiles = {
        (r, v, masked): product_tile(element, r, v, masked, 1, host, ahead=r == rows and not masked)
        for r in (rows, 1)
        for v, masked in ((2, False), (2, True), (1, True))
    }
    name = {which: assembly.signature.name for which, assembly in tiles.items()}
    parameters = [(parameter, CType.I64) for parameter in _PARAMETERS]
    fetched = f", ahead + (i - start) // {rows} * share * k, share"
    at = f"b + {element.bytes} * (j // {PANEL} * b_n + j % {PANEL})"
    lines = [
        "last = stop - " + str(rows),
        "share = 0",
        f"if b_n != {PANEL}:",
        f"    share = {element.bytes * PANEL * rows} // (stop - start)",
        "j = 0",
        f"while j + {pair} <= n:",
        f"    panel = {at}",
        f"    ahead = panel + {element.bytes} * b_n",
        *_rows(name[rows, 2, False], name[1, 2, False], rows, element, "", fetched),
        f"    j += {pair}",
        f"panel = {at}",
        f"if n - j > {lanes}:",
        *_rows(name[rows, 2, True], name[1, 2, True], rows, element, f", n - j - {lanes}"),
        "elif n > j:",
        *_rows(name[rows, 1, True], name[1, 1, True], rows, element, ", n - j"),
    ]
    formula = (f"c[m, n] = sum over k of a[m * a_m + k * a_k] * b[k * b_k + n // {PANEL} * b_n + n % {PANEL}]",)
    return tiled_unit(f"multiply_{element.value}", parameters, lines, tuple(tiles.values()), formula)


def _rows(whole: str, single: str, rows: int, element: Element, lanes: str, ahead: str = "") -> list[str]:
    """One panel of columns from j on, all rows; `ahead` says to whole blocks of them what to fetch."""
    size = element.bytes

    def call(name: str, row: str, further: str) -> str:
        a, c = f"a + {size} * {row} * a_m", f"c + {size} * ({row} * n + j)"
        return f"{name}({a}, a_m, panel, {c}, n, k, a_k, b_k{further})"

    return [
        "    if last >= start:",
        f"        for i in range(start, stop, {rows}):",
        "            row = i if i < last else last",
        f"            {call(whole, 'row', lanes + ahead)}",
        "    else:",
        "        for i in range(start, stop):",
        f"            {call(single, 'i', lanes)}",
    ]
