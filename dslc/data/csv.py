"""Numeric columns of a text file with one header line.

Accepted: UTF-8 with or without a byte order mark, any line ends, quoted cells, blanks around a cell, blank
lines (skipped). The header gives distinct, non-empty names. A column is read only when asked for; whether
it holds text is decided by its first cell. Every fault names the line as an editor counts it.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslc.data.table import fault_of
from dslc.diagnostics import DataError, ModelError, NotYet
from dslc.source import Span

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""Cells, in lower case, that stand for a missing value."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A text file whose header has been read: its bytes (valid UTF-8), its column names, how to cut it."""

    shown: str
    content: bytes
    columns: tuple[str, ...]
    separator: str
    decimal: str

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Line number (from 1) and cells of every record that is not blank; DataError on faulty quotes."""
        text = io.TextIOWrapper(io.BytesIO(self.content), "utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=self.separator, strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"{self.shown}:{line}: {error}") from None


def open_csv(path: Path, shown: str, separator: str, decimal: str, budget: int) -> CsvFile:
    """The file and its column names. DataError if it cannot be read or has no header."""
    try:
        size = path.stat().st_size
        if size > budget:
            raise DataError(f"{shown}: {size} bytes, more than the budget of {budget}")
        content = path.read_bytes()
        content.decode()
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{shown}:{line}: byte 0x{content[error.start]:02x} is not UTF-8 text") from None
    file = CsvFile(shown, content, (), separator, decimal)
    line, header = next(file.records(), (0, []))
    if not header:
        raise DataError(f"{shown}: the file is empty")
    names = tuple(name.strip() for name in header)
    _check_header(names, f"{shown}:{line}", decimal)
    return CsvFile(shown, content, names, separator, decimal)


def _check_header(names: Sequence[str], place: str, decimal: str) -> None:
    if all(_number(name, decimal) is not None for name in names):
        raise DataError(f"{place}: the first line holds numbers; a line of column names was expected")
    for k, name in enumerate(names):
        if not name:
            raise DataError(f"{place}: column {k + 1} has no name")
        if name in names[:k]:
            raise DataError(f'{place}: two columns are named "{name}"')


def read_columns(
    file: CsvFile, wanted: Sequence[str], spans: Sequence[Span]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The wanted columns as [rows, columns], and each row's line number.

    `spans[k]` is where the model file asks for column k, for the diagnostic of a text column. DataError:
    a row of another length, a cell that is missing or no finite number, no rows.
    """
    places = [file.columns.index(name) for name in wanted]
    values = array("d")
    lines = array("q")
    records = file.records()
    next(records)
    for line, cells in records:
        if len(cells) != len(file.columns):
            raise DataError(f"{file.shown}:{line}: {len(cells)} cells, but the header names {len(file.columns)}")
        for k, place in enumerate(places):
            value = _number(cells[place], file.decimal)
            if value is None or not isfinite(value):
                raise _fault(file, line, wanted[k], cells[place], None if lines else spans[k])
            values.append(value)
        lines.append(line)
    if not lines:
        raise DataError(f"{file.shown}: no rows below the header")
    matrix = np.frombuffer(values, np.float64) if values else np.empty(0)
    return matrix.reshape(len(lines), len(places)), np.array(lines, np.int64)


def _number(cell: str, decimal: str) -> float | None:
    """The cell's value, None if it is no number; `float` alone would take `1_000` and both decimal signs."""
    if decimal != ".":
        cell = cell.replace(".", "_").replace(decimal, ".")
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _fault(file: CsvFile, line: int, column: str, cell: str, span: Span | None) -> Exception:
    """What to raise for a cell; `span` is given in the first row, where text means a column of text."""
    where = f'{file.shown}:{line}: column "{column}"'
    value = _number(cell, file.decimal)
    if value is not None or cell.strip().lower() in MISSING:
        return DataError(f"{where}: {fault_of(nan if value is None else value)}")
    shown = cell if len(cell) <= 40 else cell[:37] + "..."
    if span:
        what = f'a column of text (`{column}` of `{file.shown}` has "{shown}" in line {line})'
        return ModelError([NotYet(span, what)])
    return DataError(f'{where}: "{shown}" is not a number')
