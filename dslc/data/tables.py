"""A table's file, whichever kind it is, to the columns that are asked for.

A file is read as Parquet if it ends in `.parquet`, or if the data block says so and it does not end in `.csv`; else
as text, in the dialect of the data block.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from dslc.data.blocks import Dialect
from dslc.data.cells import Marks
from dslc.data.column import ColumnType
from dslc.data.csv import CsvFile, open_csv
from dslc.data.csv_columns import read_columns
from dslc.data.parquet import ParquetFile, open_parquet, read_parquet
from dslc.data.recipe import CsvSource, ParquetSource, Source
from dslc.data.table import CsvOrigin, Frame, FrameOrigin

TableFile: TypeAlias = CsvFile | ParquetFile


def open_table(path: Path, shown: str, source: Source, budget: int) -> TableFile:
    """The file and its column names. DataError if it cannot be read."""
    suffix = path.suffix.lower()
    if suffix == ".parquet" or (isinstance(source, ParquetSource) and suffix != ".csv"):
        return open_parquet(path, shown, budget)
    return open_csv(path, shown, source.dialect if isinstance(source, CsvSource) else Dialect(), budget)


def read_table(file: TableFile, wanted: Mapping[str, ColumnType | None], marks: Marks, budget: int) -> Frame:
    """The wanted columns, in that order. DataError for cells and rows that do not fit."""
    if isinstance(file, ParquetFile):
        columns, rows = read_parquet(file, wanted, marks, budget)
        return Frame(rows, columns, FrameOrigin(file.shown))
    columns, lines = read_columns(file, wanted, marks)
    return Frame(len(lines), columns, CsvOrigin(file.shown, lines))
