"""What a data block asks of a table's columns: their kinds, formulas, missing cells, scaling of single columns.

Read without opening a file; which columns a pattern meets is found out later (dslc/data/columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import isfinite
from typing import assert_never

from dslc.data import errors
from dslc.data.cells import MISSING, Marks
from dslc.data.column import ColumnType, Kind
from dslc.data.formula import check_formula
from dslc.diagnostics import Diagnostic, NotYet, nearest
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast

KINDS = {"category": Kind.CATEGORY, "number": Kind.NUMBER, "boolean": Kind.BOOLEAN, "date": Kind.DATE}
LATER_KINDS = ("words", "characters", "text", "image", "sequence")


class Fill(Enum):
    MEDIAN = "median"
    MEAN = "mean"
    MODE = "mode"
    CONSTANT = "constant"
    DROP = "drop rows"


class FillPlan(Frozen):
    """`missing constant 0 of x with flag`; no columns: all that no other statement names."""

    method: Fill
    constant: float | str | None
    columns: tuple[ast.Name | ast.Glob, ...]
    flag: bool
    span: Span


class DropPlan(Frozen):
    """`missing drop columns above 40%`: of the training rows."""

    share: float
    span: Span


@dataclass(frozen=True, slots=True)
class TableRecipe:
    """What the data block says of columns. `types` are the declared ones; formulas in the order of the file."""

    types: Mapping[str, ColumnType] = field(default_factory=dict)
    declared: tuple[ast.Name, ...] = ()
    formulas: tuple[ast.ColumnFormula, ...] = ()
    marks: Marks = field(default_factory=Marks)
    fills: tuple[FillPlan, ...] = ()
    drop: DropPlan | None = None


def read_table_recipe(statements: Sequence[ast.DataStatement], faults: list[Diagnostic]) -> TableRecipe:
    """The statements about columns; what is wrong with them goes to `faults`."""
    kinds = [s for s in statements if isinstance(s, ast.ColumnKind)]
    formulas = tuple(s for s in statements if isinstance(s, ast.ColumnFormula))
    missing = [s for s in statements if isinstance(s, ast.Missing)]
    seen: dict[str, ast.Name] = {}
    for name in sorted([*(s.name for s in kinds), *(s.name for s in formulas)], key=_start):
        first = seen.setdefault(name.text, name)
        if first is not name:
            faults.append(errors.GivenTwice(name.span, f"`column {name.text}`", first.span))
    for formula in formulas:
        faults += check_formula(formula.value)
    types = {s.name.text: column_type(s.kind, faults) for s in kinds}
    drops = [_drop(s, faults) for s in missing if s.rule == "drop columns above"]
    faults += [errors.GivenTwice(again.span, "`missing drop columns`", drops[0].span) for again in drops[1:]]
    return TableRecipe(
        types,
        tuple(s.name for s in kinds),
        formulas,
        _marks([s for s in missing if s.rule == "marks"]),
        tuple(plan for s in missing if s.rule not in {"marks", "drop columns above"} if (plan := _fill(s, faults))),
        drops[0] if drops else None,
    )


def _start(name: ast.Name) -> int:
    return name.span.start


def column_type(kind: ast.Kind, faults: list[Diagnostic]) -> ColumnType:
    """`category`, or `ordered(small, medium, large)`."""
    name = kind.name.text
    if name == "ordered":
        levels = tuple(level for argument in kind.arguments if (level := _level(argument.value)) is not None)
        if len(levels) < 2 or len(levels) < len(kind.arguments) or len(set(levels)) < len(levels) or kind.options:
            faults.append(errors.BadLevels(kind.span))
        return ColumnType(Kind.NUMBER, levels)
    if name in LATER_KINDS:
        faults.append(NotYet(kind.span, f"`{name}`"))
    elif name not in KINDS:
        faults.append(errors.UnknownKind(kind.name.span, name, nearest(name, (*KINDS, "ordered", *LATER_KINDS))))
    elif kind.arguments or kind.options:
        faults.append(errors.BadDataSetting(kind.span, name, "nothing after it"))
    return ColumnType(KINDS.get(name, Kind.NUMBER))


def _level(value: ast.Expression) -> str | None:
    match value:
        case ast.Name(text=text) | ast.Text(value=text):
            return text
        case ast.Number(value=number):
            return str(number)
    return None


def _marks(found: Sequence[ast.Missing]) -> Marks:
    values = [value for statement in found for value in statement.values]
    texts = frozenset(text.lower() for value in values if isinstance(text := _constant(value), str))
    return Marks(MISSING | texts, frozenset(mark for value in values if isinstance(mark := _constant(value), float)))


def _drop(statement: ast.Missing, faults: list[Diagnostic]) -> DropPlan:
    match statement.values:
        case (ast.Share(value=share),) if 0 <= share < 1:
            return DropPlan(share, statement.span)
    faults.append(errors.BadDataSetting(statement.span, "missing drop columns above", "a share below 100%"))
    return DropPlan(1.0, statement.span)


def _fill(statement: ast.Missing, faults: list[Diagnostic]) -> FillPlan | None:
    known = [method.value for method in Fill]
    if statement.rule not in known:
        faults.append(errors.UnknownFill(statement.span, statement.rule, nearest(statement.rule, known)))
        return None
    constant = _constant(statement.values[0]) if statement.values else None
    if statement.values and constant is None:
        faults.append(errors.BadDataSetting(statement.span, "missing constant", "a number or a text"))
        return None
    return FillPlan(Fill(statement.rule), constant, statement.columns, statement.flag, statement.span)


def _constant(value: ast.Plain) -> float | str | None:
    """A number or a category, None for what is neither."""
    match value:
        case ast.Number(value=number):
            return float(number) if isfinite(number) else None
        case ast.Name(text=text) | ast.Text(value=text):
            return text
        case ast.Share() | ast.Size() | ast.Between() | ast.Fraction():
            return None
        case unreachable:
            assert_never(unreachable)
