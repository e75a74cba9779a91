"""What the grammar's rules yield that are no nodes of the tree: lists, and clauses that a statement takes in.

The children of a rule come without the optional ones that are absent; `first` and `every` tell them by their type.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from dslc.syntax import ast

T = TypeVar("T")


class Names(ast.Syntax):
    items: tuple[ast.Name, ...]


class Globs(ast.Syntax):
    items: tuple[ast.Name | ast.Glob, ...]


class Parameters(ast.Syntax):
    items: tuple[ast.Parameter, ...]


class Over(ast.Syntax):
    items: tuple[ast.Name | ast.Declared, ...]


class Arguments(ast.Syntax):
    items: tuple[ast.Argument, ...]
    over: tuple[ast.Name | ast.Declared | ast.Leading, ...]


class Block(ast.Syntax):
    items: tuple[ast.Statement, ...]


class Shares(ast.Syntax):
    values: tuple[int | float, ...]


class Folds(ast.Syntax):
    count: int


class By(ast.Syntax):
    by: ast.SplitBy
    column: ast.Name | None = None


class Every(ast.Syntax):
    value: ast.Plain


class Ahead(ast.Syntax):
    value: ast.Plain


class Flag(ast.Syntax):
    pass


def first(kind: type[T], among: Iterable[object]) -> T | None:
    return next((part for part in among if isinstance(part, kind)), None)


def every(kind: type[T], among: Iterable[object]) -> tuple[T, ...]:
    return tuple(part for part in among if isinstance(part, kind))


def type_of(among: Iterable[object]) -> ast.TypeOf | None:
    return first(ast.Shape, among) or first(ast.Kind, among)
