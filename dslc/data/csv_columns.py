"""The columns of a text file that are asked for: cells of its records to `Column`s.

Records are read in blocks, whose cells are found and whose numbers are read all at once (dslc/data/blocks.py); from
the first block on where that cannot be done, `csv.reader` reads what is left. Where polars is installed, it reads the
blocks of a large file that it reads alike (dslc/data/csv_polars.py). All three give the same bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.data.ahead import ahead
from dslc.data.blocks import SIZE, Block, Cut, cuts, scan
from dslc.data.cells import CellReader, Marks, number_in
from dslc.data.column import Cells, Column, ColumnType, Kind
from dslc.data.csv import CsvFile, batches
from dslc.data.csv_polars import Typed, TypedReader, typed_reader
from dslc.data.decimals import read_decimals
from dslc.diagnostics import DataError


def read_columns(
    file: CsvFile, wanted: Mapping[str, ColumnType | None], marks: Marks
) -> tuple[dict[str, Column], NDArray[np.int64]]:
    """The wanted columns, each declared or told by its cells, and each row's line number.

    DataError: a row of another length, a cell that does not fit its column, no rows.
    """
    table = TableReader(file, wanted, marks)
    left = table.read_blocks(typed_reader(file, marks))
    if left is not None:
        table.read_records(left)
    return table.columns()


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """A block, and by column its `numbers` [rows] with the rows that are not among them."""

    block: Block
    numbers: dict[str, tuple[Cells, NDArray[np.int64]]]


class TableReader:
    """Collects the wanted columns of a file."""

    def __init__(self, file: CsvFile, wanted: Mapping[str, ColumnType | None], marks: Marks) -> None:
        self._file = file
        self._wanted = wanted
        self._places = {name: place for place, name in enumerate(file.columns) if name in wanted}
        room, decimal = _expected_rows(file), file.dialect.decimal
        self._readers = {name: CellReader(wanted[name], marks, decimal, room) for name in self._places}
        self._lines = array("q")

    def columns(self) -> tuple[dict[str, Column], NDArray[np.int64]]:
        """What was read, in the order it was wanted; DataError if it is nothing."""
        if not self._lines:
            raise DataError(f"{self._file.shown}: no rows below the header")
        return {name: self._readers[name].column() for name in self._wanted}, np.frombuffer(self._lines, np.int64)

    def read_blocks(self, typed: TypedReader | None) -> Cut | None:
        """Reads block after block, to the first that only `csv.reader` can read, which is returned.

        A small block comes first, which tells most columns' kinds; of the rest `typed` reads what it can.
        """
        content, size = self._file.content, len(self._file.content)
        small = cuts(content, self._file.body, self._file.line, SIZE, size)
        first = next(small, None)
        if first is None or not self._read_block(self._scan((first, {}))):
            return first
        if typed is None:
            return self._read_small(small)
        larger = cuts(content, first.end, first.line + first.feeds, typed.size, size)
        for (cut, _), read in ahead(lambda asked: typed.read(*asked), ((cut, self._plain()) for cut in larger)):
            if read is None or not self._read_typed(read):
                left = self._read_small(cuts(content, cut.start, cut.line, SIZE, cut.end))
                if left is not None:
                    return left
        return None

    def read_records(self, begin: Cut) -> None:
        """Reads the records from the beginning of `begin` on."""
        for block in batches(self._file, begin):
            columns = list(zip(*(cells for _, cells in block), strict=True))
            read = {name: self._readers[name].read(columns[place]) for name, place in self._places.items()}
            fault = self._first(read)
            if fault is not None:
                row, place = fault
                raise self._fault(block[row][0], place, columns[place][row])
            self._lines.extend([line for line, _ in block])

    def _read_small(self, blocks: Iterable[Cut]) -> Cut | None:
        """Reads blocks without `typed`, as `read_blocks`."""
        for (cut, _), scanned in ahead(self._scan, ((cut, self._plain()) for cut in blocks)):
            if not self._read_block(scanned):
                return cut
        return None

    def _scan(self, asked: tuple[Cut, Mapping[str, bool]]) -> Scanned | None:
        """A block's cells, and the numbers in the columns that are known to hold some. Changes nothing."""
        cut, numbers = asked
        block = scan(self._file.content, cut, len(self._file.columns), self._file.dialect)
        if block is None:
            return None
        names = [name for name, number in numbers.items() if number]
        return Scanned(block, self._numbers(block, names))

    def _plain(self) -> dict[str, bool]:
        """By column whether its cells are known to be numbers."""
        return {name: reader.plain for name, reader in self._readers.items()}

    def _read_block(self, scanned: Scanned | None) -> bool:
        """Takes over a block; False where bytes alone do not tell its cells."""
        if scanned is None:
            return False
        readers, block = self._readers, scanned.block
        for name, reader in readers.items():
            if reader.kind is None:
                reader.settle(block.present(self._places[name]))
        late = [name for name, reader in readers.items() if reader.plain and name not in scanned.numbers]
        read = {
            name: readers[name].extend(values, rest, block.cells(self._places[name], rest))
            for name, (values, rest) in (scanned.numbers | self._numbers(block, late)).items()
        }
        read |= {n: readers[n].read(block.cells(self._places[n])) for n in readers if n not in read}
        fault = self._first(read)
        if fault is not None:
            row, place = fault
            raise self._fault(int(block.lines[row]), place, block.cells(place, np.array([row]))[0])
        self._lines.frombytes(block.lines.tobytes())
        return True

    def _numbers(self, block: Block, names: Sequence[str]) -> dict[str, tuple[Cells, NDArray[np.int64]]]:
        """By name a column's numbers, and the rows whose cells are still to be read."""
        if not names:
            return {}
        places = [self._places[name] for name in names]
        whole = places == list(range(len(self._file.columns)))
        parts = [part if whole else part[:, places] for part in (block.starts, block.ends, block.points)]
        starts, ends, points = (part.reshape(-1) for part in parts)
        values, understood = read_decimals(np.frombuffer(block.text, np.uint8), starts, ends, points)
        if not understood.all():  # an empty cell is missing, whatever else marks one
            empty = starts == ends
            values[empty] = np.nan
            understood |= empty
        shape = (len(block.lines), len(places))
        columns, known = values.reshape(shape).T, understood.reshape(shape).T.copy()
        return {name: (columns[k], np.flatnonzero(~known[k])) for k, name in enumerate(names)}

    def _read_typed(self, read: Typed) -> bool:
        """Takes over what was read, unless a cell may not fit."""
        if not all(self._readers[name].fits(texts) for name, (texts, _) in read.texts.items()):
            return False
        for name, values in read.numbers.items():
            self._readers[name].extend(values, np.empty(0, np.int64), ())
        for name, (texts, codes) in read.texts.items():
            self._readers[name].extend_coded(texts, codes)
        self._lines.frombytes(read.lines.tobytes())
        return True

    def _first(self, read: Mapping[str, int | None]) -> tuple[int, int] | None:
        """The row and the column of the first fault."""
        return min(((row, self._places[name]) for name, row in read.items() if row is not None), default=None)

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


def _expected_rows(file: CsvFile) -> int:
    """Rows, if lines go on as they begin."""
    size = len(file.content) - file.body
    head = min(SIZE, size)
    return size * file.content.count(b"\n", file.body, file.body + head) // max(1, head) * 21 // 20 + 1
