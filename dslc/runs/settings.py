"""What a run was given, as files: `settings.json`, and `model.dsl`, the model's text with what replaced its lets.

`model.dsl` trains the same model again where the data are: a let that the command line set has that value in the
text, and comments at the end say what the file had and what else was asked for.

    let width = 64

    # Trained with:
    #   --set width=64, instead of 128
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PLAIN = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?%?|\d+(x\d+)*|[A-Za-z_]\w*", re.ASCII)
"""Values that the language and the command line write alike: numbers, shares, sizes, names."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A let whose value, characters `start` to `end` of the text, was `value` in this run; texts are `quoted`."""

    name: str
    start: int
    end: int
    value: str
    quoted: bool


def trained_text(text: str, replaced: Sequence[Replaced], asked: Sequence[str]) -> str:
    """The model's text with the values replaced, then what was asked for, such as `--epochs 5`, as comments."""
    notes = []
    for let in sorted(replaced, key=lambda let: let.start, reverse=True):
        notes.append(f"--set {let.name}={let.value}, instead of {text[let.start : let.end]}")
        if (written := _written(let)) is not None:
            text = text[: let.start] + written + text[let.end :]
    notes = [*reversed(notes), *asked]
    if not notes:
        return text
    lines = ["", "# Trained with:", *(f"#   {_one_line(note)}" for note in notes)]
    return text.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


def _written(let: Replaced) -> str | None:
    """The value as the language writes it; None where it has no way to: its texts have no escapes."""
    if not let.quoted:
        return let.value if PLAIN.fullmatch(let.value) else None
    return None if re.search(r'["\r\n]', let.value) else f'"{let.value}"'


def _one_line(note: str) -> str:
    """The note without what would end a comment, or not show."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in note)


def settings_json(facts: Mapping[str, str | int | None], rows: Sequence[tuple[str, str, str]]) -> str:
    """The run's facts, and its settings as a list of name, value and origin."""
    settings = [{"name": name, "value": value, "origin": origin} for name, value, origin in rows]
    return json.dumps({"schema": 1, **facts, "settings": settings}, indent=1) + "\n"
