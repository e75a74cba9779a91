"""Diagnostics on a terminal: the text of `diagnostics.to_text`, its severities and carets coloured.

`click.echo` takes the colours out again where the stream is no terminal.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from dslc.diagnostics import Diagnostic, Severity, to_text

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def painted(diagnostics: Iterable[Diagnostic]) -> str:
    """The text of `diagnostics`, coloured unless NO_COLOR is set (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return to_text(list(diagnostics))
    return "\n\n".join(_one(diagnostic) for diagnostic in diagnostics)


def _one(diagnostic: Diagnostic) -> str:
    head, *rest = to_text([diagnostic]).split("\n")
    mark = f"{diagnostic.severity.value}[{diagnostic.code}]"
    colour = COLOURS[diagnostic.severity]
    head = head.replace(mark, click.style(mark, fg=colour, bold=True), 1)
    return "\n".join([head, *(click.style(line, fg=colour) if set(line) <= set(" |^") else line for line in rest)])
