"""What a data block asks of texts and of rows in time: how texts are cut into tokens, and which windows are examples.

`characters window 64 every 64` and `window 28 of births every 1 ahead 7`, read without opening a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from dslc.data import errors, sequence_errors
from dslc.diagnostics import Diagnostic, nearest
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast

STEPS_LIMIT = 1_000_000
"""The most steps of one window."""


class Unit(Enum):
    CHARACTERS = "characters"
    WORDS = "words"


UNITS = tuple(unit.value for unit in Unit)


class TextPlan(Frozen):
    """`words top 20_000`: the most frequent tokens have ids of their own, all if None."""

    unit: Unit
    top: int | None
    span: Span


class WindowPlan(Frozen):
    """Rows k, k + `every`, .. each begin a window of `length` rows; what it predicts is `ahead` rows after its last.

    No columns: all inputs and the target's past.
    """

    length: int
    every: int
    ahead: int
    span: Span
    columns: tuple[ast.Name | ast.Glob, ...] = ()

    @property
    def reach(self) -> int:
        """The rows of one example, from the first that it reads to the one that it predicts."""
        return self.length + self.ahead


def text_in_windows(kind: ast.Kind, faults: list[Diagnostic]) -> tuple[TextPlan, WindowPlan]:
    """`characters window 64 every 64`, of a whole file; windows lie side by side unless `every` says otherwise."""
    given = _options(kind, ("top", "window", "every", "ahead"), faults)
    if "window" not in given:
        faults.append(sequence_errors.NoWindow(kind.span, kind.name.text))
    length = given.get("window", 1)
    window = WindowPlan(length, given.get("every", length), given.get("ahead", 1), kind.span)
    return TextPlan(Unit(kind.name.text), given.get("top"), kind.span), window


def window_plan(found: Sequence[ast.Window], faults: list[Diagnostic]) -> WindowPlan | None:
    """`window 28 of births, day_of_week every 1 ahead 7`, of a table's rows."""
    for again in found[1:]:
        faults.append(errors.GivenTwice(again.span, "`window`", found[0].span))
    if not found:
        return None
    window = found[0]
    length, every, ahead = (
        _count(value, what, window.span, faults)
        for value, what in ((window.length, "window"), (window.every, "every"), (window.ahead, "ahead"))
    )
    return WindowPlan(length, every, ahead, window.span, window.columns)


def _options(kind: ast.Kind, known: Sequence[str], faults: list[Diagnostic]) -> Mapping[str, int]:
    """What the options give; a fault for each that is unknown, given twice or no count."""
    given: dict[str, ast.Setting] = {}
    for option in kind.options:
        name = option.name.text
        if name not in known:
            faults.append(errors.UnknownDataSetting(option.name.span, name, nearest(name, known)))
        elif name in given:
            faults.append(errors.GivenTwice(option.span, f"`{name}`", given[name].span))
        else:
            given[name] = option
    if kind.arguments:
        faults.append(errors.BadDataSetting(kind.span, kind.name.text, "options such as `window 64`"))
    return {name: _count(option.value, name, option.span, faults) for name, option in given.items()}


def _count(value: ast.Plain | None, what: str, span: Span, faults: list[Diagnostic]) -> int:
    """A whole number above 0; 1 where nothing is written."""
    match value:
        case None:
            return 1
        case ast.Number(value=int() as count) if 0 < count <= STEPS_LIMIT:
            return count
    faults.append(errors.BadDataSetting(span, what, f"a whole number from 1 to {STEPS_LIMIT:,}"))
    return 1
