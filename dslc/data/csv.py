"""Columns of a text file with one header line.

Accepted: UTF-8 with or without a byte order mark, Latin-1 where the data block says so, any line ends, quoted
cells (with doubled quotes and line breaks in them), blanks around a cell, blank lines (skipped). The header
gives distinct, non-empty names. A column is read only when asked for (dslc/data/cells.py says how). Every
fault names the line as an editor counts it, and the first fault of the file is the one that is told.
"""

from __future__ import annotations

import codecs
import csv
import io
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslc.data.cells import CellReader, Marks, number_in
from dslc.data.column import Cells, Column, ColumnType, Kind
from dslc.diagnostics import DataError

BLOCK = 8192
"""Rows that are read before their cells are."""

Record = tuple[int, list[str]]
"""A line number, from 1, and the cells of the record that begins there."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is cut into cells; `encoding` is `utf-8` or `latin-1`."""

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A text file whose header has been read: its bytes (valid in its encoding), its column names, how to cut it."""

    shown: str
    content: bytes
    columns: tuple[str, ...]
    dialect: Dialect

    def text(self) -> io.TextIOWrapper:
        encoding = "utf-8-sig" if self.dialect.encoding == "utf-8" else self.dialect.encoding
        return io.TextIOWrapper(io.BytesIO(self.content), encoding, newline="")

    def records(self) -> Iterator[Record]:
        """Every record that is not blank; DataError on faulty quotes."""
        reader = csv.reader(self.text(), delimiter=self.dialect.separator, strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"{self.shown}:{line}: {error}") from None


def open_csv(path: Path, shown: str, dialect: Dialect, budget: int) -> CsvFile:
    """The file and its column names. DataError if it cannot be read or has no header."""
    try:
        size = path.stat().st_size
        if size > budget:
            raise DataError(f"{shown}: {size} bytes, more than the budget of {budget}")
        content = path.read_bytes()
        _check_text(content, shown)
        content.decode(dialect.encoding)
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        raise DataError(f'{shown}:{line}: {what}; the option `encoding "latin-1"` reads it as Latin-1') from None
    file = CsvFile(shown, content, (), dialect)
    line, header = next(file.records(), (0, []))
    if not header:
        raise DataError(f"{shown}: the file is empty")
    names = tuple(name.strip() for name in header)
    _check_header(names, f"{shown}:{line}", dialect.decimal)
    return replace(file, columns=names)


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


def read_columns(
    file: CsvFile, wanted: Mapping[str, ColumnType | None], marks: Marks
) -> tuple[dict[str, Column], NDArray[np.int64]]:
    """The wanted columns, each declared or told by its cells, and each row's line number.

    DataError: a row of another length, a cell that does not fit its column, no rows.
    """
    plain = _read_plain(file, wanted, marks)
    if plain is not None:
        return plain
    places = {name: place for place, name in enumerate(file.columns)}
    readers = {name: CellReader(declared, marks, file.dialect.decimal) for name, declared in wanted.items()}
    lines = array("q")
    for block in _blocks(file):
        columns = list(zip(*(cells for _, cells in block), strict=True))
        faults: list[tuple[int, str]] = []
        for name, reader in readers.items():
            fault = reader.read(columns[places[name]])
            if fault is not None:
                faults.append((fault, name))
        if faults:
            row, name = min(faults, key=lambda fault: (fault[0], places[fault[1]]))
            cell = columns[places[name]][row]
            what = readers[name].fault(cell) + _advice(name, wanted, readers, cell)
            raise DataError(f'{file.shown}:{block[row][0]}: column "{name}": {what}')
        lines.extend([line for line, _ in block])
    if not lines:
        raise DataError(f"{file.shown}: no rows below the header")
    return {name: reader.column() for name, reader in readers.items()}, np.array(lines, np.int64)


def _advice(name: str, wanted: Mapping[str, ColumnType | None], readers: Mapping[str, CellReader], cell: str) -> str:
    """How to read text in a column whose first cell is something else."""
    kind = readers[name].kind
    if wanted[name] is not None or kind is Kind.CATEGORY or number_in(cell, ".") is not None:
        return ""
    written = name if name.isidentifier() else f"`{name}`"
    return f" (`column {written}: category` reads text)"


def _blocks(file: CsvFile) -> Iterator[list[Record]]:
    """Records below the header, all as long as it, some thousands at a time; what is before a fault comes first."""
    records = file.records()
    next(records)
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
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block
    if fault is not None:
        raise fault


def _read_plain(
    file: CsvFile, wanted: Mapping[str, ColumnType | None], marks: Marks
) -> tuple[dict[str, Column], NDArray[np.int64]] | None:
    """The columns of a file that holds nothing but finite numbers, one row a line, by NumPy's reader.

    None for any other file, which `read_columns` then reads cell by cell; both give the same bits.
    """
    content, dialect = file.content, file.dialect
    undeclared = all(declared in (None, ColumnType(Kind.NUMBER)) for declared in wanted.values())
    body = content.find(b"\n") + 1
    if not undeclared or dialect.decimal != "." or marks.numbers or content[body : body + 1] in b"\r\n":
        return None
    if b'"' in content or content.find(b"_", body) >= 0:
        return None
    try:
        text = file.text()
        text.readline()
        matrix: Cells = np.loadtxt(text, np.float64, comments=None, delimiter=dialect.separator, ndmin=2)
    except ValueError:
        return None
    rows, width = matrix.shape
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if width != len(file.columns) or lines != rows + 1 or rows == 0 or not np.isfinite(matrix).all():
        return None
    columns = {name: Column(Kind.NUMBER, matrix[:, file.columns.index(name)]) for name in wanted}
    return columns, np.arange(2, rows + 2)
