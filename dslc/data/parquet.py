"""Columns of a Parquet file, read by polars (an extra), as those of a text file are.

Numbers, truth values and dates are what their columns say; texts tell what they hold as cells of a text file do, and
so do all columns that the data block declares to be something else. A null, a NaN and a text that stands for a missing
cell are missing. Rows are counted from 0.

The file's sizes are checked first (dslc/data/parquet_layout.py). What polars raises on hostile bytes is of many kinds,
panics of its Rust code among them, which are no `Exception`; each becomes a DataError.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import time
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dslc.data.cells import CellReader, Marks
from dslc.data.column import Column, ColumnType, Kind, name_of
from dslc.data.csv_polars import Coded, coded
from dslc.data.parquet_layout import check_layout
from dslc.data.polars_threads import installed, lost
from dslc.data.table import FrameOrigin
from dslc.diagnostics import DataError
from dslc.frozen import Frozen

if TYPE_CHECKING:
    import polars as pl

BATCH = 16
"""Columns that polars holds at a time."""


class ParquetFile(Frozen):
    """A file whose columns are known: its bytes, and the names in its order."""

    shown: str
    content: bytes
    columns: tuple[str, ...]


def open_parquet(path: Path, shown: str, budget: int) -> ParquetFile:
    """The file and its columns. DataError if it cannot be read, or polars is not installed."""
    if not installed():
        raise DataError(f"{shown}: Parquet needs polars: pip install 'dslc[polars]'")
    if lost():
        raise DataError(f"{shown}: Parquet cannot be read in a process forked from one that imported polars; spawn it")
    try:
        size = path.stat().st_size
        if size > budget:
            raise DataError(f"{shown}: {size} bytes, more than the budget of {budget}")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror}") from None
    check_layout(content, shown, (), budget)
    import polars as pl

    with _refusing(shown):
        names = tuple(pl.read_parquet_schema(io.BytesIO(content)))
    if not names:
        raise DataError(f"{shown}: the file has no columns")
    if "" in names:
        raise DataError(f"{shown}: column {names.index('') + 1} has no name")
    return ParquetFile(shown, content, names)


def read_parquet(
    file: ParquetFile, wanted: Mapping[str, ColumnType | None], marks: Marks, budget: int
) -> tuple[dict[str, Column], int]:
    """The wanted columns, each declared or told by what it holds, and the number of rows.

    DataError: a column of another kind of value, a cell that does not fit its column, no rows.
    """
    import polars as pl

    rows = check_layout(file.content, file.shown, wanted, budget)
    if rows == 0:
        raise DataError(f"{file.shown}: no rows")
    names = list(wanted)
    columns: dict[str, Column] = {}
    for k in range(0, len(names), BATCH):
        with _refusing(file.shown):
            frame = pl.read_parquet(io.BytesIO(file.content), columns=names[k : k + BATCH], use_statistics=False)
        if frame.height != rows:
            raise DataError(f"{file.shown}: not a readable Parquet file (it has not the rows that it names)")
        for name in names[k : k + BATCH]:
            with _refusing(file.shown):
                columns[name] = _column(frame[name], wanted[name], marks, FrameOrigin(file.shown))
    return columns, rows


@contextmanager
def _refusing(shown: str) -> Iterator[None]:
    import polars as pl

    try:
        yield
    except DataError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(f"{shown}: not a readable Parquet file ({reason})") from None


def _column(series: pl.Series, declared: ColumnType | None, marks: Marks, origin: FrameOrigin) -> Column:
    kind = _kind_of(series, origin)
    if kind is not None and declared in (None, ColumnType(kind)):
        return _as_it_is(series, kind, marks, origin)
    texts, codes = _coded(series, kind, origin)
    reader = CellReader(declared, marks, ".")
    row = reader.extend_coded(texts, codes)
    if row is not None:
        raise DataError(f"{origin.place(series.name, row)}: {reader.fault(texts[int(codes[row])])}")
    return reader.column()


def _kind_of(series: pl.Series, origin: FrameOrigin) -> Kind | None:
    """What the column's type says its values are, None where its cells are to be read as texts."""
    import polars as pl

    dtype = series.dtype
    if dtype.is_integer() or dtype.is_float():
        return Kind.NUMBER
    if dtype == pl.Boolean:
        return Kind.BOOLEAN
    if dtype in (pl.Date, pl.Datetime):
        return Kind.DATE
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Decimal, pl.Null):
        return None
    where = f'{origin.file}: column "{series.name}"'
    raise DataError(f"{where} holds {dtype}, not numbers, texts, truth values or dates")


def _as_it_is(series: pl.Series, kind: Kind, marks: Marks, origin: FrameOrigin) -> Column:
    import polars as pl

    numbers = _dates(series, origin).to_physical() if kind is Kind.DATE else series
    values = numbers.cast(pl.Float64).to_numpy(writable=True)
    if kind is Kind.NUMBER:
        infinite = np.isinf(values)
        if infinite.any():
            row = int(np.argmax(infinite))
            raise DataError(f"{origin.place(series.name, row)}: {values[row]} is not a finite number")
        if marks.numbers:
            values[np.isin(values, list(marks.numbers))] = np.nan
    return Column(kind, values)


def _dates(series: pl.Series, origin: FrameOrigin) -> pl.Series:
    """Days; DataError for a time of day."""
    import polars as pl

    days = series.cast(pl.Date)
    if isinstance(series.dtype, pl.Datetime):
        timed = (series.dt.time() != time()).fill_null(False)
        if timed.any():
            row = int(timed.arg_max() or 0)
            raise DataError(f"{origin.place(series.name, row)}: {series[row]} is a time of day, not a date")
    return days


def _coded(series: pl.Series, kind: Kind | None, origin: FrameOrigin) -> Coded:
    """The values as a text file would have them."""
    import polars as pl

    texts, codes = coded((_dates(series, origin) if kind is Kind.DATE else series).cast(pl.String))
    if series.dtype.is_float():
        texts = tuple(name_of(Kind.NUMBER, value) if isfinite(value := float(text)) else text for text in texts)
    return texts, codes
