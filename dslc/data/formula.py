"""Row-local formulas: `column fam = SibSp + Parch + 1` over whole columns.

The syntax tree is walked once and every step is one NumPy operation; nothing is evaluated as Python. A cell
computed from a missing one is missing; of `where` and `if`, only the condition and the branch taken count. A
result that is not finite where all the formula's columns have cells is a fault that names the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.column import Cells, Column, Kind
from dslc.data.table import Origin
from dslc.diagnostics import DataError, Diagnostic, ModelError, nearest
from dslc.syntax import ast

Operation = Callable[[Cells, Cells], NDArray[np.float64] | NDArray[np.bool_]]

ARITHMETIC: dict[ast.BinaryOp, Operation] = {
    ast.BinaryOp.ADD: np.add,
    ast.BinaryOp.SUBTRACT: np.subtract,
    ast.BinaryOp.MULTIPLY: np.multiply,
    ast.BinaryOp.DIVIDE: np.divide,
    ast.BinaryOp.POWER: np.power,
}
COMPARISONS: dict[ast.BinaryOp, Operation] = {
    ast.BinaryOp.EQUAL: np.equal,
    ast.BinaryOp.NOT_EQUAL: np.not_equal,
    ast.BinaryOp.LESS: np.less,
    ast.BinaryOp.LESS_EQUAL: np.less_equal,
    ast.BinaryOp.GREATER: np.greater,
    ast.BinaryOp.GREATER_EQUAL: np.greater_equal,
}
LOGIC: dict[ast.BinaryOp, Operation] = {ast.BinaryOp.AND: np.logical_and, ast.BinaryOp.OR: np.logical_or}

ONE: dict[str, Callable[[Cells], Cells]] = {"abs": np.abs, "log": np.log, "exp": np.exp, "sqrt": np.sqrt}
TWO: dict[str, Operation] = {"min": np.minimum, "max": np.maximum}


def _year(days: NDArray[np.int64]) -> NDArray[np.int64]:
    return days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970


def _month(days: NDArray[np.int64]) -> NDArray[np.int64]:
    months: NDArray[np.int64] = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return months % 12 + 1


def _day(days: NDArray[np.int64]) -> NDArray[np.int64]:
    dates = days.astype("M8[D]")
    before: NDArray[np.int64] = (dates - dates.astype("M8[M]")).astype(np.int64)
    return before + 1


def _weekday(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 for Monday to 7 for Sunday, as ISO 8601; 1970-01-01 was a Thursday."""
    return (days + 3) % 7 + 1


PARTS: dict[str, Callable[[NDArray[np.int64]], NDArray[np.int64]]] = {
    "year": _year,
    "month": _month,
    "day": _day,
    "weekday": _weekday,
}

ARGUMENTS = dict.fromkeys((*ONE, *PARTS), 1) | dict.fromkeys(TWO, 2) | {"where": 3, "date": 3}
"""Every function of formulas, and how many arguments it takes."""

COUNTS = {1: "one argument", 2: "two arguments", 3: "three arguments"}


def check_formula(formula: ast.Expression) -> list[Diagnostic]:
    """What in it is no row-local formula, whatever the columns hold."""
    match formula:
        case ast.Name() | ast.Number() | ast.Share() | ast.Text():
            return []
        case ast.Unary(operand=operand):
            return check_formula(operand)
        case ast.Binary(op=op, left=left, right=right) if op in ARITHMETIC or op in COMPARISONS or op in LOGIC:
            return check_formula(left) + check_formula(right)
        case ast.If(condition=condition, then=then, otherwise=otherwise):
            return [fault for part in (condition, then, otherwise) for fault in check_formula(part)]
        case ast.Call(callee=callee, arguments=arguments, over=()) if all(a.name is None for a in arguments):
            if callee.text not in ARGUMENTS:
                return [errors.UnknownFunction(callee.span, callee.text, nearest(callee.text, ARGUMENTS))]
            if len(arguments) != ARGUMENTS[callee.text]:
                return [errors.FormulaArguments(formula.span, callee.text, COUNTS[ARGUMENTS[callee.text]])]
            return [fault for argument in arguments for fault in check_formula(argument.value)]
    return [errors.NotRowLocal(formula.span)]


