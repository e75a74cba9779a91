"""Errors, warnings and notes, and how they read.

One frozen class per diagnostic, defined in the `errors.py` of the stage that finds it: the text
stands in class attributes as templates, the data in fields. A template that mentions a field whose
value is None is left out, so a help without a suggestion prints nothing.

    class UnknownName(Diagnostic):
        \"\"\"A name that neither the file nor the prelude defines. (The docstring is `dslc explain`.)\"\"\"
        code: ClassVar = "unknown-name"
        message: ClassVar = "unknown name `{name}`"
        help: ClassVar = "did you mean `{suggestion}`?"
        name: str
        suggestion: str | None = None

Nothing here knows a stage; the command line and the Python interface both print through `to_text`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from dslc.frozen import Frozen
from dslc.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


LONGEST = 200
"""Characters of a field that a message shows at most: a name or a text of the file may be of any length."""


def _clipped(value: object) -> object:
    return f"{value[: LONGEST - 4]} ..." if isinstance(value, str) and len(value) > LONGEST else value


@dataclass(frozen=True, slots=True)
class Label:
    """The other end of a conflict: a span and what to say beside it."""

    span: Span
    text: str


class Diagnostic(Frozen):
    """What one fault says. Subclasses give the templates; `span` is the smallest one that shows the fault."""

    code: ClassVar[str]
    message: ClassVar[str]
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.ERROR

    span: Span

    def fill(self, template: str) -> str | None:
        """The template with this diagnostic's fields, None if it is empty or needs a field that is None."""
        values = {name: _clipped(getattr(self, name)) for name in self.FIELDS}
        empty = [name for name, value in values.items() if value is None and f"{{{name}}}" in template]
        return None if not template or empty else template.format(**values)

    @property
    def text(self) -> str:
        return self.fill(self.message) or self.message

    @property
    def advice(self) -> str | None:
        return self.fill(self.help)

    def others(self) -> tuple[Label, ...]:
        """The other places that take part in the fault."""
        return ()


class NotYet(Diagnostic):
    """A form of the language that dslc reads but cannot carry out yet.

    It is part of the language and keeps its meaning; leave it out for now, or prepare the data beforehand.
    """

    code: ClassVar = "not-yet"
    message: ClassVar = "{what} is not built yet"

    what: str


class ModelError(Exception):
    """A model file that cannot be compiled; `.diagnostics` says why, in the order of the file."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(to_text(self.diagnostics))


class DataError(Exception):
    """Data that does not fit the model; the message names file, row and column."""


class DataWarning(UserWarning):
    """What a caller should know of rows that were read all the same: how many were left out, or hold what is new."""


class TrainingDiverged(Exception):
    """A loss that is no longer finite; the message names the step and the model file's line."""


class BackendUnavailable(Exception):
    """A backend that this machine cannot run; the message says what to install."""


def nearest(name: str, among: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be; one of other case, or of the same letters, comes first."""
    known = sorted(among)
    matches = (
        [k for k in known if k.lower() == name.lower()]
        or [k for k in known if sorted(k) == sorted(name)]
        or difflib.get_close_matches(name, known, 1, 0.65)
    )
    return matches[0] if matches else None


def did_you_mean(name: str, among: Iterable[str], quote: str = "`") -> str:
    """How a message of one line ends: `; did you mean ...?`, or in nothing where no known name is near."""
    known = nearest(name, among)
    return f"; did you mean {quote}{known}{quote}?" if known else ""


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by file and place, exact repetitions dropped."""
    unique = {(d.span.source.name, d.span.start, d.code, d.text): d for d in diagnostics}
    return [unique[key] for key in sorted(unique)]


def to_text(diagnostics: Sequence[Diagnostic]) -> str:
    """`file:line:col: error[code]: message`, the line with carets, the other ends, the help."""
    return "\n\n".join(_one(d) for d in diagnostics)


def _one(diagnostic: Diagnostic) -> str:
    head = f"{diagnostic.span.place}: {diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.text}"
    parts = [head, *_snippet(diagnostic.span, diagnostic.fill(diagnostic.label) or "", "^")]
    for other in diagnostic.others():
        if other.span.source.text and other.span.source is not diagnostic.span.source:
            parts.append(f"  {other.span.place}:")
        parts += _snippet(other.span, other.text, "-")
    if diagnostic.advice:
        parts.append(f"  help: {diagnostic.advice}")
    return "\n".join(map(_printable, parts))


WINDOW = 110
"""Characters of a long source line that a snippet shows, between `...`."""


def _snippet(span: Span, label: str, mark: str) -> list[str]:
    """The line of the span with marks under it; of a long line the part around the span, of several lines the first."""
    if not span.source.text:
        return [f"  {label}"] if label else []
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    most = WINDOW if len(text) > WINDOW + len("...  ...") else len(text)
    first = max(0, min(column - 1 - WINDOW // 3, len(text) - most))
    shown = text[first : first + most]
    before, after = "... " if first else "", " ..." if first + most < len(text) else ""
    marks = " " * (len(before) + column - 1 - first) + mark * min(width, len(shown) - (column - 1 - first) or 1)
    gutter = f"{line:>4} | "
    return [f"{gutter}{before}{shown}{after}", f"{' ' * (len(gutter) - 2)}| {marks}{f' {label}' if label else ''}"]


def _printable(text: str) -> str:
    """A blank for each tab, and for what would move the cursor or speak to the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def to_records(diagnostics: Sequence[Diagnostic]) -> list[dict[str, str | int | None]]:
    """The same facts for `--format json`."""
    records: list[dict[str, str | int | None]] = []
    for d in diagnostics:
        end_line, end_column = d.span.source.position(d.span.end)
        records.append(
            {
                "file": d.span.source.name,
                "line": d.span.line,
                "column": d.span.column,
                "end_line": end_line,
                "end_column": end_column,
                "severity": d.severity.value,
                "code": d.code,
                "message": d.text,
                "help": d.advice,
            }
        )
    return records
