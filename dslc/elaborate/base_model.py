"""A saved model as another model's net loads it: its text, what it was trained on, its weights.

body = load "base.dslm" until flatten
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dslc.data.schema import Schema
from dslc.graph.graph import Array
from dslc.syntax import ast


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """`settings` are those it was saved with; `weights` are its layers' states too, by name; `bases` are those that it
    loads itself, by the path in its text; `content` are the bytes of its file."""

    module: ast.Module
    settings: Mapping[str, str]
    schema: Schema
    weights: Mapping[str, Array]
    bases: Mapping[str, Base]
    content: bytes | memoryview
