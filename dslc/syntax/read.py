"""A model file's text from its bytes."""

from __future__ import annotations

from pathlib import Path

from dslc.diagnostics import DataError
from dslc.source import Source

LIMIT = 4_000_000
"""Bytes; the parser's own cap is lower and has a span to show, this one keeps a device out of memory."""


def read_source(path: Path) -> Source:
    """The file at `path`, its name as the user wrote it. Raises DataError where it is no text, OSError."""
    with path.open("rb") as file:
        return decoded(str(path), file.read(LIMIT + 1))


def decoded(name: str, content: bytes) -> Source:
    """The text, which is UTF-8. Raises DataError."""
    if len(content) > LIMIT:
        raise DataError(f"`{name}`: too large for a model file")
    try:
        return Source(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"`{name}`: line {line} is not UTF-8 text") from None