def names_in(formula: ast.Expression) -> tuple[ast.Name, ...]:
    """The columns that a checked formula reads, in the order of the text."""
    match formula:
        case ast.Name():
            return (formula,)
        case ast.Unary(operand=operand):
            return names_in(operand)
        case ast.Binary(left=left, right=right):
            return names_in(left) + names_in(right)
        case ast.If(condition=condition, then=then, otherwise=otherwise):
            return names_in(condition) + names_in(then) + names_in(otherwise)
        case ast.Call(arguments=arguments):
            return tuple(name for argument in arguments for name in names_in(argument.value))
    return ()


def evaluate(formula: ast.ColumnFormula, columns: Mapping[str, Column], origin: Origin) -> Column:
    """The formula's column. ModelError where a column's kind does not fit, DataError for a row without a value."""
    rows = len(next(iter(columns.values())).values)
    with np.errstate(all="ignore"):
        found = _value(formula.value, columns)
    if isinstance(found, str) or found.kind is Kind.CATEGORY:
        raise ModelError([errors.FormulaKind(formula.value.span, "a formula gives", "a number")])
    values: Cells = np.broadcast_to(found.values, (rows,)).astype(np.float64)
    gaps = np.zeros(rows, np.bool_)
    for name in names_in(formula.value):
        gaps |= np.isnan(columns[name.text].values)
    wrong = np.isinf(values) | (np.isnan(values) & ~gaps)
    if wrong.any():
        row = int(np.argmax(wrong))
        result = f"no {found.kind.value}" if np.isnan(values[row]) else "an infinite number"
        raise DataError(f"{origin.place(formula.name.text, row)}: its formula gives {result} here")
    return Column(found.kind, values)


Value = Column | str
"""Cells [rows] or [] for a constant, or a text to compare categories with."""


def _value(formula: ast.Expression, columns: Mapping[str, Column]) -> Value:
    match formula:
        case ast.Name(text=text):
            return columns[text]
        case ast.Number(value=number) | ast.Share(value=number):
            return Column(Kind.NUMBER, np.array(float(number)))
        case ast.Text(value=text):
            return text
        case ast.Unary(op=ast.UnaryOp.MINUS, operand=operand):
            return Column(Kind.NUMBER, -_real(operand, columns))
        case ast.Unary(op=ast.UnaryOp.NOT, operand=operand):
            cells = _real(operand, columns)
            return _truth(np.equal(cells, 0), cells)
        case ast.Binary(op=op) if op in COMPARISONS:
            return _compare(formula, columns)
        case ast.Binary(op=op, left=left, right=right) if op in LOGIC:
            a, b = _real(left, columns), _real(right, columns)
            return _truth(LOGIC[op](a, b), a, b)
        case ast.Binary(op=op, left=left, right=right):
            a, b = _real(left, columns, op is ast.BinaryOp.SUBTRACT), _real(right, columns, op is ast.BinaryOp.SUBTRACT)
            return Column(Kind.NUMBER, np.asarray(ARITHMETIC[op](a, b), np.float64))
        case ast.If(condition=condition, then=then, otherwise=otherwise):
            return _where(condition, then, otherwise, columns)
        case ast.Call(callee=ast.Name(text="where"), arguments=(condition, then, otherwise)):
            return _where(condition.value, then.value, otherwise.value, columns)
        case ast.Call(callee=ast.Name(text=text), arguments=arguments):
            return _call(text, tuple(argument.value for argument in arguments), columns)
    raise ModelError([errors.NotRowLocal(formula.span)])


