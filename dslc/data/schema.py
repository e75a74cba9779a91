"""What the net may read and what it is to predict: names, shapes per example, and the kind of the target.

The elaborator builds graphs from a `Schema` alone; it never sees a cell. Every field carries the span of
the statement that brought it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dslc.data.column import Kind
from dslc.source import Span


class Task(Enum):
    """Decided by the loss: are the target's values classes or numbers?"""

    CLASSES = "classes"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class InputField:
    """A named tensor of real numbers, `shape` per example.

    For a table, `columns` names the columns of the file that it is made of, those that formulas read among them, and
    `kinds` says what each holds.
    """

    name: str
    shape: tuple[int, ...]
    span: Span
    columns: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetField:
    """`classes` is the number of classes under Task.CLASSES (elements are then class ids), else None."""

    name: str
    shape: tuple[int, ...]
    classes: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Schema:
    """The data block after reading: what has a name in `net`, `loss` and metrics."""

    inputs: tuple[InputField, ...]
    target: TargetField | None
    span: Span
