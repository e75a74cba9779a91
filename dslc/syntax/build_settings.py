"""The nodes of `data` and `train`: the entries of build.py's table that need more than a node's own fields."""

from __future__ import annotations

from collections.abc import Callable

from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.groups import Ahead, By, Every, Flag, Folds, Globs, Names, Shares, every, first, type_of
from dslc.syntax.tokens import Lexeme, number, whole

# --- data ----------------------------------------------------------------------------------------


def file(span: Span, name: ast.Name, path: ast.Text, *rest: ast.Kind | ast.Field | ast.Setting) -> ast.FileSource:
    return ast.FileSource(span, name, path, first(ast.Kind, rest), every(ast.Field, rest), every(ast.Setting, rest))


def field(span: Span, name: ast.Name, *rest: ast.TypeOf | ast.Name) -> ast.Field:
    return ast.Field(span, name, type_of(rest), every(ast.Name, rest)[0])


def target(span: Span, names: Names, positive: ast.Text | None = None) -> ast.Target:
    return ast.Target(span, names.items, None, positive)


def typed_target(span: Span, name: ast.Name, type_: ast.TypeOf) -> ast.Target:
    return ast.Target(span, (name,), type_, None)


def columns(span: Span, verb: Lexeme, globs: Globs) -> ast.Columns:
    return ast.Columns(span, str(verb), globs.items)


def shares(span: Span, *tokens: Lexeme) -> Shares:
    return Shares(span, tuple(number(token) for token in tokens))


def by(by: ast.SplitBy) -> Callable[..., By]:
    return lambda span, column=None: By(span, by, column)


def split(span: Span, division: Shares | Folds, *rest: By | Lexeme) -> ast.Split:
    by = first(By, rest)
    seed = first(Lexeme, rest)
    return ast.Split(
        span,
        by.by if by else ast.SplitBy.RANDOM,
        division.values if isinstance(division, Shares) else (),
        division.count if isinstance(division, Folds) else None,
        by.column if by else None,
        None if seed is None else whole(seed),
    )


def test(span: Span, size: ast.Share | ast.Duration | ast.FileSource, by: By | None = None) -> ast.TestPart:
    return ast.TestPart(span, size, by.by if by else ast.SplitBy.RANDOM, by.column if by else None)


def missing(rule: str) -> Callable[..., ast.Missing]:
    def make(span: Span, *rest: ast.Plain | Globs | Flag) -> ast.Missing:
        globs = first(Globs, rest)
        values = tuple(part for part in rest if not isinstance(part, Globs | Flag))
        return ast.Missing(span, rule, values, globs.items if globs else (), first(Flag, rest) is not None)

    return make


def missing_fill(span: Span, rule: ast.Name, *rest: Globs | Flag) -> ast.Missing:
    return missing(rule.text)(span, *rest)


def scale(span: Span, *rest: Flag | ast.Name | ast.Between | Globs) -> ast.Scale:
    globs = first(Globs, rest)
    method = every(ast.Name, rest)[0]
    target = first(Flag, rest) is not None
    return ast.Scale(span, method, target, first(ast.Between, rest), globs.items if globs else ())


def window(span: Span, length: ast.Plain, *rest: Globs | Every | Ahead) -> ast.Window:
    globs, every, ahead = first(Globs, rest), first(Every, rest), first(Ahead, rest)
    return ast.Window(
        span, length, globs.items if globs else (), every.value if every else None, ahead.value if ahead else None
    )


def option(span: Span, name: ast.Name, value: ast.Plain | None = None) -> ast.Setting:
    return ast.Setting(span, name, value)


def word_option(span: Span, word: Lexeme, value: ast.Plain) -> ast.Setting:
    """An option whose name is a keyword of the place: `every 64`."""
    return ast.Setting(span, ast.Name(word.span, str(word)), value)


# --- train ---------------------------------------------------------------------------------------


def optimize(span: Span, optimizer: ast.Name | ast.Call, groups: Names | None = None) -> ast.Optimize:
    return ast.Optimize(span, optimizer, groups.items if groups else ())


def minimize(span: Span, objective: ast.Expression, *rest: Names | ast.Name | ast.Call) -> ast.Minimize:
    groups = first(Names, rest)
    optimizer = next(part for part in rest if not isinstance(part, Names))
    return ast.Minimize(span, objective, groups.items if groups else (), optimizer)


def clip(kind: str) -> Callable[[Span, ast.Plain], ast.Clip]:
    return lambda span, limit: ast.Clip(span, kind, limit)


def stop_when(span: Span, condition: ast.Expression, patience: ast.Duration | None = None) -> ast.StopWhen:
    return ast.StopWhen(span, condition, patience)


def freeze(span: Span, groups: Names, until: ast.Duration | None = None) -> ast.Freeze:
    return ast.Freeze(span, groups.items, until)


def prune(span: Span, share: ast.Share, *rest: Names | ast.Duration) -> ast.Prune:
    groups = first(Names, rest)
    return ast.Prune(span, share, groups.items if groups else (), first(ast.Duration, rest))
