"""Grammar rules to tree nodes: one line of the table for each rule of grammar/dslc.lark.

The parser calls an entry with the span of the whole rule and with those of its children that say
something: nodes, groups (the private classes below) and the tokens of `TELLING`. What the grammar
leaves optional is simply absent, and told by its type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import TypeVar

from lark import Tree
from lark.parse_tree_builder import ParseTreeBuilder

from dslc.diagnostics import ModelError
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.errors import NotAssignable, NumberOutOfRange
from dslc.syntax.tables import load
from dslc.syntax.tokens import Lexeme

TELLING = frozenset(
    "NAME QUOTED STRING NUMBER PERCENT SIZE GLOB COMPARE LOG ONLY IGNORE RECONSTRUCT CARRY ACTIVATION LAYER "
    "LOSS_HEAD OPTIMIZER SCHEDULE INITIALIZER METRIC HIGHER LOWER REVERSE APPROXIMATE".split()
)
"""The terminals that a table entry receives; all others only take up space."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Names(ast.Syntax):
    items: tuple[ast.Name, ...]


@dataclass(frozen=True, slots=True)
class _Globs(ast.Syntax):
    items: tuple[ast.Name | ast.Glob, ...]


@dataclass(frozen=True, slots=True)
class _Parameters(ast.Syntax):
    items: tuple[ast.Parameter, ...]


@dataclass(frozen=True, slots=True)
class _Over(ast.Syntax):
    names: _Names


@dataclass(frozen=True, slots=True)
class _Arguments(ast.Syntax):
    items: tuple[ast.Argument, ...]
    over: tuple[ast.Name, ...]


@dataclass(frozen=True, slots=True)
class _Block(ast.Syntax):
    items: tuple[ast.Statement, ...]


@dataclass(frozen=True, slots=True)
class _Shares(ast.Syntax):
    values: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class _Folds(ast.Syntax):
    count: int


@dataclass(frozen=True, slots=True)
class _By(ast.Syntax):
    by: ast.SplitBy
    column: ast.Name | None = None


@dataclass(frozen=True, slots=True)
class _Every(ast.Syntax):
    value: ast.Plain


@dataclass(frozen=True, slots=True)
class _Ahead(ast.Syntax):
    value: ast.Plain


@dataclass(frozen=True, slots=True)
class _Flag(ast.Syntax):
    pass


# --- leaves --------------------------------------------------------------------------------------


def _number(token: Lexeme) -> int | float:
    """The value of a NUMBER: an int unless it has a point or an exponent; finite and of at most 40 digits."""
    text = token.replace("_", "")
    value = float(text) if len(text) > 40 or not text.isdigit() else int(text)
    if len(text) > 40 or math.isinf(value):
        raise ModelError([NumberOutOfRange(token.span)])
    return value


def _whole(token: Lexeme) -> int:
    value = _number(token)
    if isinstance(value, float):
        raise ModelError([NumberOutOfRange(token.span, "a whole number")])
    return value


def _name(span: Span, token: Lexeme) -> ast.Name:
    quoted = token.type == "QUOTED"
    return ast.Name(span, token[1:-1] if quoted else str(token), quoted)


def _size(span: Span, token: Lexeme) -> ast.Size:
    if len(token) > 100:
        raise ModelError([NumberOutOfRange(span)])
    return ast.Size(span, tuple(int(part) for part in token.split("x")))


def _share(span: Span, token: Lexeme) -> ast.Share:
    if len(token) > 40:
        raise ModelError([NumberOutOfRange(span)])
    return ast.Share(span, float(token[:-1]) / 100)


def _between(span: Span, low: ast.Number, high: ast.Number) -> ast.Between:
    return ast.Between(span, low.value, high.value)


# --- expressions ---------------------------------------------------------------------------------


def _binary(op: ast.BinaryOp) -> Callable[[Span, ast.Expression, ast.Expression], ast.Binary]:
    return lambda span, left, right: ast.Binary(span, op, left, right)


def _unary(op: ast.UnaryOp) -> Callable[[Span, ast.Expression], ast.Unary]:
    return lambda span, operand: ast.Unary(span, op, operand)


def _comparison(span: Span, left: ast.Expression, sign: Lexeme, right: ast.Expression) -> ast.Binary:
    return ast.Binary(span, ast.BinaryOp(str(sign)), left, right)


def _group(span: Span, inner: ast.Expression) -> ast.Expression:
    # The parentheses belong to the node, so that whatever contains it starts at the right place.
    return replace(inner, span=span)


def _arguments(span: Span, *children: ast.Argument | _Over) -> _Arguments:
    over = _first(_Over, children)
    return _Arguments(span, _all(ast.Argument, children), over.names.items if over else ())


