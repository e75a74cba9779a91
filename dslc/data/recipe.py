"""What a data block asks for, checked as far as can be without opening a file.

`read_recipe` turns the statements into a `Recipe`, in which every option has a value. What dslc cannot
carry out yet is reported as `not-yet`; all faults of the block come in one ModelError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from math import inf, isfinite, prod
from typing import TypeAlias, TypeVar, assert_never

from dslc.data import errors, sequence_errors
from dslc.data.blocks import DIALECT_OPTIONS, Dialect, fits_dialect
from dslc.data.not_yet import later
from dslc.data.sequence_recipe import UNITS, TextPlan, WindowPlan, text_in_windows, window_plan
from dslc.data.table_recipe import KINDS, LATER_KINDS, TableRecipe, read_table_recipe
from dslc.diagnostics import Diagnostic, ModelError, NotYet, in_order, nearest
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast

FORMATS = ("npz", "csv", "parquet", "text")
SETTINGS = ("sample_weight", "class_weight")

ELEMENT_LIMIT = 2**31
"""The most elements that one example may have."""

AXES_LIMIT = 31  # NumPy's 32 axes, less that of the rows


class Method(Enum):
    ZSCORE = "zscore"
    MINMAX = "minmax"
    ROBUST = "robust"
    LOG = "log"
    NONE = "none"


class FieldPlan(Frozen):
    """`digit: class(10) = y`: `shape` per row and `classes` are None where they are not declared."""

    name: str
    stored: str
    span: Span
    shape: tuple[int, ...] | None = None
    classes: int | None = None


class CsvSource(Frozen):
    path: ast.Text
    dialect: Dialect


class ParquetSource(Frozen):
    path: ast.Text


class NpzSource(Frozen):
    """No fields: every array of the file under its own name."""

    path: ast.Text
    fields: tuple[FieldPlan, ...]


class TextSource(Frozen):
    """`text "moby.txt" characters window 64`: the input is called as its unit, the target `next`."""

    path: ast.Text
    plan: TextPlan
    window: WindowPlan


class PythonSource(Frozen):
    """`input x: [28, 28, 1]`: arrays that come with `fit`."""

    fields: tuple[FieldPlan, ...]


Source: TypeAlias = CsvSource | ParquetSource | NpzSource | TextSource | PythonSource


class SplitPlan(Frozen):
    """`shares` are of train, val and test, and make 1; `stratified` names the column whose shares are kept.

    A split `in_time` has the earliest rows train and the latest test, by the column `time` or in the source's order.
    """

    shares: tuple[Fraction, Fraction, Fraction]
    stratified: ast.Name | None
    seed: int
    span: Span
    in_time: bool = False
    time: ast.Name | None = None


class ScalePlan(Frozen):
    """`scale minmax 0..1 of age`; no columns: all that no other statement names."""

    method: Method
    low: float
    high: float
    span: Span
    columns: tuple[ast.Name | ast.Glob, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A data block, understood. `positives` are by target."""

    span: Span
    source: Source
    targets: tuple[FieldPlan, ...]
    only: tuple[ast.Name | ast.Glob, ...]
    ignore: tuple[ast.Name | ast.Glob, ...]
    split: SplitPlan | None
    scale: ScalePlan | None
    scale_target: ScalePlan | None
    column_scales: tuple[ScalePlan, ...] = ()
    table: TableRecipe = field(default_factory=TableRecipe)
    positives: Mapping[str, ast.Text] = field(default_factory=dict)
    carry: tuple[ast.Name | ast.Glob, ...] = ()
    reconstruct: tuple[ast.Name | ast.Glob, ...] = ()
    sample_weight: ast.Name | None = None
    class_weight: Span | None = None
    window: WindowPlan | None = None


T = TypeVar("T", bound=ast.Syntax)


