"""Reading a model file from disk, or saying in one line why it cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dslc.source import Source

LIMIT = 4_000_000
"""Bytes; the parser's own cap is lower and has a span to show, this one keeps a device out of memory."""


def read_source(path: Path) -> Source:
    """The file at `path`, its name as the user wrote it. Raises click.ClickException where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
    except OSError as error:
        raise click.ClickException(f"`{path}`: {(error.strerror or str(error)).lower()}") from None
    return _decoded(str(path), content)


def read_stdin() -> Source:
    """What stands on stdin. Raises click.ClickException where it is no text."""
    return _decoded("<stdin>", sys.stdin.buffer.read(LIMIT + 1))


def _decoded(name: str, content: bytes) -> Source:
    if len(content) > LIMIT:
        raise click.ClickException(f"`{name}`: too large for a model file")
    try:
        return Source(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise click.ClickException(f"`{name}`: line {line} is not UTF-8 text") from None
