"""A text file's bytes cut into blocks of whole records, and the places of the cells in a block.

Places are found by comparing all bytes at once. That is possible where every record has as many cells as the header
names, quotes surround whole cells, and lines end in a line feed; `scan` says None of anything else, which is then
for `csv.reader` to read or to refuse. A block begins where a record begins, and no cell crosses its end.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dslc.data.decimals import PADDING, Bytes, Mask, Places
from dslc.frozen import Frozen

SIZE = 1 << 20
"""Bytes of a block, unless one record is longer."""

QUOTE, FEED, RETURN = ord('"'), ord("\n"), ord("\r")

BLANKS = (ord(" "), ord("\t"))


class Dialect(Frozen):
    """How a file is cut into cells; `encoding` is `utf-8` or `latin-1`."""

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"


DIALECT_OPTIONS = {
    "separator": 'one character, as in `";"`',
    "decimal": '`"."` or `","`',
    "encoding": '`"utf-8"` or `"latin-1"`',
}
"""What the data block says of a dialect, and what it may say."""


def fits_dialect(name: str, value: str) -> bool:
    """Whether an option of a dialect may have this value."""
    match name:
        case "decimal":
            return value in {".", ","}
        case "encoding":
            return value in {"utf-8", "latin-1"}
        case _:
            return len(value) == 1 and value not in '"\r\n\0'


class Cut(Frozen):
    """The bytes of one block; its first line is `line`, counted from 1, and `feeds` end in it."""

    start: int
    end: int
    line: int
    feeds: int


@dataclass(frozen=True, eq=False)
class Block:
    """The cells of some records: text[starts:ends], [rows, columns], without the quotes and most blanks around them.

    `text` begins with PADDING; `points` is the place of a cell's last decimal sign outside quotes, its end where there
    is none; `lines` [rows] are where the records begin.
    """

    text: bytes
    encoding: str
    starts: Places
    ends: Places
    points: Places
    lines: Places
    quoted: bool

    def cells(self, column: int, rows: NDArray[np.int64] | None = None) -> list[str]:
        """A column's cells as texts, or those of some rows."""
        starts, ends = self.starts[:, column], self.ends[:, column]
        if rows is not None:
            starts, ends = starts[rows], ends[rows]
        places = zip(starts.tolist(), ends.tolist(), strict=True)
        plain = self._plain
        if plain is not None:
            cells = [plain[start:end] for start, end in places]
        else:
            cells = [self.text[start:end].decode(self.encoding) for start, end in places]
        return [cell.replace('""', '"') for cell in cells] if self.quoted else cells

    def present(self, column: int) -> Iterator[str]:
        """A column's cells that are not empty, one after another."""
        for row in np.flatnonzero(self.ends[:, column] > self.starts[:, column]):
            yield from self.cells(column, np.array([row]))

    @cached_property
    def _plain(self) -> str | None:
        """The text, where every byte is one character."""
        return self.text.decode(self.encoding) if self.encoding == "latin-1" or self.text.isascii() else None


def cuts(content: bytes, start: int, line: int, size: int, stop: int) -> Iterator[Cut]:
    """The blocks of content[start:stop], of about `size` bytes; what quotes do not pair up in is left in one."""
    while start < stop:
        end = _end(content, start, size, stop)
        feeds = content.count(b"\n", start, end)
        yield Cut(start, end, line, feeds)
        start, line = end, line + feeds


def _end(content: bytes, start: int, size: int, stop: int) -> int:
    """Behind the last line feed outside quotes of a block that starts here."""
    while start + size < stop:
        end = content.rfind(b"\n", start, start + size) + 1
        if end and content.find(b'"', start, end) >= 0:
            text = np.frombuffer(content, np.uint8, end - start, start)
            outside = np.flatnonzero((text == FEED) & ~_inside(text == QUOTE))
            end = start + int(outside[-1]) + 1 if len(outside) else 0
        if end:
            return end
        size *= 2
    return stop


def _inside(quotes: Mask) -> Mask:
    """Whether an odd number of quotes is here or before."""
    inside: Mask = np.bitwise_xor.accumulate(quotes.view(np.uint8)).view(np.bool_)
    return inside