def read_recipe(data: ast.Data) -> Recipe:
    """The data block as a Recipe; ModelError with every fault of it."""
    faults: list[Diagnostic] = []
    statements: list[ast.DataStatement] = []
    for statement in data.statements:
        what = later(statement)
        if what:
            faults.append(NotYet(statement.span, what))
        else:
            statements.append(statement)
    if not any(isinstance(s, ast.FileSource | ast.Input) for s in data.statements):
        faults.append(errors.NoSource(data.span))
    source = _source(statements, faults)
    if isinstance(source, CsvSource | ParquetSource):
        whole = [s for s in statements if isinstance(s, ast.Columns) and s.verb == "reconstruct"]
        faults += [NotYet(s.span, "`reconstruct` of a table's columns") for s in whole]
    if isinstance(source, NpzSource | PythonSource):
        faults += [NotYet(s.span, f"{what} of arrays") for s in statements if (what := _of_columns(s))]
    if isinstance(source, TextSource):
        others = (s for s in statements if not isinstance(s, ast.FileSource | ast.Split | ast.Input))
        faults += [sequence_errors.NotOfText(s.span, source.plan.unit.value) for s in others]
    recipe = _recipe(data.span, source or PythonSource(()), statements, faults)
    if recipe.scale_target and not any(isinstance(s, ast.Target) for s in data.statements):
        faults.append(errors.NoTarget(recipe.scale_target.span, "`scale target`"))
    if faults:
        raise ModelError(in_order(faults))
    return recipe


def _recipe(span: Span, source: Source, statements: Sequence[ast.DataStatement], faults: list[Diagnostic]) -> Recipe:
    stated = [s for s in statements if isinstance(s, ast.Target)]
    targets = _targets(stated, faults)
    scales = [s for s in statements if isinstance(s, ast.Scale)]
    column_scales = (_scale([s], "`scale`", faults) for s in scales if s.columns and not s.target)
    sample_weight, class_weight = _weights([s for s in statements if isinstance(s, ast.Setting)], faults)
    columns = [s for s in statements if isinstance(s, ast.Columns)]
    split = _split([s for s in statements if isinstance(s, ast.Split)], targets, faults)
    asked = window_plan([s for s in statements if isinstance(s, ast.Window)], faults)
    window = source.window if isinstance(source, TextSource) else asked
    if window is not None and split is not None and not split.in_time:
        faults.append(sequence_errors.ShuffledTime(split.span, window.span))
    return Recipe(
        span,
        source,
        targets,
        only=tuple(c for s in columns if s.verb == "only" for c in s.columns),
        ignore=tuple(c for s in columns if s.verb == "ignore" for c in s.columns),
        split=split,
        scale=_scale([s for s in scales if not s.target and not s.columns], "`scale`", faults),
        scale_target=_scale([s for s in scales if s.target], "`scale target`", faults),
        column_scales=tuple(plan for plan in column_scales if plan),
        table=read_table_recipe(statements, faults),
        positives={name.text: s.positive for s in stated for name in s.names if s.positive},
        carry=tuple(c for s in columns if s.verb == "carry" for c in s.columns),
        reconstruct=tuple(c for s in columns if s.verb == "reconstruct" for c in s.columns),
        sample_weight=sample_weight,
        class_weight=class_weight,
        window=window,
    )


def _of_columns(statement: ast.DataStatement) -> str | None:
    """The word of a statement that only a table's columns can obey."""
    match statement:
        case ast.ColumnKind() | ast.ColumnFormula():
            return "`column`"
        case ast.Window():
            return "`window`"
        case ast.Split(by=ast.SplitBy.TIME, column=ast.Name()):
            return "`split .. in time` by a column"
        case ast.Missing():
            return "`missing`"
        case ast.Scale(columns=(_, *_)):
            return "`scale` of single columns"
        case ast.Setting(name=ast.Name(text="sample_weight")):
            return "`sample_weight`"
    return None


def _weights(found: Sequence[ast.Setting], faults: list[Diagnostic]) -> tuple[ast.Name | None, Span | None]:
    """The column of `sample_weight`, and where `class_weight balanced` stands."""
    faults += [_unknown_setting(s, SETTINGS) for s in found if s.name.text not in SETTINGS]
    rows = _first([s for s in found if s.name.text == "sample_weight"], "`sample_weight`", faults)
    classes = _first([s for s in found if s.name.text == "class_weight"], "`class_weight`", faults)
    column = None
    if rows is not None and isinstance(rows.value, ast.Name):
        column = rows.value
    elif rows is not None:
        faults.append(errors.BadDataSetting(rows.span, "sample_weight", "a column"))
    balanced = None
    if classes is not None and isinstance(classes.value, ast.Name) and classes.value.text == "balanced":
        balanced = classes.span
    elif classes is not None:
        faults.append(errors.BadDataSetting(classes.span, "class_weight", "`balanced`"))
    return column, balanced


