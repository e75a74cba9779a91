"""Reading a model file from disk, or saying in one line why it cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dslc.diagnostics import DataError
from dslc.source import Source
from dslc.syntax import read


def read_source(path: Path) -> Source:
    """The file at `path`, its name as the user wrote it. Raises click.ClickException where it cannot be read."""
    try:
        return read.read_source(path)
    except OSError as error:
        raise click.ClickException(f"`{path}`: {(error.strerror or str(error)).lower()}") from None
    except DataError as error:
        raise click.ClickException(str(error)) from None


def read_stdin() -> Source:
    """What stands on stdin. Raises click.ClickException where it is no text."""
    try:
        return read.decoded("<stdin>", sys.stdin.buffer.read(read.LIMIT + 1))
    except DataError as error:
        raise click.ClickException(str(error)) from None
