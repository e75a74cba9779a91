"""Grammar rules to tree nodes: one line of the table for each rule of grammar/dslc.lark.

The parser calls an entry with the span of the whole rule and with those of its children that say
something: nodes, groups (the private classes below) and the tokens of `TELLING`. What the grammar
leaves optional is simply absent, and told by its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from types import SimpleNamespace

from lark import Tree
from lark.parse_tree_builder import ParseTreeBuilder

from dslc.diagnostics import ModelError
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax import build_settings as settings
from dslc.syntax.errors import NotAssignable, NumberOutOfRange
from dslc.syntax.groups import (
    Ahead,
    Arguments,
    Block,
    Every,
    Flag,
    Folds,
    Globs,
    Names,
    Over,
    Parameters,
    every,
    first,
    type_of,
)
from dslc.syntax.tables import load
from dslc.syntax.tokens import Lexeme, number, whole

TELLING = frozenset(
    [
        "NAME",
        "QUOTED",
        "STRING",
        "NUMBER",
        "PERCENT",
        "SIZE",
        "GLOB",
        "COMPARE",
        "LOG",
        "ONLY",
        "IGNORE",
        "RECONSTRUCT",
        "CARRY",
        "ACTIVATION",
        "LAYER",
        "LOSS_HEAD",
        "OPTIMIZER",
        "SCHEDULE",
        "INITIALIZER",
        "METRIC",
        "HIGHER",
        "LOWER",
        "TABLE",
        "REVERSE",
        "APPROXIMATE",
        "EVERY",
        "AHEAD",
    ]
)
"""The terminals that a table entry receives; all others only take up space."""

# --- leaves --------------------------------------------------------------------------------------


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
    return inner.replaced(span=span)


def _arguments(span: Span, *children: ast.Argument | Over) -> Arguments:
    over = first(Over, children)
    return Arguments(span, every(ast.Argument, children), over.items if over else ())


def _call(span: Span, callee: ast.Name, arguments: Arguments | None = None) -> ast.Call:
    return ast.Call(span, callee, arguments.items if arguments else (), arguments.over if arguments else ())


def _kind(span: Span, name: ast.Name, *rest: Arguments | ast.Setting) -> ast.Kind:
    arguments = first(Arguments, rest)
    return ast.Kind(span, name, arguments.items if arguments else (), every(ast.Setting, rest))


# --- formulas and definitions --------------------------------------------------------------------


def _parameter(span: Span, name: ast.Name, *rest: ast.TypeOf | ast.Expression) -> ast.Parameter:
    values = [part for part in rest if not isinstance(part, ast.Shape | ast.Kind)]
    return ast.Parameter(span, name, type_of(rest), values[0] if values else None)


def _definition(span: Span, kind: Lexeme, name: ast.Name, *rest: Parameters | Lexeme | Block) -> ast.Definition:
    parameters, direction, body = first(Parameters, rest), first(Lexeme, rest), every(Block, rest)[0]
    return ast.Definition(
        span,
        ast.DefinitionKind(str(kind)),
        name,
        parameters.items if parameters else (),
        body.items,
        None if direction is None or direction.type == "TABLE" else direction.type == "HIGHER",
        direction is not None and direction.type == "TABLE",
    )


def _binding(span: Span, target: ast.Expression, value: ast.Expression) -> ast.Binding:
    if not isinstance(target, ast.Name) and not (isinstance(target, ast.Read) and isinstance(target.value, ast.Name)):
        called = isinstance(target, ast.Call)
        hint = "a function is defined at the top of the file: `layer f(x) = ..`" if called else None
        raise ModelError([NotAssignable(target.span, "=", hint)])
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
    return ast.State(span, name, first(ast.Shape, rest), initial)


def _scan(span: Span, inputs: Names, axis: ast.Name, *rest: Lexeme | Block) -> ast.Scan:
    return ast.Scan(span, None, inputs.items, axis, first(Lexeme, rest) is not None, every(Block, rest)[0].items)


def _bound_scan(span: Span, target: ast.Expression, inputs: Names, axis: ast.Name, *rest: Lexeme | Block) -> ast.Scan:
    if not isinstance(target, ast.Name):
        raise ModelError([NotAssignable(target.span, "=")])
    return _scan(span, inputs, axis, *rest).replaced(target=target)


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
    "params": lambda span, *items: Parameters(span, items),
    "param": _parameter,
    # data
    "file": settings.file,
    "field": settings.field,
    "input": ast.Input,
    "target": settings.target,
    "typed_target": settings.typed_target,
    "columns": settings.columns,
    "column_kind": ast.ColumnKind,
    "column_formula": ast.ColumnFormula,
    "split": settings.split,
    "split_given": lambda span, column: ast.Split(span, ast.SplitBy.GIVEN, (), None, column),
    "shares": settings.shares,
    "folds": lambda span, count: Folds(span, whole(count)),
    "stratified": settings.by(ast.SplitBy.STRATIFIED),
    "grouped": settings.by(ast.SplitBy.GROUPED),
    "in_time": settings.by(ast.SplitBy.TIME),
    "test": settings.test,
    "missing_fill": settings.missing_fill,
    "missing_constant": settings.missing("constant"),
    "missing_marks": settings.missing("marks"),
    "missing_drop": settings.missing("drop columns above"),
    "missing_drop_rows": settings.missing("drop rows"),
    "flag": Flag,
    "scale": settings.scale,
    "window": settings.window,
    "every": lambda span, word, value: Every(span, value),
    "ahead": lambda span, word, value: Ahead(span, value),
    "augment": lambda span, *settings: ast.Augment(span, settings),
    "downsample": ast.Downsample,
    "globs": lambda span, *items: Globs(span, items),
    "glob": lambda span, token: ast.Glob(span, str(token)),
    "option": settings.option,
    "word_option": settings.word_option,
    "setting": ast.Setting,
    # train
    "optimize": settings.optimize,
    "minimize": settings.minimize,
    "clip_norm": settings.clip("norm"),
    "clip_norm_each": settings.clip("norm each"),
    "clip_value": settings.clip("value"),
    "stop_when": settings.stop_when,
    "stop_after": ast.StopAfter,
    "keep_best": lambda span, metric=None: ast.KeepBest(span, metric),
    "threshold_best": ast.ThresholdBest,
    "watch": lambda span, *metrics: ast.Watch(span, metrics),
    "freeze": settings.freeze,
    "prune": settings.prune,
    # formulas
    "body_of_value": lambda span, value: Block(span, (ast.Evaluate(value.span, value),)),
    "block": lambda span, *items: Block(span, items),
    "evaluate": ast.Evaluate,
    "binding": _binding,
    "update": _update,
    "weight": _weight,
    "state": _state,
    "scan": _scan,
    "bound_scan": _bound_scan,
    "final": ast.Final,
    "link": ast.Link,
    "full_batch": ast.FullBatch,
    "gradient": _gradient,
    "predict": ast.Predict,
    # types
    "shape": lambda span, *dims: ast.Shape(span, dims),
    "leading": ast.Leading,
    "kind": _kind,
    "shaped_kind": lambda span, shape, kind: kind.replaced(span=span, shape=shape),
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
    "member": ast.Member,
    "group": _group,
    "list": lambda span, *items: ast.ListOf(span, items),
    "call": _call,
    "arguments": _arguments,
    "over": lambda span, *items: Over(span, items),
    "argument": lambda span, value: ast.Argument(span, None, value),
    "named_argument": ast.Argument,
    "declared": ast.Declared,
    "slice": ast.SliceOf,
    # values
    "names": lambda span, *items: Names(span, items),
    "name": _name,
    "text": lambda span, token: ast.Text(span, token[1:-1]),
    "number": lambda span, token: ast.Number(span, number(token)),
    "negative": lambda span, token: ast.Number(span, -number(token)),
    "share": _share,
    "size": _size,
    "duration": lambda span, count, unit: ast.Duration(span, number(count), unit),
    "between": _between,
    "fraction": lambda span, over, under: ast.Fraction(span, whole(over), whole(under)),
}


@cache
def callbacks() -> dict[str, Callable[[list[object]], object]]:
    """What Lark's parser calls for each rule that it reduces."""
    table = SimpleNamespace(**{name: partial(_node, make) for name, make in BUILD.items()})
    # Lark's tree builder carries no annotations; its callbacks are keyed by rules, whatever those of its parser say.
    builder = ParseTreeBuilder(load().rules, Tree)  # type: ignore[no-untyped-call]
    by_rule: dict[str, Callable[[list[object]], object]] = builder.create_callback(table)  # type: ignore[no-untyped-call]
    return by_rule


def _node(make: Callable[..., object], children: Sequence[ast.Syntax | Lexeme]) -> object:
    telling = [child for child in children if not isinstance(child, Lexeme) or child.type in TELLING]
    return make(children[0].span.to(children[-1].span), *telling)