def _first(found: Sequence[T], what: str, faults: list[Diagnostic]) -> T | None:
    faults += [errors.GivenTwice(s.span, what, found[0].span) for s in found[1:]]
    return found[0] if found else None


def _unknown_setting(setting: ast.Setting, known: Iterable[str]) -> Diagnostic:
    return errors.UnknownDataSetting(setting.name.span, setting.name.text, nearest(setting.name.text, known))


def _source(statements: Sequence[ast.DataStatement], faults: list[Diagnostic]) -> Source | None:
    file = _first([s for s in statements if isinstance(s, ast.FileSource)], "the data file", faults)
    fed = [s for s in statements if isinstance(s, ast.Input)]
    if file is None:
        fields = tuple(_field(i.name, i.name, i.type, i.span, faults) for i in fed)
        _no_repetition(fields, faults)
        return PythonSource(fields) if fields else None
    faults += [errors.MixedSources(i.span, file.span) for i in fed]
    match file.format.text:
        case "npz":
            faults += [_unknown_setting(option, ()) for option in file.options]
            fields = tuple(_field(f.name, f.stored, f.type, f.span, faults) for f in file.fields)
            _no_repetition(fields, faults)
            return NpzSource(file.path, fields)
        case "csv":
            return _csv(file, faults)
        case "parquet":
            faults += [_unknown_setting(option, ()) for option in file.options]
            return ParquetSource(file.path)
        case "text":
            return _text(file, faults)
        case name:
            faults.append(errors.UnknownFormat(file.format.span, name, nearest(name, FORMATS)))
            return None


def _text(file: ast.FileSource, faults: list[Diagnostic]) -> TextSource | None:
    faults += [_unknown_setting(option, ()) for option in file.options]
    if file.kind is None or file.kind.name.text not in UNITS or file.fields:
        named = file.kind.name if file.kind else file.path
        meant = nearest(named.text, UNITS) if isinstance(named, ast.Name) else None
        faults.append(sequence_errors.NoUnit(named.span, meant))
        return None
    return TextSource(file.path, *text_in_windows(file.kind, faults))


def _no_repetition(fields: Sequence[FieldPlan], faults: list[Diagnostic]) -> None:
    seen: dict[str, FieldPlan] = {}
    for plan in fields:
        first = seen.setdefault(plan.name, plan)
        if first is not plan:
            faults.append(errors.GivenTwice(plan.span, f"`{plan.name}`", first.span))


def _csv(file: ast.FileSource, faults: list[Diagnostic]) -> CsvSource:
    options = {"separator": ",", "decimal": ".", "encoding": "utf-8"}
    given: dict[str, ast.Setting] = {}
    for option in file.options:
        name = option.name.text
        if name not in options:
            faults.append(_unknown_setting(option, options))
        elif name in given:
            faults.append(errors.GivenTwice(option.span, f"`{name}`", given[name].span))
        elif not isinstance(option.value, ast.Text) or not fits_dialect(name, option.value.value):
            faults.append(errors.BadDataSetting(option.span, name, DIALECT_OPTIONS[name]))
        else:
            given[name] = option
            options[name] = option.value.value
    if options["separator"] == options["decimal"] and "decimal" in given:
        faults.append(errors.BadDataSetting(given["decimal"].span, "decimal", "another character than `separator`"))
    return CsvSource(file.path, Dialect(**options))


