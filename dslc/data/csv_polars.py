"""Blocks of a large text file, read by polars where it reads them exactly as dslc does.

polars (an extra) reads with several threads. It takes the same finite numbers for numbers, rounded alike, and refuses
what it does not take; what it reads otherwise is told from the block's bytes, or from what it made of them: quotes,
lone returns, blank lines, short rows, numbers that are not finite, cells beyond the limit of `csv.reader`. Such a
block is left to dslc's own reader, which also finds the place of every fault.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dslc.data.blocks import Cut
from dslc.data.cells import Marks
from dslc.data.column import Cells
from dslc.data.csv import CsvFile
from dslc.data.polars_threads import installed, lost

if TYPE_CHECKING:
    import polars as pl

LARGE = 32 << 20
"""Bytes of the files for which importing polars pays."""

BLOCK = 16 << 20

SEPARATORS = ",;\t|"

Coded = tuple[tuple[str, ...], NDArray[np.int64]]
"""Texts in the order of their first rows, and each row's place among them, -1 where the cell is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """Columns of a block by name: numbers, NaN where a cell is missing, and coded texts; `lines` [rows]."""

    numbers: Mapping[str, Cells]
    texts: Mapping[str, Coded]
    lines: NDArray[np.int64]


def typed_reader(file: CsvFile, marks: Marks) -> TypedReader | None:
    """A reader for the file, if it is large and cut as polars cuts files, and polars can be called."""
    dialect, columns = file.dialect, len(file.columns)
    ordinary = dialect.decimal == "." and dialect.separator in SEPARATORS and columns > 1
    if len(file.content) < LARGE or not ordinary or not (dialect.encoding == "utf-8" or file.content.isascii()):
        return None
    return TypedReader(file, marks, BLOCK) if installed() and not lost() else None


class TypedReader:
    """Reads blocks of one file, in any thread.

    Words that mark a missing cell are looked for once a column of numbers has some.
    """

    def __init__(self, file: CsvFile, marks: Marks, size: int) -> None:
        self.size = size
        self._file = file
        words = [word for word in marks.texts if word]
        spelled = (f(word) for word in words for f in (str.lower, str.upper, str.capitalize, str.title))
        self._words = sorted(word for word in {*spelled, "NaN"} if marks.missing(word))
        self._nulls: list[str] | None = None

    def read(self, cut: Cut, numbers: Mapping[str, bool]) -> Typed | None:
        """The columns named, those that are true as numbers; None for a block that is not for polars."""
        content = self._file.content[cut.start : cut.end]
        if b'"' in content or _has_lone_return(content) or _has_long_line(content):
            return None
        nulls = self._nulls
        frame = self._frame(content, numbers, nulls)
        if frame is None and nulls is None:
            self._nulls = self._words
            frame = self._frame(content, numbers, self._words)
        lines = cut.feeds + (not content.endswith(b"\n"))
        if frame is None or frame.height != lines or not self._whole(frame, content):
            return None
        plain = {name: frame[name] for name, number in numbers.items() if number}
        if not all(column.is_finite().all() for column in plain.values()):
            return None
        texts = {name: coded(frame[name]) for name, number in numbers.items() if not number}
        values = {name: column.to_numpy() for name, column in plain.items()}
        return Typed(values, texts, cut.line + np.arange(lines))

    def _frame(self, content: bytes, numbers: Mapping[str, bool], nulls: list[str] | None) -> pl.DataFrame | None:
        """What polars makes of the block, None if it refuses it; the last column is there in any case."""
        import polars as pl

        columns = self._file.columns
        schema = {name: pl.Float64 if numbers.get(name) else pl.String for name in columns}
        try:
            return pl.read_csv(
                content,
                has_header=False,
                columns=[k for k, name in enumerate(columns) if name in numbers or name == columns[-1]],
                separator=self._file.dialect.separator,
                quote_char=None,
                schema=schema,
                null_values=nulls,
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None

    def _whole(self, frame: pl.DataFrame, content: bytes) -> bool:
        """Whether every row has all columns; of a short row the last one is null."""
        if not frame[self._file.columns[-1]].null_count():
            return True
        separators = content.count(self._file.dialect.separator.encode())
        return separators == frame.height * (len(self._file.columns) - 1)


def _has_lone_return(content: bytes) -> bool:
    return b"\r" in content and content.count(b"\r") != content.count(b"\r\n")


def _has_long_line(content: bytes) -> bool:
    """Whether a line may be longer than the longest cell that `csv.reader` takes."""
    window = max(1, csv.field_size_limit() // 2)
    return any(content.find(b"\n", k, k + window) < 0 for k in range(0, len(content) - window, window))


def coded(column: pl.Series) -> Coded:
    """A column of texts."""
    import polars as pl

    texts = column.unique(maintain_order=True).drop_nulls()
    codes = column.cast(pl.Enum(texts)).to_physical().cast(pl.Int64).fill_null(-1)
    return tuple(texts.to_list()), codes.to_numpy()
