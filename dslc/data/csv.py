"""Columns of a text file with one header line.

Accepted: UTF-8 with or without a byte order mark, Latin-1 where the data block says so, any line ends, quoted
cells (with doubled quotes and line breaks in them), blanks around a cell, blank lines (skipped). The header
gives distinct, non-empty names. A column is read only when asked for (dslc/data/cells.py says how). Every
fault names the line as an editor counts it, and the first fault of the file is the one that is told.

Records are read in blocks, whose cells are found and whose numbers are read all at once; from the first block on
where that cannot be done, `csv.reader` reads what is left. Both give the same bits.
"""

from __future__ import annotations

import csv
import io
import os
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslc.data.blocks import Block, Cut, Dialect, cuts, scan
from dslc.data.cells import CellReader, Marks, number_in
from dslc.data.column import Cells, Column, ColumnType, Kind
from dslc.data.decimals import Mask, read_decimals
from dslc.diagnostics import DataError

ROWS = 8192
"""Records of `csv.reader` that are read before their cells are."""

THREADS = min(4, os.cpu_count() or 1)

PIECE = 64 << 20
"""Bytes that are decoded at once to see whether they can be."""

LINE_END = re.compile(rb"\r\n|\r|\n")

Record = tuple[int, list[str]]
"""A line number, from 1, and the cells of the record that begins there."""


@dataclass(frozen=True, slots=True)
class CsvFile:
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
        size = path.stat().st_size
        if size > budget:
            raise DataError(f"{shown}: {size} bytes, more than the budget of {budget}")
        content = path.read_bytes()
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
    _check_header(names, f"{shown}:{line}", dialect.decimal)
    body, first = _below_header(content, line, header)
    return replace(file, columns=names, body=body, line=first)


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


def read_columns(
    file: CsvFile, wanted: Mapping[str, ColumnType | None], marks: Marks
) -> tuple[dict[str, Column], NDArray[np.int64]]:
    """The wanted columns, each declared or told by its cells, and each row's line number.

    DataError: a row of another length, a cell that does not fit its column, no rows.
    """
    table = TableReader(file, wanted, marks)
    left = table.read_blocks()
    if left is not None:
        table.read_records(left)
    return table.columns()


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A block with the cells of some of its columns read as numbers: values[name, row], where understood."""

    block: Block
    names: Sequence[str]
    values: Cells
    understood: Mask


class TableReader:
    """Collects the wanted columns of a file."""

    def __init__(self, file: CsvFile, wanted: Mapping[str, ColumnType | None], marks: Marks) -> None:
        self._file = file
        self._wanted = wanted
        self._places = {name: place for place, name in enumerate(file.columns) if name in wanted}
        self._readers = {name: CellReader(wanted[name], marks, file.dialect.decimal) for name in self._places}
        self._lines = array("q")

    def columns(self) -> tuple[dict[str, Column], NDArray[np.int64]]:
        """What was read, in the order it was wanted; DataError if it is nothing."""
        if not self._lines:
            raise DataError(f"{self._file.shown}: no rows below the header")
        return {name: self._readers[name].column() for name in self._wanted}, np.frombuffer(self._lines, np.int64)

    def read_blocks(self) -> Cut | None:
        """Reads block after block, to the first that only `csv.reader` can read, which is returned."""
        file = self._file
        for cut, parsed in _ahead(self._parsed, cuts(file.content, file.body, file.line)):
            if parsed is None:
                return cut
            self._append(parsed)
        return None

    def read_records(self, begin: Cut) -> None:
        """Reads the records from the beginning of `begin` on."""
        for block in _batches(self._file, begin):
            columns = list(zip(*(cells for _, cells in block), strict=True))
            faults = [
                (row, place)
                for name, place in self._places.items()
                if (row := self._readers[name].read(columns[place])) is not None
            ]
            if faults:
                row, place = min(faults)
                raise self._fault(block[row][0], place, columns[place][row])
            self._lines.extend([line for line, _ in block])

    def _parsed(self, cut: Cut) -> Parsed | None:
        """A block with the columns read that are known to hold numbers; may run in any thread."""
        block = scan(self._file.content, cut, len(self._file.columns), self._file.dialect)
        if block is None:
            return None
        return self._numbers(block, [name for name, reader in self._readers.items() if reader.plain])

    def _numbers(self, block: Block, names: Sequence[str]) -> Parsed:
        places = [self._places[name] for name in names]
        whole = len(places) == len(self._file.columns)
        cells = (part if whole else part[:, places] for part in (block.starts, block.ends, block.points))
        values, understood = read_decimals(np.frombuffer(block.text, np.uint8), *(part.reshape(-1) for part in cells))
        shape = (len(block.lines), len(places))
        return Parsed(block, names, values.reshape(shape).T.copy(), understood.reshape(shape).T.copy())

    def _append(self, parsed: Parsed) -> None:
        block, readers = parsed.block, self._readers
        for name, reader in readers.items():
            if reader.kind is None:
                reader.settle(block.present(self._places[name]))
        late = self._numbers(block, [n for n, reader in readers.items() if reader.plain and n not in parsed.names])
        faults: list[tuple[int, int]] = []
        for part in (parsed, late):
            for name, values, understood in zip(part.names, part.values, part.understood, strict=True):
                rest = np.flatnonzero(~understood)
                row = readers[name].extend(values, rest, block.cells(self._places[name], rest))
                if row is not None:
                    faults.append((row, self._places[name]))
        for name, reader in readers.items():
            if not reader.plain:
                row = reader.read(block.cells(self._places[name]))
                if row is not None:
                    faults.append((row, self._places[name]))
        if faults:
            row, place = min(faults)
            raise self._fault(int(block.lines[row]), place, block.cells(place, np.array([row]))[0])
        self._lines.frombytes(block.lines.tobytes())

    def _fault(self, line: int, place: int, cell: str) -> DataError:
        """The cell does not fit its column."""
        name = self._file.columns[place]
        what = self._readers[name].fault(cell) + self._advice(name, cell)
        return DataError(f'{self._file.shown}:{line}: column "{name}": {what}')

    def _advice(self, name: str, cell: str) -> str:
        """How to read text in a column whose first cell is something else."""
        if self._wanted[name] is not None or self._readers[name].kind is Kind.CATEGORY:
            return ""
        if number_in(cell, ".") is not None:
            return ""
        written = name if name.isidentifier() else f"`{name}`"
        return f" (`column {written}: category` reads text)"


def _ahead(work: Callable[[Cut], Parsed | None], parts: Iterator[Cut]) -> Iterator[tuple[Cut, Parsed | None]]:
    """Each part and what comes of it, in order; all but the first are worked on in threads, a few at a time."""
    for part in islice(parts, 1):
        yield part, work(part)
    if (second := next(parts, None)) is None:
        return
    with ThreadPoolExecutor(THREADS, "dslc reading") as pool:
        waiting: deque[tuple[Cut, Future[Parsed | None]]] = deque()
        for part in chain([second], parts):
            waiting.append((part, pool.submit(work, part)))
            if len(waiting) > THREADS:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def _batches(file: CsvFile, begin: Cut) -> Iterator[list[Record]]:
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