def _call(span: Span, callee: ast.Name, arguments: _Arguments | None = None) -> ast.Call:
    return ast.Call(span, callee, arguments.items if arguments else (), arguments.over if arguments else ())


def _kind(span: Span, name: ast.Name, *rest: _Arguments | ast.Setting) -> ast.Kind:
    arguments = _first(_Arguments, rest)
    return ast.Kind(span, name, arguments.items if arguments else (), _all(ast.Setting, rest))


# --- data ----------------------------------------------------------------------------------------


def _file(span: Span, name: ast.Name, path: ast.Text, *rest: ast.Kind | ast.Field | ast.Setting) -> ast.FileSource:
    return ast.FileSource(
        span, name, path, _first(ast.Kind, rest), _all(ast.Field, rest), _all(ast.Setting, rest)
    )


def _field(span: Span, name: ast.Name, *rest: ast.TypeOf | ast.Name) -> ast.Field:
    return ast.Field(span, name, _type(rest), _all(ast.Name, rest)[0])


def _target(span: Span, names: _Names, positive: ast.Text | None = None) -> ast.Target:
    return ast.Target(span, names.items, None, positive)


def _typed_target(span: Span, name: ast.Name, type_: ast.TypeOf) -> ast.Target:
    return ast.Target(span, (name,), type_, None)


def _columns(span: Span, verb: Lexeme, globs: _Globs) -> ast.Columns:
    return ast.Columns(span, str(verb), globs.items)


def _shares(span: Span, *tokens: Lexeme) -> _Shares:
    return _Shares(span, tuple(_number(token) for token in tokens))


def _by(by: ast.SplitBy) -> Callable[..., _By]:
    return lambda span, column=None: _By(span, by, column)


def _split(span: Span, division: _Shares | _Folds, *rest: _By | Lexeme) -> ast.Split:
    by = _first(_By, rest)
    seed = _first(Lexeme, rest)
    return ast.Split(
        span,
        by.by if by else ast.SplitBy.RANDOM,
        division.values if isinstance(division, _Shares) else (),
        division.count if isinstance(division, _Folds) else None,
        by.column if by else None,
        None if seed is None else _whole(seed),
    )


def _test(span: Span, size: ast.Share | ast.Duration | ast.FileSource, by: _By | None = None) -> ast.TestPart:
    return ast.TestPart(span, size, by.by if by else ast.SplitBy.RANDOM, by.column if by else None)


def _missing(rule: str) -> Callable[..., ast.Missing]:
    def make(span: Span, *rest: ast.Plain | _Globs | _Flag) -> ast.Missing:
        globs = _first(_Globs, rest)
        values = tuple(part for part in rest if not isinstance(part, _Globs | _Flag))
        return ast.Missing(span, rule, values, globs.items if globs else (), _first(_Flag, rest) is not None)

    return make


def _missing_fill(span: Span, rule: ast.Name, *rest: _Globs | _Flag) -> ast.Missing:
    return _missing(rule.text)(span, *rest)


def _scale(span: Span, *rest: _Flag | ast.Name | ast.Between | _Globs) -> ast.Scale:
    globs = _first(_Globs, rest)
    method = _all(ast.Name, rest)[0]
    target = _first(_Flag, rest) is not None
    return ast.Scale(span, method, target, _first(ast.Between, rest), globs.items if globs else ())


def _window(span: Span, length: ast.Plain, *rest: _Globs | _Every | _Ahead) -> ast.Window:
    globs, every, ahead = _first(_Globs, rest), _first(_Every, rest), _first(_Ahead, rest)
    return ast.Window(
        span, length, globs.items if globs else (), every.value if every else None, ahead.value if ahead else None
    )


def _option(span: Span, name: ast.Name, value: ast.Plain | None = None) -> ast.Setting:
    return ast.Setting(span, name, value)


# --- train ---------------------------------------------------------------------------------------


def _optimize(span: Span, optimizer: ast.Name | ast.Call, groups: _Names | None = None) -> ast.Optimize:
    return ast.Optimize(span, optimizer, groups.items if groups else ())


def _minimize(span: Span, objective: ast.Expression, *rest: _Names | ast.Name | ast.Call) -> ast.Minimize:
    groups = _first(_Names, rest)
    optimizer = (_all(ast.Name, rest) or _all(ast.Call, rest))[0]
    return ast.Minimize(span, objective, groups.items if groups else (), optimizer)


def _clip(kind: str) -> Callable[[Span, ast.Plain], ast.Clip]:
    return lambda span, limit: ast.Clip(span, kind, limit)


def _stop_when(span: Span, condition: ast.Expression, patience: ast.Duration | None = None) -> ast.StopWhen:
    return ast.StopWhen(span, condition, patience)


