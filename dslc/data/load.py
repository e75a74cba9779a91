"""A model file's data block and its folder to a `Raw` table: read and checked, not yet split or scaled.

For a block that Python feeds (`input x: [4]`) the table has no rows until `feed` brings some.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import assert_never

import numpy as np

from dslc.data import errors, idx, npz, sequence_errors
from dslc.data.column import NOUNS, Cells, Column, Kind
from dslc.data.columns import Names, carried, check_columns, check_inputs, choose, reach, reconstructed
from dslc.data.formula import evaluate, names_in
from dslc.data.paths import Located, locate
from dslc.data.recipe import (
    CsvSource,
    FieldPlan,
    NpzSource,
    ParquetSource,
    PythonSource,
    Recipe,
    TextSource,
    read_recipe,
)
from dslc.data.schema import NEXT, InputField, Schema, TargetField
from dslc.data.table import ArrayOrigin, Frame, Numbers, Table, require_finite
from dslc.data.tables import open_table, read_table
from dslc.data.text_file import read_text
from dslc.diagnostics import DataError, ModelError, in_order
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast

BUDGET = 8 << 30
"""Bytes that the files of one model may take."""


class Raw(Frozen):
    """The data block with what its source holds; a target's `classes` are what was declared, if anything."""

    recipe: Recipe
    inputs: tuple[InputField, ...]
    targets: tuple[TargetField, ...]
    carried: tuple[InputField, ...]
    table: Table


class Arrays(Frozen):
    """Named arrays of as many rows, before each has its role."""

    rows: int
    by_name: Mapping[str, Numbers]
    origin: ArrayOrigin


def load(module: ast.Module, folder: Path, overrides: Mapping[str, Path], budget: int = BUDGET) -> Raw:
    """Read what the data block names.

    `folder` holds the model file and bounds its paths; `overrides` replaces paths by their text in the model
    file, or by "" for the only one. Raises ModelError for the block, DataError for the files' contents.
    """
    recipe = read_recipe(_block(module))
    match recipe.source:
        case CsvSource() | ParquetSource() as source:
            return _load_table(recipe, source, folder, overrides, budget)
        case TextSource() as source:
            return _load_text(recipe, source, folder, overrides, budget)
        case NpzSource() as source:
            return _load_npz(recipe, source, folder, overrides, budget)
        case PythonSource() as source:
            if overrides:
                raise DataError("the model's data come from Python; no path replaces them")
            return _await_python(recipe, source)
        case unreachable:
            assert_never(unreachable)


def await_rows(module: ast.Module, schema: Schema) -> Raw:
    """A table of no rows for a module whose schema is known already: of a saved model, whose data may be gone."""
    recipe = read_recipe(_block(module))
    arrays = {field.name: np.empty((0, *field.shape)) for field in schema.inputs}
    targets = {field.name: np.empty((0, *field.shape)) for field in schema.targets}
    carried = {field.name: np.empty((0, *field.shape)) for field in schema.carried}
    table = Table(0, arrays, targets, None, ArrayOrigin(None), carried=carried)
    return Raw(recipe, schema.inputs, schema.targets, schema.carried, table)


def data_block(module: ast.Module) -> Span:
    """Where the module says what its data are; ModelError if it does not."""
    return _block(module).span


def _block(module: ast.Module) -> ast.Data:
    blocks = [item for item in module.items if isinstance(item, ast.Data)]
    if not blocks:
        raise ModelError([errors.NoData(Span(module.span.source, module.span.start, module.span.start))])
    if blocks[1:]:
        raise ModelError([errors.GivenTwice(again.span, "`data`", blocks[0].span) for again in blocks[1:]])
    return blocks[0]


def _load_table(
    recipe: Recipe, source: CsvSource | ParquetSource, folder: Path, overrides: Mapping[str, Path], budget: int
) -> Raw:
    located = locate(source.path, folder, overrides)
    file = open_table(located.path, located.shown, source, budget)
    stored = Names(file.columns, "column", f"`{file.shown}`")
    check_columns(stored, recipe)
    names = stored.replaced(all=(*stored.all, *(formula.name.text for formula in recipe.table.formulas)))
    inputs = choose(names, recipe)
    check_inputs(inputs, names, recipe)
    shaped = [target for target in recipe.targets if target.shape]
    if shaped:
        raise ModelError([errors.NotScalar(t.span, "a column", t.name, str(list(t.shape or ()))) for t in shaped])
    beside = carried(names, recipe)
    needed = reach((*inputs, *_roles(recipe), *beside), recipe.table.formulas)
    types = recipe.table.types
    stored_frame = read_table(file, {n: types.get(n) for n in file.columns if n in needed}, recipe.table.marks, budget)
    frame = with_formulas(stored_frame, recipe, needed)
    inputs = _without_times(inputs, frame.columns, recipe)
    field = table_field(inputs, stored_frame.columns, recipe, source.path.span)
    targets = tuple(TargetField(target.name, (), target.classes, target.span) for target in recipe.targets)
    kept = tuple(InputField(name, (), span) for name, span in beside.items())
    table = table_of(frame, inputs, beside, recipe)
    return Raw(recipe, (field,), targets, kept, table)


