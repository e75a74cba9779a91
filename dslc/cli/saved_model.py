"""Opening what a verb calls MODEL: a `.dslm` file, or a run folder that holds `model.dslm`."""

from __future__ import annotations

from pathlib import Path

import click

import dslc
from dslc.model import Model


def opened(path: Path, backend: str, threads: int | None) -> Model:
    """The model. Raises click.ClickException where there is none to read, DataError where it is damaged."""
    try:
        return dslc.load(path, backend=backend, threads=threads)
    except OSError as error:
        raise click.ClickException(f"`{error.filename or path}`: {(error.strerror or str(error)).lower()}") from None
