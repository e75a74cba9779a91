"""Columns of a text file with one header line.

Accepted: UTF-8 with or without a byte order mark, Latin-1 where the data block says so, any line ends, quoted
cells (with doubled quotes and line breaks in them), blanks around a cell, blank lines (skipped). The header
gives distinct, non-empty names. A column is read only when asked for (dslc/data/csv_columns.py). Every fault names
the line as an editor counts it, and the first fault of the file is the one that is told.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from dslc.data.blocks import Cut, Dialect
from dslc.data.cells import number_in
from dslc.diagnostics import DataError
from dslc.frozen import Frozen

ROWS = 8192
"""Records of `csv.reader` that are read before their cells are."""

PIECE = 64 << 20
"""Bytes that are decoded at once to see whether they can be."""

OTHERS = (";", "\t", "|", ",")
"""What may separate cells in a file whose header is one column, the likeliest first."""

LINE_END = re.compile(rb"\r\n|\r|\n")

Record = tuple[int, list[str]]
"""A line number, from 1, and the cells of the record that begins there."""


class CsvFile(Frozen):
    """A text file whose header has been read: its bytes (valid in its encoding), its column names, how to cut it.

    The records below the header begin at byte `body`, on line `line`.
    """

    shown: str
    content: bytes
    columns: tuple[str, ...]
    dialect: Dialect
    body: int = 0
    line: int = 1

    def records(self, start: int = 0, line: int = 1) -> Iterator[Record]:
        """Every record from byte `start` on, on line `line`, that is not blank; DataError on faulty quotes."""
        content = io.BytesIO(self.content)
        content.seek(start)
        encoding = "utf-8-sig" if self.dialect.encoding == "utf-8" and not start else self.dialect.encoding
        text = io.TextIOWrapper(content, encoding, newline="")
        reader = csv.reader(text, delimiter=self.dialect.separator, strict=True)
        first = line
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = first + reader.line_num
        except csv.Error as error:
            raise DataError(f"{self.shown}:{line}: {error}") from None


def open_csv(path: Path, shown: str, dialect: Dialect, budget: int) -> CsvFile:
    """The file and its column names. DataError if it cannot be read or has no header."""
    try:
        content = _read(path, shown, budget)
        _check_text(content, shown)
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror}") from None
    if dialect.encoding == "utf-8":
        _check_utf8(content, shown)
    file = CsvFile(shown, content, (), dialect)
    records = file.records()
    line, header = next(records, (0, []))
    if not header:
        raise DataError(f"{shown}: the file is empty")
    names = tuple(name.strip() for name in header)
    if len(names) == 1 and (other := next((s for s in OTHERS if s in names[0]), None)):
        what = "a tab" if other == "\t" else f"`{other}`"
        raise DataError(
            f"{shown}:{line}: the header is one column with {what} in it; `separator` says what divides cells"
        )
    _check_header(names, f"{shown}:{line}", dialect.decimal)
    body, first = _below_header(content, line, header)
    return file.replaced(columns=names, body=body, line=first)


def _read(path: Path, shown: str, budget: int) -> bytes:
    """The file's bytes. DataError for more than `budget`, of a pipe as soon as they have come."""
    if path.is_file():
        size = path.stat().st_size
        if size > budget:
            raise DataError(f"{shown}: {size} bytes, more than the budget of {budget}")
        return path.read_bytes()
    pieces, size = [], 0
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > budget:
                raise DataError(f"{shown}: more than the budget of {budget} bytes")
    return b"".join(pieces)


def _check_utf8(content: bytes, shown: str) -> None:
    if content.isascii():
        return
    start = 0
    while start < len(content):
        end = content.rfind(b"\n", start, start + PIECE) + 1 or len(content)
        try:
            str(memoryview(content)[start:end], "utf-8")
        except UnicodeDecodeError as error:
            place = start + error.start
            line = content.count(b"\n", 0, place) + 1
            what = f"byte 0x{content[place]:02x} is not UTF-8 text"
            raise DataError(f'{shown}:{line}: {what}; the option `encoding "latin-1"` reads it as Latin-1') from None
        start = end


def _below_header(content: bytes, line: int, header: Sequence[str]) -> tuple[int, int]:
    """Where the second record begins: the byte and the line."""
    lines = line + sum(len(LINE_END.findall(name.encode())) for name in header)
    end = next(islice(LINE_END.finditer(content), lines - 1, None), None)
    return (end.end() if end else len(content)), lines + 1


def _check_text(content: bytes, shown: str) -> None:
    """DataError where the bytes are no text of 8-bit units: in UTF-16, or with zeros in it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{shown}: the file is UTF-16 text; save it as UTF-8")
    zero = content.find(0)
    if zero >= 0:
        line = content.count(b"\n", 0, zero) + 1
        raise DataError(f"{shown}:{line}: a zero byte, which no text holds")


def _check_header(names: Sequence[str], place: str, decimal: str) -> None:
    if all(number_in(name, decimal) is not None for name in names):
        raise DataError(f"{place}: the first line holds numbers; a line of column names was expected")
    seen: set[str] = set()
    for k, name in enumerate(names):
        if not name:
            raise DataError(f"{place}: column {k + 1} has no name")
        if name in seen:
            raise DataError(f'{place}: two columns are named "{name}"')
        seen.add(name)


def batches(file: CsvFile, begin: Cut) -> Iterator[list[Record]]:
    """Records, all as long as the header, some thousands at a time; what is before a fault comes first."""
    records = file.records(begin.start, begin.line)
    block: list[Record] = []
    fault: DataError | None = None
    while fault is None:
        try:
            line, cells = next(records)
            if len(cells) != len(file.columns):
                fault = DataError(f"{file.shown}:{line}: {len(cells)} cells, but the header names {len(file.columns)}")
                continue
            block.append((line, cells))
        except StopIteration:
            break
        except DataError as error:
            fault = error
        if len(block) == ROWS:
            yield block
            block = []
    if block:
        yield block
    if fault is not None:
        raise fault
