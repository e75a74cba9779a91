"""Rows from Python in place of a file's: checked against what the data block says, then a `Raw` like any other.

A model whose data block declares its inputs takes arrays; one whose data block reads a table takes DataFrames,
mappings of columns, or one array with the table's columns in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslc.data.column import NOUNS, Cells, Column, ColumnType, Kind, concatenate
from dslc.data.frame import ORIGIN as FRAME
from dslc.data.frame import array_of, column_from, columns_of, frame_of, names_of
from dslc.data.load import Raw, roles_beside, table_of, with_formulas
from dslc.data.recipe import Recipe, TextSource
from dslc.data.schema import InputField, Schema, TargetField
from dslc.data.sequence_recipe import TextPlan
from dslc.data.split import Parts
from dslc.data.table import PYTHON, Frame, JoinedOrigin, Numbers, Series, Table, numbers_of, require_finite
from dslc.data.table_recipe import TableRecipe
from dslc.data.target_preparation import Truths
from dslc.data.tokens import Tokens, tokens_of
from dslc.diagnostics import DataError, did_you_mean

Given = ArrayLike | Mapping[str, ArrayLike] | Frame
"""An array [rows, *shape], arrays by input name, columns by name, a DataFrame, or rows read from a file."""

Truth = ArrayLike | Mapping[str, ArrayLike]
"""The target's values [rows, *shape], or each target's by name."""


def feed(raw: Raw, x: Given, y: Truth | None) -> Raw:
    """`raw` with these rows.

    `y` is [rows, *shape] of the only target, or arrays by target; None where there is none or `x` has them as columns.
    What is carried comes with `x`. DataError names the array or column, and the row and value that do not fit.
    """
    given = _by_target(raw.targets, y)
    if raw.inputs[0].columns:
        return raw.replaced(table=_fed_table(raw, x, given))
    if isinstance(raw.recipe.source, TextSource):
        raise DataError("this model trains on the text that its data block names; another file takes its place")
    arrays = _arrays(raw.inputs, raw.carried, x)
    rows = len(next(iter(arrays.values())))
    targets: dict[str, Numbers] = {}
    for target in raw.targets:
        if target.reconstructs:
            targets[target.name] = arrays[target.name]
            continue
        if target.name not in given:
            raise DataError(f'no values for the target "{target.name}"')
        targets[target.name] = _checked(given[target.name], target.name, target.shape)
        _same_rows(target.name, targets[target.name], rows)
    inputs, carried = ({field.name: arrays[field.name] for field in part} for part in (raw.inputs, raw.carried))
    return raw.replaced(table=Table(rows, inputs, targets, _strata(raw, arrays | targets), PYTHON, carried=carried))


def _by_target(targets: Sequence[TargetField], y: Truth | None) -> Mapping[str, ArrayLike]:
    """What is given for each target; DataError for a target that is not there."""
    if y is None:
        return {}
    names = [target.name for target in targets if not target.reconstructs]
    if not names:
        raise DataError("the data block has no target" + (" but its own inputs" if targets else ""))
    if not isinstance(y, Mapping) and (columns := columns_of(y, names)) is not None:
        return columns
    if isinstance(y, Mapping):
        for name in y:
            if name not in names:
                raise DataError(f'no target is named "{name}"' + did_you_mean(name, names, '"'))
        return y
    if len(names) > 1:
        raise DataError(f"{len(names)} targets take a mapping by name: {', '.join(names)}")
    return {names[0]: y}


def feed_validation(raw: Raw, x: Given, y: Truth | None) -> Raw:
    """`feed`, for rows to validate on; DataError says that it is about those."""
    try:
        return feed(raw, x, y)
    except DataError as error:
        placed = str(error).startswith(("array ", "column "))
        raise DataError(f"validation {error}" if placed else f"validation rows: {error}") from None


def read_inputs(recipe: Recipe, schema: Schema, x: Given) -> dict[str, Numbers | Frame | Series | Tokens]:
    """Rows to predict by input name: arrays [rows, *shape], each with as many rows, the frame of a table or all of its
    windows, or texts.

    One array, or the key `inputs`, means the only input; what is carried may be there and is left alone.
    """
    fields = schema.inputs
    if isinstance(recipe.source, TextSource):
        return {fields[0].name: _texts(recipe.source.plan, fields[0], x)}
    if fields[0].columns:
        frame = _frame(recipe, fields[0], x, ())
        return {fields[0].name: frame if recipe.window is None else windows_in(frame, fields[0].shape[0])}
    if schema.carried and isinstance(x, Mapping):
        beside = {field.name for field in schema.carried}
        x = {name: values for name, values in x.items() if name not in beside}
    return dict(_arrays(fields, (), x))


def windows_in(steps: Frame, length: int) -> Series:
    """Every window of the rows, which are in time; DataError if there are too few."""
    if steps.rows < length:
        raise DataError(f"{steps.rows} rows are too few for a window of {length}")
    return Series(steps, np.arange(steps.rows - length + 1), length)


def _texts(plan: TextPlan, field: InputField, x: Given) -> Tokens:
    """Texts of at most as many tokens as the net reads; DataError for anything else."""
    given = x[field.name] if isinstance(x, Mapping) and set(x) == {field.name} else x
    texts = given if isinstance(given, list | tuple) else given.tolist() if isinstance(given, np.ndarray) else None
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(text, str) for text in texts):
        raise DataError(f'"{field.name}" takes a list of texts')
    tokens = tokens_of([str(text) for text in texts], plan.unit)
    counts, unit = tokens.ends - tokens.starts, plan.unit.value
    for row in np.flatnonzero((counts == 0) | (counts > field.shape[0])).tolist():
        raise DataError(f"row {row}: a text of {counts[row]} {unit}; this model reads 1 to {field.shape[0]}")
    return tokens


def join(train: Raw, val: Raw) -> tuple[Raw, Parts]:
    """Training and validation rows of one data block as one table, and which rows are which."""
    first, second = train.table, val.table
    inputs = {name: np.concatenate([values, second.inputs[name]]) for name, values in first.inputs.items()}
    rows = first.rows + second.rows
    carried = {name: np.concatenate([values, second.carried[name]]) for name, values in first.carried.items()}
    table = Table(
        rows,
        inputs,
        {name: _joined(name, values, second.targets[name]) for name, values in first.targets.items()},
        None,
        JoinedOrigin(first.rows, first.origin, second.origin),
        {name: concatenate(column, second.columns[name]) for name, column in first.columns.items()},
        _joined_weights(first, second),
        carried,
    )
    parts = Parts(np.arange(first.rows), np.arange(first.rows, rows), np.empty(0, np.int64))
    return train.replaced(table=table), parts


def _joined(name: str, first: Truths, second: Truths) -> Truths:
    """A target's training and validation rows; DataError for a column of another kind."""
    assert not isinstance(first, Tokens) and not isinstance(second, Tokens)  # no text is fed
    if not isinstance(first, Column) or not isinstance(second, Column):
        return np.concatenate([numbers_of(first), numbers_of(second)])
    # A category's labels may be numbers in the rows to validate on, which are then read as their names.
    if second.kind is not first.kind and first.kind is not Kind.CATEGORY and not {first.kind, second.kind} <= COUNTED:
        raise DataError(f'validation column "{name}" holds {NOUNS[second.kind]}, and {NOUNS[first.kind]} in training')
    return concatenate(first, second)