def _freeze(span: Span, groups: _Names, until: ast.Duration | None = None) -> ast.Freeze:
    return ast.Freeze(span, groups.items, until)


def _prune(span: Span, share: ast.Share, *rest: _Names | ast.Duration) -> ast.Prune:
    groups = _first(_Names, rest)
    return ast.Prune(span, share, groups.items if groups else (), _first(ast.Duration, rest))


# --- formulas and definitions --------------------------------------------------------------------


def _parameter(span: Span, name: ast.Name, *rest: ast.TypeOf | ast.Expression) -> ast.Parameter:
    values = [part for part in rest if not isinstance(part, ast.Shape | ast.Kind)]
    return ast.Parameter(span, name, _type(rest), values[0] if values else None)


def _definition(span: Span, kind: Lexeme, name: ast.Name, *rest: _Parameters | Lexeme | _Block) -> ast.Definition:
    parameters, direction, body = _first(_Parameters, rest), _first(Lexeme, rest), _all(_Block, rest)[0]
    return ast.Definition(
        span,
        ast.DefinitionKind(str(kind)),
        name,
        parameters.items if parameters else (),
        body.items,
        None if direction is None else direction.type == "HIGHER",
    )


def _binding(span: Span, target: ast.Expression, value: ast.Expression) -> ast.Binding:
    if not isinstance(target, ast.Name) and not (isinstance(target, ast.Read) and isinstance(target.value, ast.Name)):
        raise ModelError([NotAssignable(target.span, "=")])
    return ast.Binding(span, target, value)


def _update(span: Span, target: ast.Expression, value: ast.Expression) -> ast.Update:
    if not isinstance(target, ast.Name):
        raise ModelError([NotAssignable(target.span, "<-")])
    return ast.Update(span, target, value)


def _weight(
    span: Span, name: ast.Name, shape: ast.Shape, initial: ast.Expression, condition: ast.Expression | None = None
) -> ast.Weight:
    return ast.Weight(span, name, shape, initial, condition)


def _state(span: Span, name: ast.Name, *rest: ast.Shape | ast.Expression) -> ast.State:
    initial = next(part for part in rest if not isinstance(part, ast.Shape))
    return ast.State(span, name, _first(ast.Shape, rest), initial)


def _scan(span: Span, inputs: _Names, axis: ast.Name, *rest: Lexeme | _Block) -> ast.Scan:
    return ast.Scan(span, None, inputs.items, axis, _first(Lexeme, rest) is not None, _all(_Block, rest)[0].items)


def _bound_scan(
    span: Span, target: ast.Expression, inputs: _Names, axis: ast.Name, *rest: Lexeme | _Block
) -> ast.Scan:
    if not isinstance(target, ast.Name):
        raise ModelError([NotAssignable(target.span, "=")])
    return replace(_scan(span, inputs, axis, *rest), target=target)


def _gradient(span: Span, *rest: Lexeme | ast.Name | ast.Expression) -> ast.Gradient:
    approximate = isinstance(rest[0], Lexeme)
    name, value = rest[1:] if approximate else rest
    assert isinstance(name, ast.Name) and not isinstance(value, Lexeme)
    return ast.Gradient(span, name, value, approximate)


def _let(
    span: Span,
    name: ast.Name,
    value: ast.Expression,
    choices: ast.Between | ast.ListOf | None = None,
    log: Lexeme | None = None,
) -> ast.Let:
    return ast.Let(span, name, value, choices, log is not None)


