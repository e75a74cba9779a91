"""What can be wrong with texts, windows and splits in time."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label
from dslc.source import Span


class NoUnit(Diagnostic):
    """A text is read by characters or by words, in windows: `text "moby_dick.txt" characters window 64`."""

    code: ClassVar = "no-unit"
    message: ClassVar = "a text is read as `characters window 64` or as `words window 64`"
    help: ClassVar = "did you mean `{suggestion}`?"

    suggestion: str | None = None


class NoWindow(Diagnostic):
    """A text is one long row of tokens; its examples are windows of so many."""

    code: ClassVar = "no-window"
    message: ClassVar = "how many {unit} make an example is not said"
    help: ClassVar = "`{unit} window 64`"

    unit: str


class NotOfText(Diagnostic):
    """A text has one input, its tokens, and one target, `next`: the tokens that follow. It has no columns."""

    code: ClassVar = "not-of-text"
    message: ClassVar = "this is about columns or arrays; a text has its {unit} as input and the next ones as target"

    unit: str


class ShuffledTime(Diagnostic):
    """Windows of rows in time overlap, so that a random split would put rows of the validation part into the training.

    `split 80/10/10 in time` has the earliest rows train and the latest test; no window crosses a part's end.
    """

    code: ClassVar = "shuffled-time"
    message: ClassVar = "windows of rows in time cannot be split at random"
    help: ClassVar = "`split 80/10/10 in time`"

    window: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.window, "the windows"),)


class NoTimes(Diagnostic):
    """A split in time goes by dates or numbers."""

    code: ClassVar = "no-times"
    message: ClassVar = "`in time` goes by dates or numbers, but `{name}` holds {kind}"

    name: str
    kind: str
