"""Cells with a category that no training row has: they count as none of the categories, and that is told.

3 cells of "island" hold a category that no training row has ("Atlantis", ..)
"""

from __future__ import annotations

from itertools import islice

from dslc.data.column import Column, cell_text
from dslc.data.split import Rows
from dslc.frozen import Frozen

SEARCHED = 10_000
"""Cells that are looked through for examples."""


class Unseen(Frozen):
    """How many cells of a column, or rows of a text, and the first distinct categories or tokens."""

    column: str
    cells: int
    examples: tuple[str, ...]
    what: str = "category"
    where: str = "cell"

    @property
    def text(self) -> str:
        named = ", ".join((*self.examples[:2], *([".."] if self.examples[2:] else [])))
        count = f"1 {self.where}" if self.cells == 1 else f"{self.cells} {self.where}s"
        hold = "holds" if self.cells == 1 else "hold"
        return f'{count} of "{self.column}" {hold} a {self.what} that no training row has ({named})'


def unseen_cells(name: str, column: Column, rows: Rows) -> Unseen:
    """What is told of these rows of a column, at least one."""
    texts = (_short(cell_text(column, row)) for row in rows[:SEARCHED].tolist())
    return Unseen(name, len(rows), tuple(islice(dict.fromkeys(texts), 3)))


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else f'{cell[:37]}.."'
