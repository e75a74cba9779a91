"""What the grammar's rules yield that are no nodes of the tree: lists, and clauses that a statement takes in.

The children of a rule come without the optional ones that are absent; `first` and `every` tell them by their type.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from dslc.syntax import ast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Names(ast.Syntax):
    items: tuple[ast.Name, ...]


@dataclass(frozen=True, slots=True)
class Globs(ast.Syntax):
    items: tuple[ast.Name | ast.Glob, ...]


@dataclass(frozen=True, slots=True)
class Parameters(ast.Syntax):
    items: tuple[ast.Parameter, ...]


@dataclass(frozen=True, slots=True)
class Over(ast.Syntax):
    names: Names


@dataclass(frozen=True, slots=True)
class Arguments(ast.Syntax):
    items: tuple[ast.Argument, ...]
    over: tuple[ast.Name, ...]


@dataclass(frozen=True, slots=True)
class Block(ast.Syntax):
    items: tuple[ast.Statement, ...]


@dataclass(frozen=True, slots=True)
class Shares(ast.Syntax):
    values: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Folds(ast.Syntax):
    count: int


@dataclass(frozen=True, slots=True)
class By(ast.Syntax):
    by: ast.SplitBy
    column: ast.Name | None = None


@dataclass(frozen=True, slots=True)
class Every(ast.Syntax):
    value: ast.Plain


@dataclass(frozen=True, slots=True)
class Ahead(ast.Syntax):
    value: ast.Plain


@dataclass(frozen=True, slots=True)
class Flag(ast.Syntax):
    pass


def first(kind: type[T], among: Iterable[object]) -> T | None:
    return next((part for part in among if isinstance(part, kind)), None)


def every(kind: type[T], among: Iterable[object]) -> tuple[T, ...]:
    return tuple(part for part in among if isinstance(part, kind))


def type_of(among: Iterable[object]) -> ast.TypeOf | None:
    return first(ast.Shape, among) or first(ast.Kind, among)
