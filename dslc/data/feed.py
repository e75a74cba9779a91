"""Arrays from Python in place of a file: checked against what the data block says, then a `Raw` like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslc.data.load import Raw
from dslc.data.schema import InputField
from dslc.data.split import Parts
from dslc.data.table import ArrayOrigin, JoinedOrigin, Numbers, Table, require_finite
from dslc.diagnostics import DataError, nearest

PYTHON = ArrayOrigin(None)


def feed(raw: Raw, x: ArrayLike | Mapping[str, ArrayLike], y: ArrayLike | None) -> Raw:
    """`raw` with these arrays for its rows.

    `x` is one array [rows, *shape], or a mapping by input name; `y` is [rows, *shape], None where there is no
    target. DataError names the array, and the row and value that do not fit.
    """
    inputs = read_inputs(raw.inputs, x)
    rows = len(next(iter(inputs.values())))
    target = None
    if raw.target is not None:
        if y is None:
            raise DataError(f'no values for the target "{raw.target.name}"')
        target = _checked(y, raw.target.name, raw.target.shape)
        _same_rows(raw.target.name, target, rows)
    elif y is not None:
        raise DataError("the data block has no target")
    return replace(raw, table=Table(rows, inputs, target, _strata(raw, inputs, target), PYTHON))


def read_inputs(fields: Sequence[InputField], x: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Numbers]:
    """Arrays by input name, [rows, *shape] each with as many rows; for rows to predict, and to fit.

    One array, or the key `inputs`, means the only input.
    """
    given: dict[str, ArrayLike] = {}
    alias = fields[0].name if len(fields) == 1 else "inputs"
    names = [field.name for field in fields]
    if isinstance(x, Mapping):
        given = {alias if name == "inputs" else name: values for name, values in x.items()}
    elif len(fields) == 1:
        given = {alias: x}
    else:
        raise DataError(f"{len(fields)} inputs take a mapping by name: {', '.join(names)}")
    for name in given:
        if name not in names:
            meant = nearest(name, names)
            raise DataError(f'no input is named "{name}"' + (f'; did you mean "{meant}"?' if meant else ""))
    for name in names:
        if name not in given:
            raise DataError(f'no values for the input "{name}"')
    arrays = {field.name: _checked(given[field.name], field.name, field.shape) for field in fields}
    rows = len(arrays[names[0]])
    for name, values in arrays.items():
        _same_rows(name, values, rows)
    return arrays


def join(train: Raw, val: Raw) -> tuple[Raw, Parts]:
    """Training and validation rows of one data block as one table, and which rows are which."""
    first, second = train.table, val.table
    inputs = {name: np.concatenate([values, second.inputs[name]]) for name, values in first.inputs.items()}
    target = None
    if first.target is not None and second.target is not None:
        target = np.concatenate([first.target, second.target])
    rows = first.rows + second.rows
    table = Table(rows, inputs, target, None, JoinedOrigin(first.rows))
    parts = Parts(np.arange(first.rows), np.arange(first.rows, rows), np.empty(0, np.int64))
    return replace(train, table=table), parts


def _checked(given: ArrayLike, name: str, shape: tuple[int, ...]) -> Numbers:
    """Finite numbers [rows, *shape], at least one row."""
    try:
        values = np.asarray(given)
    except ValueError as error:
        raise DataError(f'array "{name}": {error}') from None
    if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:
        raise DataError(f'array "{name}": holds {values.dtype}, not numbers')
    if values.ndim == 0 or values.shape[1:] != shape:
        expected = ", ".join(["rows", *map(str, shape)])
        raise DataError(f'array "{name}": is {list(values.shape)}, but [{expected}] was declared')
    if not len(values):
        raise DataError(f'array "{name}": has no rows')
    require_finite(values, name, PYTHON)
    return values


def _same_rows(name: str, values: NDArray[np.generic], rows: int) -> None:
    if len(values) != rows:
        raise DataError(f'array "{name}": has {len(values)} rows, but the inputs have {rows}')


def _strata(raw: Raw, inputs: Mapping[str, Numbers], target: Numbers | None) -> Numbers | None:
    """What the split is stratified by, where the arrays hold it."""
    plan = raw.recipe.split
    if plan is None or plan.stratified is None:
        return None
    name = plan.stratified.text
    if raw.target is not None and name == raw.target.name:
        return target
    for field in raw.inputs:
        if name in field.columns:
            return inputs[field.name][:, field.columns.index(name)]
    return inputs.get(name)