def _roles(recipe: Recipe) -> tuple[str, ...]:
    """The columns that are needed beside the inputs."""
    targets = tuple(target.name for target in recipe.targets)
    return targets + tuple(name.text for name in roles_beside(recipe))


def roles_beside(recipe: Recipe) -> tuple[ast.Name, ...]:
    """The columns by which rows are split, and by which they weigh."""
    split = recipe.split
    names = (split.stratified, split.time) if split else ()
    return tuple(name for name in (*names, recipe.sample_weight) if name is not None)


def _without_times(inputs: tuple[str, ...], columns: Mapping[str, Column], recipe: Recipe) -> tuple[str, ...]:
    """The inputs without the dates that the split goes by, unless the windows name them."""
    time = recipe.split.time if recipe.split else None
    named = recipe.window is not None and bool(recipe.window.columns)
    if time is None or named or columns[time.text].kind is not Kind.DATE:
        return inputs
    return tuple(name for name in inputs if name != time.text)


def table_field(inputs: Sequence[str], read: Mapping[str, Column], recipe: Recipe, span: Span) -> InputField:
    """The input that a table's columns make, as wide as there are columns until they are prepared."""
    needed = reach(inputs, recipe.table.formulas)
    columns = tuple(name for name in read if name in needed)
    kinds = tuple(read[name].kind for name in columns)
    if recipe.window is None:
        return InputField("inputs", (len(inputs),), span, columns, kinds)
    return InputField("window", (recipe.window.length, len(inputs)), recipe.window.span, columns, kinds)


def with_formulas(frame: Frame, recipe: Recipe, needed: Collection[str]) -> Frame:
    """The frame with the columns of formulas that are needed and whose own columns are there.

    ModelError for a column of the wrong kind, DataError for a row.
    """
    columns = dict(frame.columns)
    for formula in recipe.table.formulas:
        if formula.name.text in needed and all(name.text in columns for name in names_in(formula.value)):
            columns[formula.name.text] = evaluate(formula, columns, frame.origin)
    return replace(frame, columns=columns)


def table_of(frame: Frame, inputs: Sequence[str], beside: Mapping[str, Span], recipe: Recipe) -> Table:
    """The columns by their roles; those that a frame from Python lacks are left out. ModelError for a date.

    `beside` says what is carried, and where the data block says so.
    """
    columns = frame.columns
    span = recipe.source.path.span if isinstance(recipe.source, CsvSource | ParquetSource) else recipe.span
    dates = [name for name in inputs if name in columns and columns[name].kind is Kind.DATE]
    if dates:
        raise ModelError([errors.DateAsInput(span, name) for name in dates])
    stratified = recipe.split.stratified if recipe.split else None
    strata = columns.get(stratified.text) if stratified else None
    return Table(
        rows=frame.rows,
        inputs={},
        targets={target.name: columns[target.name] for target in recipe.targets if target.name in columns},
        strata=strata.values if strata else None,
        origin=frame.origin,
        columns={name: columns[name] for name in inputs if name in columns},
        weight=_weight(frame, recipe.sample_weight) if recipe.sample_weight else None,
        carried={name: _carried(frame, name, span) for name, span in beside.items() if name in columns},
        times=_times(frame, recipe.split.time) if recipe.split and recipe.split.time else None,
    )


def _times(frame: Frame, name: ast.Name) -> Cells | None:
    """What a split in time goes by; ModelError for text, DataError for a gap."""
    column = frame.columns.get(name.text)
    if column is None:
        return None
    if column.kind not in (Kind.NUMBER, Kind.DATE):
        raise ModelError([sequence_errors.NoTimes(name.span, name.text, NOUNS[column.kind])])
    if (gaps := np.isnan(column.values)).any():
        raise DataError(f"{frame.origin.place(name.text, int(np.argmax(gaps)))}: a missing value in a split in time")
    return column.values


