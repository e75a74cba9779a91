"""What a net takes over from other files: a saved model, with its text and weights, or vectors.

body = load "base.dslm" until flatten
embed(100, from = "vectors.safetensors")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

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
    bases: Mapping[str, TakenOver]
    content: bytes | memoryview


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """The one tensor of a file, which a weight begins with; `content` are the file's bytes."""

    value: Array
    content: bytes | memoryview


TakenOver: TypeAlias = Base | Vectors
"""By the path in the text that takes it over."""