def _call(function: str, arguments: tuple[ast.Expression, ...], columns: Mapping[str, Column]) -> Column:
    first = arguments[0]
    if function in PARTS:
        date = _value(first, columns)
        if isinstance(date, str) or date.kind is not Kind.DATE:
            raise ModelError([errors.FormulaKind(first.span, f"`{function}` takes", "a date")])
        missing = np.isnan(date.values)
        part = PARTS[function](np.where(missing, 0, date.values).astype(np.int64))
        return Column(Kind.NUMBER, np.where(missing, np.nan, part))
    if function == "date":
        return _date(*(_real(argument, columns) for argument in arguments))
    if function in ONE:
        return Column(Kind.NUMBER, np.asarray(ONE[function](_real(first, columns))))
    both = TWO[function](_real(first, columns), _real(arguments[1], columns))
    return Column(Kind.NUMBER, np.asarray(both, np.float64))


def _date(year: Cells, month: Cells, day: Cells) -> Column:
    """Days since 1970-01-01 of the Gregorian calendar; NaN for what is no date of the years 1 to 9999."""
    numbers = np.broadcast_arrays(year, month, day)
    there = np.all([np.isfinite(part) & (part == np.floor(part)) for part in numbers], axis=0)
    there &= (numbers[0] >= 1) & (numbers[0] <= 9999) & (numbers[1] >= 1) & (numbers[1] <= 12)
    y, m, d = (np.where(there, part, 1).astype(np.int64) for part in numbers)
    months = ((y - 1970) * 12 + m - 1).astype("M8[M]")
    first, behind = (edge.astype("M8[D]").astype(np.int64) for edge in (months, months + 1))
    there &= (d >= 1) & (first + d <= behind)
    return Column(Kind.DATE, np.where(there, first + d - 1, np.nan))


def _where(
    condition: ast.Expression, then: ast.Expression, otherwise: ast.Expression, columns: Mapping[str, Column]
) -> Column:
    test = _real(condition, columns)
    chosen = np.where(test != 0, _real(then, columns), _real(otherwise, columns))
    return Column(Kind.NUMBER, np.where(np.isnan(test), np.nan, chosen))


def _compare(formula: ast.Binary, columns: Mapping[str, Column]) -> Column:
    a, b = _value(formula.left, columns), _value(formula.right, columns)
    compare = COMPARISONS[formula.op]
    if isinstance(a, Column) and isinstance(b, Column) and Kind.CATEGORY not in (a.kind, b.kind):
        if (a.kind is Kind.DATE) != (b.kind is Kind.DATE):
            raise ModelError([errors.FormulaKind(formula.span, "a comparison takes", "two dates or two numbers")])
        return _truth(compare(a.values, b.values), a.values, b.values)
    column, text = (a, b) if isinstance(a, Column) else (b, a)
    if isinstance(column, str) or not isinstance(text, str) or column.kind is not Kind.CATEGORY:
        expected = "two numbers, or a category and a text"
        raise ModelError([errors.FormulaKind(formula.span, "a comparison takes", expected)])
    if formula.op not in (ast.BinaryOp.EQUAL, ast.BinaryOp.NOT_EQUAL):
        raise ModelError([errors.FormulaKind(formula.span, "categories are compared by", "`==` and `!=`")])
    place = float(column.labels.index(text)) if text in column.labels else -1.0
    return _truth(compare(column.values, np.array(place)), column.values)


def _truth(values: NDArray[np.float64] | NDArray[np.bool_], *operands: Cells) -> Column:
    """0 and 1, missing where an operand is."""
    truth = np.asarray(values, np.float64)
    for operand in operands:
        truth = np.where(np.isnan(operand), np.nan, truth)
    return Column(Kind.BOOLEAN, truth)


def _real(formula: ast.Expression, columns: Mapping[str, Column], dates: bool = False) -> Cells:
    """The cells of what must be numbers; `dates` allows days too."""
    value = _value(formula, columns)
    if isinstance(value, str) or value.kind is Kind.CATEGORY or (value.kind is Kind.DATE and not dates):
        raise ModelError([errors.FormulaKind(formula.span, "a formula counts with", "numbers")])
    return value.values