BUILD: Mapping[str, Callable[..., object]] = {
    # items
    "let": _let,
    "use": ast.Use,
    "data": lambda span, *statements: ast.Data(span, statements),
    "net": lambda span, block: ast.Net(span, block.items),
    "train": lambda span, *statements: ast.Train(span, statements),
    "objective": lambda span, value: ast.Objective(span, None, value),
    "named_objective": ast.Objective,
    "definition": _definition,
    "params": lambda span, *items: _Parameters(span, items),
    "param": _parameter,
    # data
    "file": _file,
    "field": _field,
    "input": ast.Input,
    "target": _target,
    "typed_target": _typed_target,
    "columns": _columns,
    "column_kind": ast.ColumnKind,
    "column_formula": ast.ColumnFormula,
    "split": _split,
    "split_given": lambda span, column: ast.Split(span, ast.SplitBy.GIVEN, (), None, column),
    "shares": _shares,
    "folds": lambda span, count: _Folds(span, _whole(count)),
    "stratified": _by(ast.SplitBy.STRATIFIED),
    "grouped": _by(ast.SplitBy.GROUPED),
    "in_time": _by(ast.SplitBy.TIME),
    "test": _test,
    "missing_fill": _missing_fill,
    "missing_constant": _missing("constant"),
    "missing_marks": _missing("marks"),
    "missing_drop": _missing("drop columns above"),
    "flag": _Flag,
    "scale": _scale,
    "window": _window,
    "every": _Every,
    "ahead": _Ahead,
    "augment": lambda span, *settings: ast.Augment(span, settings),
    "downsample": ast.Downsample,
    "globs": lambda span, *items: _Globs(span, items),
    "glob": lambda span, token: ast.Glob(span, str(token)),
    "option": _option,
    "setting": ast.Setting,
    # train
    "optimize": _optimize,
    "minimize": _minimize,
    "clip_norm": _clip("norm"),
    "clip_norm_each": _clip("norm each"),
    "clip_value": _clip("value"),
    "stop_when": _stop_when,
    "stop_after": ast.StopAfter,
    "keep_best": lambda span, metric=None: ast.KeepBest(span, metric),
    "watch": lambda span, *metrics: ast.Watch(span, metrics),
    "freeze": _freeze,
    "prune": _prune,
    # formulas
    "body_of_value": lambda span, value: _Block(span, (ast.Evaluate(value.span, value),)),
    "block": lambda span, *items: _Block(span, items),
    "evaluate": ast.Evaluate,
    "binding": _binding,
    "update": _update,
    "weight": _weight,
    "state": _state,
    "scan": _scan,
    "bound_scan": _bound_scan,
    "final": ast.Final,
    "link": ast.Link,
    "gradient": _gradient,
    "predict": ast.Predict,
    # types
    "shape": lambda span, *dims: ast.Shape(span, dims),
    "leading": ast.Leading,
    "kind": _kind,
    # expressions
    "choice": ast.If,
    "pipe": ast.Pipe,
    "repeat": ast.Repeat,
    "load": lambda span, path, until=None: ast.Load(span, path, until),
    "either": _binary(ast.BinaryOp.OR),
    "both": _binary(ast.BinaryOp.AND),
    "negation": _unary(ast.UnaryOp.NOT),
    "comparison": _comparison,
    "add": _binary(ast.BinaryOp.ADD),
    "subtract": _binary(ast.BinaryOp.SUBTRACT),
    "multiply": _binary(ast.BinaryOp.MULTIPLY),
    "divide": _binary(ast.BinaryOp.DIVIDE),
    "divide_whole": _binary(ast.BinaryOp.DIVIDE_WHOLE),
    "contract": _binary(ast.BinaryOp.CONTRACT),
    "minus": _unary(ast.UnaryOp.MINUS),
    "power": _binary(ast.BinaryOp.POWER),
    "read": lambda span, value, *indices: ast.Read(span, value, indices),
    "member": lambda span, value, name: ast.Member(span, value, name),
    "group": _group,
    "list": lambda span, *items: ast.ListOf(span, items),
    "call": _call,
    "arguments": _arguments,
    "over": _Over,
    "argument": lambda span, value: ast.Argument(span, None, value),
    "named_argument": ast.Argument,
    "declared": ast.Declared,
    "slice": ast.SliceOf,
    # values
    "names": lambda span, *items: _Names(span, items),
    "name": _name,
    "text": lambda span, token: ast.Text(span, token[1:-1]),
    "number": lambda span, token: ast.Number(span, _number(token)),
    "negative": lambda span, token: ast.Number(span, -_number(token)),
    "share": _share,
    "size": _size,
    "duration": lambda span, count, unit: ast.Duration(span, _number(count), unit),
    "between": _between,
    "fraction": lambda span, over, under: ast.Fraction(span, _whole(over), _whole(under)),
}


def callbacks() -> Mapping[object, Callable[[list[object]], object]]:
    """What Lark's parser calls for each rule that it reduces."""
    table = SimpleNamespace(**{name: partial(_node, make) for name, make in BUILD.items()})
    rules: Mapping[object, Callable[[list[object]], object]] = ParseTreeBuilder(load().rules, Tree).create_callback(table)
    return rules


def _node(make: Callable[..., object], children: Sequence[ast.Syntax | Lexeme]) -> object:
    telling = [child for child in children if not isinstance(child, Lexeme) or child.type in TELLING]
    return make(children[0].span.to(children[-1].span), *telling)


def _first(kind: type[T], among: Iterable[object]) -> T | None:
    return next((part for part in among if isinstance(part, kind)), None)


def _all(kind: type[T], among: Iterable[object]) -> tuple[T, ...]:
    return tuple(part for part in among if isinstance(part, kind))


def _type(among: Iterable[object]) -> ast.TypeOf | None:
    return _first(ast.Shape, among) or _first(ast.Kind, among)