def scan(content: bytes, cut: Cut, columns: int, dialect: Dialect) -> Block | None:
    """The cells of a block whose records have this many columns; None where bytes alone do not tell them."""
    text = PADDING + content[cut.start : cut.end]
    if not text.endswith(b"\n"):
        text += b"\n"
    returns = b"\r" in text
    if not dialect.separator.isascii() or (returns and text.count(b"\r") != text.count(b"\r\n")):
        return None
    found, separator = np.frombuffer(text, np.uint8), ord(dialect.separator)
    borders = found == separator
    borders |= found == FEED
    quoted = text.find(b'"') >= 0
    if quoted:
        inside = _inside(found == QUOTE)
        if inside[-1] or not _whole_cells(found, separator):
            return None
        borders &= ~inside
    starts, ends, points = _places(found, borders, separator, ord(dialect.decimal))
    last = found[ends] == FEED
    if returns:
        ends -= last & (found[ends - 1] == RETURN)
    kept = _records(starts, ends, last, columns)
    if kept is None:
        return None
    whole = len(kept) == len(ends)
    if not whole:
        starts, ends, points = starts[kept], ends[kept], points[kept]
    first = starts[::columns]
    lines = np.arange(len(first)) if whole and not quoted else np.searchsorted(np.flatnonzero(found == FEED)[1:], first)
    if quoted:
        wrapped = (found[starts] == QUOTE) & (ends > starts)
        starts, ends = starts + wrapped, ends - wrapped
    if any(content.find(blank, cut.start, cut.end) >= 0 for blank in BLANKS):
        starts, ends = _stripped(found, starts, ends)
    np.minimum(points, ends, out=points)
    if np.max(ends - starts, initial=0) > csv.field_size_limit():
        return None
    shape = (len(first), columns)
    places = starts.reshape(shape), ends.reshape(shape), points.reshape(shape)
    return Block(text, dialect.encoding, *places, cut.line + lines, quoted)


def _whole_cells(found: Bytes, separator: int) -> bool:
    """Whether every quote begins a cell, ends one, or is one of two within a cell."""
    quotes = np.flatnonzero(found == QUOTE)
    before, behind = found[quotes[::2] - 1], found[quotes[1::2] + 1]
    begins = (before == separator) | (before == FEED) | (before == QUOTE)
    ends = (behind == separator) | (behind == FEED) | (behind == RETURN) | (behind == QUOTE)
    return bool(begins.all() and ends.all())


def _places(found: Bytes, borders: Mask, separator: int, decimal: int) -> tuple[Places, Places, Places]:
    """Starts and ends of the cells between the borders, the first of which ends the padding, and decimal signs."""
    if decimal == separator:
        ends = np.flatnonzero(borders)
        return ends[:-1] + 1, ends[1:], ends[1:].copy()
    signs, ends = found == decimal, np.flatnonzero(borders)
    starts, ends = ends[:-1] + 1, ends[1:]
    points = np.flatnonzero(signs)
    if len(points) == len(ends) and bool(((starts <= points) & (points < ends)).all()):
        return starts, ends, points
    places = np.flatnonzero(borders | signs)
    order = np.flatnonzero(borders[places])
    before = places[order[1:] - 1]
    return starts, ends, np.where(np.diff(order) > 1, before, ends)


def _records(starts: Places, ends: Places, last: Mask, columns: int) -> Places | NDArray[np.intp] | None:
    """The numbers of the cells that are not blank lines, if they make records of this many columns."""
    count = len(ends)
    if columns > 1 and _regular(last, columns):
        return np.arange(count)
    first = np.concatenate([[True], last[:-1]])
    kept = np.flatnonzero(~(first & last & (starts == ends)))
    return kept if _regular(last[kept], columns) else None


def _regular(last: Mask, columns: int) -> bool:
    rows, rest = divmod(len(last), columns)
    return rest == 0 and bool(last[columns - 1 :: columns].all()) and int(np.count_nonzero(last)) == rows


def _stripped(found: Bytes, starts: Places, ends: Places) -> tuple[Places, Places]:
    """The cells without up to four blanks before and behind; the others are left to whoever reads a cell."""
    for _ in range(4):
        first, last = found[starts], found[ends - 1]
        starts = starts + ((starts < ends) & ((first == BLANKS[0]) | (first == BLANKS[1])))
        ends = ends - ((starts < ends) & ((last == BLANKS[0]) | (last == BLANKS[1])))
    return starts, ends
