"""What the net may read and what it is to predict: names, shapes per example, and the kind of the target.

The elaborator builds graphs from a `Schema` alone; it never sees a cell. Every field carries the span of
the statement that brought it.
"""

from __future__ import annotations

from enum import Enum

from dslc.data.column import Kind
from dslc.frozen import Frozen
from dslc.source import Span

ONLY = "prediction"
"""What a net without a target predicts."""


NEXT = "next"
"""The target of a text: at each step of a window the token that follows."""


class Task(Enum):
    """Decided by the loss: are a target's values classes or numbers? Of an input that is its own target they are what
    the input's are; the loss may take its numbers for shares, which lie from 0 to 1."""

    CLASSES = "classes"
    VALUES = "values"
    SHARES = "shares"


class InputField(Frozen):
    """A named tensor, `shape` per example, of real numbers, or of class ids below `classes`.

    For a table, `columns` names the columns of the file that it is made of, those that formulas read among them, and
    `kinds` says what each holds.
    """

    name: str
    shape: tuple[int, ...]
    span: Span
    columns: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    classes: int | None = None


class TargetField(Frozen):
    """`classes` is the number of classes under Task.CLASSES (elements are then class ids), else None.

    `reconstructs`: it is the prepared input of the same name.
    """

    name: str
    shape: tuple[int, ...]
    classes: int | None
    span: Span
    reconstructs: bool = False


class Schema(Frozen):
    """The data block after reading: what has a name in `net`, `loss` and metrics; `carried` has none in `net`."""

    inputs: tuple[InputField, ...]
    targets: tuple[TargetField, ...]
    span: Span
    carried: tuple[InputField, ...] = ()

    @property
    def class_inputs(self) -> dict[str, int]:
        """The number of classes of each input of ids."""
        return {field.name: field.classes for field in self.inputs if field.classes is not None}

    @property
    def heads(self) -> tuple[str, ...]:
        """What the net predicts, by name: each target, or `prediction` where there is none."""
        return tuple(target.name for target in self.targets) or (ONLY,)

    @property
    def target(self) -> TargetField | None:
        """The only target; None where there are none or several."""
        return self.targets[0] if len(self.targets) == 1 else None

    def target_named(self, name: str) -> TargetField | None:
        return next((target for target in self.targets if target.name == name), None)
