"""A text file whole, as tokens in a row; where each of them stands, for messages.

UTF-8, with or without a mark at its start; lines may end in a carriage return too, which is left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dslc.data.sequence_recipe import TextPlan, Unit
from dslc.data.table import TextOrigin
from dslc.data.tokens import Tokens, steps_of
from dslc.diagnostics import DataError


def read_text(path: Path, shown: str, plan: TextPlan, budget: int) -> tuple[Tokens, TextOrigin]:
    """The file's tokens, a row each. DataError for bytes that are no UTF-8, and for a file without a token."""
    text = text_in(path, shown, budget)
    tokens = steps_of(text, plan.unit)
    if not len(tokens):
        raise DataError(f"{shown}: the file holds no {'character' if plan.unit is Unit.CHARACTERS else 'word'}")
    newlines = [k for k, label in enumerate(tokens.labels) if label == "\n"]
    feeds = np.flatnonzero(tokens.ids == newlines[0]) if newlines else np.empty(0, np.int64)
    return tokens, TextOrigin(shown, plan.unit.value, feeds)


def text_in(path: Path, shown: str, budget: int) -> str:
    """The decoded text; DataError if it cannot be read, or its tokens would take more than `budget` bytes."""
    try:
        size = path.stat().st_size
        if 8 * size > budget:  # an id of eight bytes for each character
            raise DataError(f"{shown}: {size:,} bytes are more than the {budget // 8:,} that a text may have")
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror or error}") from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise DataError(f"{shown}:{line}:{column}: byte 0x{raw[error.start]:02x} is not UTF-8") from None