def _field(
    name: ast.Name, stored: ast.Name, kind: ast.TypeOf | None, span: Span, faults: list[Diagnostic]
) -> FieldPlan:
    match kind:
        case None:
            return FieldPlan(name.text, stored.text, span)
        case ast.Shape():
            return FieldPlan(name.text, stored.text, span, shape=_shape(kind, faults))
        case ast.Kind(name=ast.Name(text="class")):
            shape = _shape(kind.shape, faults) if kind.shape else None
            return FieldPlan(name.text, stored.text, span, shape=shape, classes=_class_count(kind, faults))
        case ast.Kind(name=ast.Name(text=text)) if text in (*KINDS, "ordered", *LATER_KINDS):
            faults.append(NotYet(kind.span, f"`{text}`"))
        case ast.Kind(name=ast.Name(text=text)):
            known = ("class", *KINDS, "ordered", *LATER_KINDS)
            faults.append(errors.UnknownKind(kind.name.span, text, nearest(text, known)))
        case unreachable:
            assert_never(unreachable)
    return FieldPlan(name.text, stored.text, span)


def _shape(shape: ast.Shape, faults: list[Diagnostic]) -> tuple[int, ...]:
    extents: list[int] = []
    for extent in shape.dims:
        if isinstance(extent, ast.Number) and isinstance(extent.value, int) and extent.value > 0:
            extents.append(extent.value)
        else:
            faults.append(errors.BadShape(extent.span, "an extent of a field's shape is a whole number above 0"))
    if len(extents) > AXES_LIMIT:
        faults.append(errors.BadShape(shape.span, f"one example has at most {AXES_LIMIT} axes"))
    if prod(extents) > ELEMENT_LIMIT:
        faults.append(errors.BadShape(shape.span, f"one example holds more than {ELEMENT_LIMIT} elements"))
    return tuple(extents)


def _class_count(kind: ast.Kind, faults: list[Diagnostic]) -> int | None:
    match kind.arguments:
        case (ast.Argument(name=None, value=ast.Number(value=int() as count)),) if count > 1 and not kind.options:
            return count
    faults.append(errors.BadClassCount(kind.span))
    return None


def _targets(found: Sequence[ast.Target], faults: list[Diagnostic]) -> tuple[FieldPlan, ...]:
    """A field for each name of each `target` statement, of the statement's type."""
    plans = tuple(_field(name, name, target.type, name.span, faults) for target in found for name in target.names)
    _no_repetition(plans, faults)
    return plans


def _split(found: Sequence[ast.Split], targets: Sequence[FieldPlan], faults: list[Diagnostic]) -> SplitPlan | None:
    split = _first(found, "`split`", faults)
    if split is None:
        return None
    shares = [Fraction(str(share)) for share in split.shares if isfinite(share)]
    if len(shares) not in {2, 3} or len(shares) < len(split.shares) or min(shares) <= 0 or sum(shares) != 100:
        faults.append(errors.BadShares(split.span, f"{sum(split.shares):g}"))
        return None
    seed = split.seed or 0
    if not 0 <= seed < 2**32:
        faults.append(errors.BadSeed(split.span))
    stratified = split.column
    if split.by is ast.SplitBy.STRATIFIED and stratified is None:
        if len(targets) == 1:
            stratified = ast.Name(split.span, targets[0].name)
        else:
            faults.append(errors.NoTarget(split.span, "`stratified` without a column"))
    train, *middle, test = (share / 100 for share in shares)
    parts = (train, sum(middle, Fraction(0)), test)
    if split.by is ast.SplitBy.TIME:
        return SplitPlan(parts, None, seed, split.span, True, split.column)
    return SplitPlan(parts, stratified, seed, split.span)


def _scale(found: Sequence[ast.Scale], what: str, faults: list[Diagnostic]) -> ScalePlan | None:
    scale = _first(found, what, faults)
    if scale is None:
        return None
    name = scale.method
    if name.text not in {method.value for method in Method}:
        known = [method.value for method in Method]
        faults.append(errors.UnknownScaling(name.span, name.text, nearest(name.text, known)))
        return None
    method = Method(name.text)
    if scale.range is None:
        return ScalePlan(method, 0.0, 1.0, scale.span, scale.columns)
    if method is not Method.MINMAX:
        faults.append(errors.BadScaleRange(scale.range.span, f"`{method.value}` takes no range"))
    elif not -inf < scale.range.low < scale.range.high < inf:
        faults.append(errors.BadScaleRange(scale.range.span, "the range of `minmax` goes from low to high"))
    return ScalePlan(method, float(scale.range.low), float(scale.range.high), scale.span, scale.columns)
