"""Columns from Python: DataFrames of any library that narwhals knows, and mappings from names to sequences.

Cells mean what they would in the file: texts are read by the kind that the column has there, missing marks
included; None, NaN and a library's own null are missing. Numbers where the file has text take its spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from math import isfinite, isnan
from typing import Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslc.data.cells import CellReader, Marks
from dslc.data.column import Column, ColumnType, Kind, name_of
from dslc.data.table import Frame, FrameOrigin
from dslc.diagnostics import DataError, did_you_mean

ORIGIN = FrameOrigin()

NULLS = ("NAType", "NaTType")
"""The types of pandas' own nulls."""

Arrays: TypeAlias = Mapping[str, ArrayLike]


def columns_of(given: object, wanted: Iterable[str]) -> dict[str, ArrayLike] | None:
    """The wanted columns that a mapping or a DataFrame has; None if it is neither."""
    if isinstance(given, Mapping):
        return {name: given[name] for name in wanted if name in given}
    if isinstance(given, np.ndarray) or not hasattr(type(given), "columns"):
        return None
    try:
        import narwhals
    except ImportError:
        raise DataError("DataFrames need narwhals: pip install 'dslc[frames]'") from None
    try:
        frame = narwhals.from_native(given, eager_only=True, pass_through=True)
    except ValueError as error:  # two columns of one name
        raise DataError(f"{type(given).__name__}: {' '.join(str(error).split())}") from None
    if not isinstance(frame, narwhals.DataFrame):
        raise DataError(f"{type(given).__name__} is not a DataFrame whose rows are at hand")
    return {name: _series(frame[name].to_list()) for name in wanted if name in frame.columns}


class Tabular(Protocol):
    """What pandas' and polars' DataFrames have in common."""

    @property
    def columns(self) -> Iterable[str]: ...

    def __getitem__(self, names: list[str], /) -> Tabular: ...

    def to_numpy(self) -> NDArray[np.generic]: ...


def matrix_of(given: object, names: Sequence[str]) -> NDArray[np.generic] | None:
    """The named columns of a DataFrame as one array [rows, columns]; what is no DataFrame as the array that it is.

    None where that cannot be had at once. `columns_of` takes whatever narwhals knows and says what is wrong, but
    narwhals takes longer for one row than its prediction.
    """
    if isinstance(given, np.ndarray):
        return array_of(given)
    try:
        if not hasattr(type(given), "columns"):
            return np.asarray(given)
        frame = cast(Tabular, given)
        if tuple(frame.columns) != tuple(names):
            frame = frame[list(names)]
        return frame.to_numpy()
    except Exception:  # whatever a library's frame raises, the long way says what does not fit
        return None


def names_of(given: object) -> tuple[str, ...]:
    """The names of a mapping's or a DataFrame's columns."""
    names = given if isinstance(given, Mapping) else getattr(given, "columns", ())
    return tuple(str(name) for name in names)


def frame_of(
    given: Arrays, types: Mapping[str, ColumnType | None], required: Sequence[str], names: Sequence[str], marks: Marks
) -> Frame:
    """The columns in `types` as a frame.

    DataError naming what `required` has and they have not (`names` are all that were given), another length, and the
    cell that does not fit.
    """
    for name in required:
        if name not in given:
            raise DataError(f'no column is named "{name}"' + did_you_mean(name, names, '"'))
    columns = {name: column_from(values, types[name], marks, name) for name, values in given.items()}
    rows = len(columns[required[0]].values)
    for name, column in columns.items():
        if len(column.values) != rows:
            raise DataError(f'column "{name}" has {len(column.values)} rows, but "{required[0]}" has {rows}')
    if rows == 0:
        raise DataError(f'column "{required[0]}" has no rows')
    return Frame(rows, columns, ORIGIN)


def array_of(given: object) -> NDArray[np.generic]:
    """As an array, masked cells as gaps: NaN among numbers, None among others. ValueError for ragged rows."""
    if not isinstance(given, np.ma.MaskedArray) or not np.ma.is_masked(given):
        return np.asarray(given)
    wide, gap = (np.float64, np.nan) if given.dtype.kind in "biuf" else (np.object_, None)
    filled: NDArray[np.generic] = np.ma.filled(given.astype(wide), gap)
    return filled


def column_from(given: ArrayLike, kind: ColumnType | None, marks: Marks, name: str) -> Column:
    """One column [rows]; `kind` None lets its texts tell. DataError naming the row that does not fit."""
    try:
        values = array_of(given)
    except ValueError as error:
        raise DataError(f'column "{name}": {error}') from None
    if values.ndim != 1:
        advice = "; give a list, one cell for each row" if values.ndim == 0 else ""
        raise DataError(f'column "{name}" is {list(values.shape)}, but [rows] was expected{advice}')
    match values.dtype.kind:
        case "b":
            return Column(Kind.BOOLEAN, values.astype(np.float64))
        case "i" | "u" | "f":
            return _numbers(values, marks, name)
        case "M":
            days = values.astype("M8[D]")
            return Column(Kind.DATE, np.where(np.isnat(days), np.nan, days.astype(np.float64)))
        case "U" | "O":
            return _texts(values.tolist(), kind, marks, name)
    raise DataError(f'column "{name}" holds {values.dtype}, not numbers or text')


def _series(values: list[object]) -> NDArray[np.generic]:
    """A series in its own dtype, nulls of numbers as NaN; of anything else as objects."""
    numbers = [value for value in values if value is not None]
    if numbers and all(type(value) in (int, float) for value in numbers):
        with suppress(OverflowError):  # a whole number beyond every float is told of where its row is known
            return np.array([np.nan if value is None else value for value in values], np.float64)
    if numbers and len(numbers) == len(values) and all(type(value) is bool for value in numbers):
        return np.array(values, np.bool_)
    objects = np.empty(len(values), np.object_)
    objects[:] = values
    return objects


def _numbers(values: NDArray[np.generic], marks: Marks, name: str) -> Column:
    reals = values.astype(np.float64)
    if np.isinf(reals).any():
        row = int(np.argmax(np.isinf(reals)))
        raise DataError(f"{ORIGIN.place(name, row)}: {reals[row]} is not a finite number")
    if marks.numbers:
        reals[np.isin(reals, list(marks.numbers))] = np.nan
    return Column(Kind.NUMBER, reals)


def _texts(values: Sequence[object], kind: ColumnType | None, marks: Marks, name: str) -> Column:
    cells = [_cell(value, name, row) for row, value in enumerate(values)]
    reader = CellReader(kind, marks, ".")
    fault = reader.read(cells)
    if fault is not None:
        raise DataError(f"{ORIGIN.place(name, fault)}: {reader.fault(cells[fault])}")
    return reader.column()


def _cell(value: object, name: str, row: int) -> str:
    """A Python value as the cell of a text file; a null is empty."""
    if value is None or type(value).__name__ in NULLS:
        return ""
    match value:
        case str():
            return value
        case bool() | np.bool_():
            return name_of(Kind.BOOLEAN, float(value))
        case int() | float() | np.integer() | np.floating():
            return _number_text(value)
        case date():
            return value.isoformat()[:10]
    raise DataError(f"{ORIGIN.place(name, row)}: holds a {type(value).__name__}, not a number or text")


def _number_text(value: float | np.integer | np.floating) -> str:
    try:
        real = float(value)
    except OverflowError:
        return "inf"
    return "" if isnan(real) else name_of(Kind.NUMBER, real) if isfinite(real) else str(real)