COUNTED = {Kind.NUMBER, Kind.BOOLEAN}


def _joined_weights(first: Table, second: Table) -> Cells | None:
    """Rows to validate on count 1 where they bring no weights of their own."""
    if first.weight is None:
        return None
    return np.concatenate([first.weight, np.ones(second.rows) if second.weight is None else second.weight])


def _fed_table(raw: Raw, x: Given, given: Mapping[str, ArrayLike]) -> Table:
    recipe = raw.recipe
    carried = {field.name: field.span for field in raw.carried}
    beside = [*(name.text for name in roles_beside(recipe)), *carried]
    frame = _frame(recipe, raw.inputs[0], x, (*beside, *(t.name for t in raw.targets if t.name not in given)))
    columns = dict(frame.columns)
    for target in raw.targets:
        name = target.name
        if name in given:
            columns[name] = column_from(given[name], recipe.table.types.get(name), recipe.table.marks, name)
            _same_rows(name, columns[name].values, frame.rows)
        elif name not in columns:
            raise DataError(f'no values for the target "{name}"')
    for name in carried:
        if name not in columns:
            raise DataError(f'no values for "{name}", which the data block carries')
    own = [target.name for target in raw.targets if recipe.window is None]  # a window reads the target's past
    roles = {*beside, *own}
    known = [n for n, c in columns.items() if n not in roles and c.kind is not Kind.DATE]
    return table_of(replace(frame, columns=columns), tuple(raw.table.columns) or known, carried, recipe)