def _carried(frame: Frame, name: str, span: Span) -> Cells:
    """A carried column's numbers, NaN where missing; ModelError for text and dates."""
    column = frame.columns[name]
    if column.kind not in (Kind.NUMBER, Kind.BOOLEAN):
        raise ModelError([errors.NotANumber(span, "`carry`", name, NOUNS[column.kind])])
    return column.values


def _weight(frame: Frame, name: ast.Name) -> Cells | None:
    """The rows' weights; DataError for a gap or a negative one."""
    column = frame.columns.get(name.text)
    if column is None:
        return None
    if column.kind not in (Kind.NUMBER, Kind.BOOLEAN):
        raise ModelError([errors.NotANumber(name.span, "`sample_weight`", name.text, NOUNS[column.kind])])
    wrong = ~(column.values >= 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{frame.origin.place(name.text, row)}: a weight is a number, 0 or more")
    return column.values


def _load_text(recipe: Recipe, source: TextSource, folder: Path, overrides: Mapping[str, Path], budget: int) -> Raw:
    """A row for each token; windows of them are cut when the parts are known."""
    located = locate(source.path, folder, overrides)
    tokens, origin = read_text(located.path, located.shown, source.plan, budget)
    unit, shape = source.plan.unit.value, (source.window.length,)
    table = Table(len(tokens), {}, {NEXT: tokens}, None, origin, texts={unit: tokens})
    span = source.plan.span
    return Raw(recipe, (InputField(unit, shape, span),), (TargetField(NEXT, shape, None, span),), (), table)


def _load_npz(recipe: Recipe, source: NpzSource, folder: Path, overrides: Mapping[str, Path], budget: int) -> Raw:
    located = locate(source.path, folder, overrides, folders=True)
    shown, several = located.shown, located.path.is_dir()
    found = idx.array_names(located.path, shown) if several else npz.array_names(located.path, shown)
    held = Names(found, "array", f"`{shown}`")
    plans = source.fields or tuple(FieldPlan(name, name, source.path.span) for name in held.all)
    plans = _as_in_mnist(plans, recipe, held) if several else plans
    unknown = [held.unknown(plan.stored, plan.span) for plan in plans if plan.stored not in held.all]
    if unknown:
        raise ModelError(in_order(unknown))
    names = Names(tuple(plan.name for plan in plans), "array", f"`{shown}`")
    inputs = choose(names, recipe)
    beside = carried(names, recipe)
    fields = _used(inputs, beside, _with_targets(plans, recipe.targets), recipe)
    extents, read = _arrays(located, sorted({plan.stored for plan in fields.values()}), budget)
    rows = _common_rows(extents, shown)
    shapes = {name: _declared(plan, extents[plan.stored][1:], shown) for name, plan in fields.items()}
    stored = read()
    arrays = {name: stored[plan.stored].reshape(rows, *shapes[name]) for name, plan in fields.items()}
    origin = ArrayOrigin(shown, {plan.name: plan.stored for plan in fields.values()})
    for name, values in arrays.items():
        require_finite(values, name, origin)
    return _raw(recipe, inputs, beside, fields, Arrays(rows, arrays, origin))


def _arrays(
    located: Located, names: Sequence[str], budget: int
) -> tuple[dict[str, tuple[int, ...]], Callable[[], dict[str, Numbers]]]:
    """The shapes of these arrays, and what reads them once that they fit is known."""
    path, shown = located.path, located.shown
    if path.is_dir():
        files = idx.read_headers(path, shown, names, budget)
        return {name: file.shape for name, file in files.items()}, lambda: idx.read_arrays(path, shown, files)
    members = npz.read_headers(path, shown, names, budget)
    return {name: member.shape for name, member in members.items()}, lambda: npz.read_arrays(path, shown, members)


def _as_in_mnist(plans: Sequence[FieldPlan], recipe: Recipe, held: Names) -> tuple[FieldPlan, ...]:
    """Where the file asks for one input and one target, and a folder has them under MNIST's names alone, those."""
    targets = {target.name for target in recipe.targets}
    inputs, goals = ([p for p in plans if (p.name in targets) is goal] for goal in (False, True))
    theirs = not {p.stored for p in plans} & set(held.all) and {idx.IMAGES, idx.LABELS} <= set(held.all)
    if len(inputs) != 1 or len(goals) != 1 or not theirs:
        return tuple(plans)
    return inputs[0].replaced(stored=idx.IMAGES), goals[0].replaced(stored=idx.LABELS)


def _await_python(recipe: Recipe, source: PythonSource) -> Raw:
    """A table of no rows, in the declared shapes; a field without a declared shape is one number a row."""
    plans = (*source.fields, *recipe.targets)
    names = Names(tuple(plan.name for plan in plans), "input", "the data block")
    inputs, beside = choose(names, recipe), carried(names, recipe)
    fields = _used(inputs, beside, plans, recipe)
    arrays = {name: np.empty((0, *(plan.shape or ()))) for name, plan in fields.items()}
    return _raw(recipe, inputs, beside, fields, Arrays(0, arrays, ArrayOrigin(None)))


def _with_targets(plans: tuple[FieldPlan, ...], targets: Sequence[FieldPlan]) -> tuple[FieldPlan, ...]:
    """The fields, those of targets with the type that the `target` statement declares."""
    typed = {target.name: target for target in targets if target.shape is not None or target.classes is not None}
    faults = [
        errors.GivenTwice(typed[plan.name].span, f"the type of `{plan.name}`", plan.span)
        for plan in plans
        if plan.name in typed and (plan.shape is not None or plan.classes is not None)
    ]
    if faults:
        raise ModelError(faults)
    return tuple(
        plan.replaced(shape=typed[plan.name].shape, classes=typed[plan.name].classes) if plan.name in typed else plan
        for plan in plans
    )


def _used(
    inputs: tuple[str, ...], beside: Collection[str], plans: tuple[FieldPlan, ...], recipe: Recipe
) -> dict[str, FieldPlan]:
    """The fields to read by name: inputs, targets, what is carried, what the split is stratified by."""
    by_name = {plan.name: plan for plan in plans}
    names = dict.fromkeys((*inputs, *(target.name for target in recipe.targets), *beside))
    if recipe.split is not None and recipe.split.stratified is not None:
        names.setdefault(recipe.split.stratified.text)
    return {name: by_name[name] for name in names}


def _common_rows(shapes: Mapping[str, tuple[int, ...]], shown: str) -> int:
    """The extent of every array's first axis."""
    first = next(iter(shapes))
    for name, shape in shapes.items():
        if not shape:
            raise DataError(f'{shown}: array "{name}" is a single number, not rows of data')
        if shape[0] != shapes[first][0]:
            raise DataError(f'{shown}: array "{name}" has {shape[0]} rows, but "{first}" has {shapes[first][0]}')
    return shapes[first][0]


def _declared(plan: FieldPlan, found: tuple[int, ...], shown: str) -> tuple[int, ...]:
    """The field's shape per row: the declared one where it only adds or drops ones, or cuts a flat row."""
    if plan.shape is None:
        return found
    same = [n for n in plan.shape if n != 1] == [n for n in found if n != 1]
    if not same and not (len(found) == 1 and found[0] == prod(plan.shape)):
        declared, stored = str(list(plan.shape)), str(list(found))
        raise ModelError([errors.StoredShape(plan.span, plan.name, declared, plan.stored, shown, stored)])
    return plan.shape


def _raw(
    recipe: Recipe, inputs: tuple[str, ...], beside: Mapping[str, Span], fields: Mapping[str, FieldPlan], held: Arrays
) -> Raw:
    """The arrays by their roles; ModelError if the split is stratified by more than one value per row."""
    arrays = held.by_name
    stratified = recipe.split.stratified if recipe.split else None
    if stratified is not None and arrays[stratified.text].ndim != 1:
        shape = str(list(arrays[stratified.text].shape[1:]))
        raise ModelError([errors.NotScalar(stratified.span, "`stratified`", stratified.text, shape)])
    goals = {goal.name: goal.span for goal in recipe.targets}
    again = reconstructed(inputs, recipe)
    targets = tuple(
        TargetField(name, arrays[name].shape[1:], fields[name].classes, span, name in again)
        for name, span in (goals | again).items()
    )
    table = Table(
        rows=held.rows,
        inputs={name: arrays[name] for name in inputs},
        targets={target.name: arrays[target.name] for target in targets},
        strata=arrays[stratified.text] if stratified else None,
        origin=held.origin,
        carried={name: arrays[name] for name in beside},
    )
    read = tuple(
        InputField(name, arrays[name].shape[1:], fields[name].span, classes=fields[name].classes) for name in inputs
    )
    kept = tuple(InputField(name, arrays[name].shape[1:], span) for name, span in beside.items())
    return Raw(recipe, read, targets, kept, table)
