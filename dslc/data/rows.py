"""Rows to predict, from a file: the inputs alone, by the names that the model's schema knows.

A CSV or Parquet file gives the columns that the model was trained on, in any order and among others; an archive gives
one array for each input, under the name that the data block reads it by.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from dslc.data.column import ColumnType
from dslc.data.load import BUDGET
from dslc.data.npz import array_names, read_arrays, read_headers
from dslc.data.recipe import NpzSource, Recipe, TextSource
from dslc.data.schema import InputField, Schema
from dslc.data.sequence_recipe import Unit
from dslc.data.table import Frame, Numbers
from dslc.data.tables import open_table, read_table
from dslc.data.text_file import read_text
from dslc.diagnostics import DataError, did_you_mean


def read_rows(recipe: Recipe, schema: Schema, path: Path) -> dict[str, Numbers] | Frame | list[str]:
    """Arrays [rows, *shape] by input name, a table's columns, gaps and all, or texts as long as the net reads.

    Raises DataError naming the file, and the row and column or array.
    """
    if path.suffix.lower() == ".npz":
        return _archive_rows(recipe, schema, path)
    if isinstance(recipe.source, TextSource):
        return _texts(recipe.source, schema.inputs[0].shape[0], path)
    if len(schema.inputs) != 1 or not schema.inputs[0].columns:
        names = ", ".join(field.name for field in schema.inputs)
        raise DataError(f"`{path}`: this model reads arrays ({names}); give them in an .npz file")
    return _table_rows(recipe, schema.inputs[0], path)


def _texts(source: TextSource, length: int, path: Path) -> list[str]:
    """The file's text in pieces side by side; the last may be shorter."""
    tokens, _ = read_text(path, str(path), source.plan, BUDGET)
    between = "" if source.plan.unit is Unit.CHARACTERS else " "
    parts = np.split(tokens.ids, range(length, len(tokens), length))
    return [between.join(tokens.labels[k] for k in part.tolist()) for part in parts]


def _table_rows(recipe: Recipe, field: InputField, path: Path) -> Frame:
    file = open_table(path, str(path), recipe.source, BUDGET)
    for column in field.columns:
        _there(column, file.columns, f'{path}: no column is named "{column}", which the model reads')
    kinds = {name: ColumnType(kind) for name, kind in zip(field.columns, field.kinds, strict=True)}
    types: dict[str, ColumnType | None] = {name: recipe.table.types.get(name, kind) for name, kind in kinds.items()}
    return read_table(file, types, recipe.table.marks, BUDGET)


def _archive_rows(recipe: Recipe, schema: Schema, path: Path) -> dict[str, Numbers]:
    plans = recipe.source.fields if isinstance(recipe.source, NpzSource) else ()
    stored = {plan.name: plan.stored for plan in plans}
    names = {field.name: stored.get(field.name, field.name) for field in schema.inputs}
    held = array_names(path, str(path))
    for name in names.values():
        _there(name, held, f'{path}: no array is named "{name}", which the model reads')
    arrays = read_arrays(path, str(path), read_headers(path, str(path), sorted(set(names.values())), BUDGET))
    return {field.name: _shaped(arrays[names[field.name]], field, path) for field in schema.inputs}


def _shaped(values: Numbers, field: InputField, path: Path) -> Numbers:
    """The array with its rows in the field's shape, where only axes of extent 1 differ, or rows are flat."""
    plain = [extent for extent in values.shape[1:] if extent != 1]
    flat = values.ndim == 2 and values[:1].size == prod(field.shape)
    if values.ndim == 0 or not (flat or plain == [extent for extent in field.shape if extent != 1]):
        raise DataError(f'{path}: array "{field.name}" is {list(values.shape)}, not [rows, *{list(field.shape)}]')
    return values.reshape(len(values), *field.shape)


def _there(name: str, held: tuple[str, ...], message: str) -> None:
    if name not in held:
        raise DataError(message + did_you_mean(name, held, '"'))