def _frame(recipe: Recipe, field: InputField, x: Given, beside: Sequence[str]) -> Frame:
    """The table's columns with those of formulas, and what of `beside` is there."""
    names = field.columns
    if not isinstance(x, Frame):
        declared = recipe.table.types
        types: dict[str, ColumnType | None] = {name: declared.get(name) for name in beside}
        types |= {name: declared.get(name, ColumnType(kind)) for name, kind in zip(names, field.kinds, strict=True)}
        given = columns_of(x, types)
        if given is None or (not given and isinstance(x, Mapping) and set(x) == {field.name}):
            matrix = _matrix(x[field.name] if isinstance(x, Mapping) else x, names)
            if _plain(matrix) and recipe.table == TableRecipe(fills=recipe.table.fills, drop=recipe.table.drop):
                return _numbers(matrix, names)
            given = {name: matrix[:, k] for k, name in enumerate(names)}
        x = frame_of(given, types, names, names_of(x), recipe.table.marks)
    return with_formulas(x, recipe, [formula.name.text for formula in recipe.table.formulas])


def _plain(matrix: NDArray[np.generic]) -> bool:
    """Whether all cells are numbers or gaps."""
    return matrix.dtype.kind in "iuf" and len(matrix) > 0 and not np.isinf(matrix.astype(np.float64)).any()


def _numbers(matrix: NDArray[np.generic], names: Sequence[str]) -> Frame:
    cells = matrix.astype(np.float64)
    columns = {name: Column(Kind.NUMBER, cells[:, k]) for k, name in enumerate(names)}
    return Frame(len(cells), columns, FRAME, cells)


def _matrix(x: object, names: Sequence[str]) -> NDArray[np.generic]:
    """One array [rows, columns]."""
    try:
        values = array_of(x)
    except ValueError as error:
        raise DataError(f'array "inputs": {error}') from None
    if values.ndim != 2 or values.shape[1] != len(names):
        raise DataError(f'array "inputs": is {list(values.shape)}, but [rows, {len(names)}] was expected')
    return values


def _arrays(inputs: Sequence[InputField], carried: Sequence[InputField], x: Given) -> dict[str, Numbers]:
    """An array for each input, and for each field that is carried."""
    given: dict[str, ArrayLike] = {}
    alias = inputs[0].name if len(inputs) == 1 else "inputs"
    fields = (*inputs, *carried)
    names = [field.name for field in fields]
    if isinstance(x, Frame):
        raise DataError(f"this model takes arrays ({', '.join(names)}), not the columns of a table")
    if isinstance(x, Mapping):
        given = {alias if name == "inputs" else name: values for name, values in x.items()}
    elif len(fields) == 1:
        given = {alias: x}
    elif len(inputs) == 1:
        raise DataError(f'"{carried[0].name}" is carried beside the input: give a mapping by name: {", ".join(names)}')
    else:
        raise DataError(f"{len(fields)} inputs take a mapping by name: {', '.join(names)}")
    for name in given:
        if name not in names:
            raise DataError(f'no input is named "{name}"' + did_you_mean(str(name), names, '"'))
    for name in names:
        if name not in given:
            raise DataError(f'no values for the input "{name}"')
    arrays = {field.name: _checked(given[field.name], field.name, field.shape) for field in fields}
    rows = len(arrays[names[0]])
    for name, values in arrays.items():
        _same_rows(name, values, rows)
    return arrays


def _checked(given: ArrayLike, name: str, shape: tuple[int, ...]) -> Numbers:
    """Finite numbers [rows, *shape], at least one row."""
    try:
        values = array_of(given)
    except ValueError as error:
        raise DataError(f'array "{name}": {error}') from None
    if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:
        raise DataError(f'array "{name}": holds {values.dtype}, not numbers')
    if values.ndim == 0 or values.shape[1:] != shape:
        expected = ", ".join(["rows", *map(str, shape)])
        raise DataError(f'array "{name}": is {list(values.shape)}, but [{expected}] was declared')
    if not len(values):
        raise DataError(f'array "{name}": has no rows')
    numbers = cast(Numbers, values)
    require_finite(numbers, name, PYTHON)
    return numbers


def _same_rows(name: str, values: NDArray[np.generic], rows: int) -> None:
    if len(values) != rows:
        raise DataError(f'array "{name}": has {len(values)} rows, but the inputs have {rows}')


def _strata(raw: Raw, arrays: Mapping[str, Numbers]) -> Numbers | None:
    """What the split is stratified by, where the arrays hold it."""
    plan = raw.recipe.split
    return None if plan is None or plan.stratified is None else arrays.get(plan.stratified.text)
