"""Opening what a verb calls MODEL: a `.dslm` file, or a run folder that holds `model.dslm`."""

from __future__ import annotations

from pathlib import Path

import click

import dslc
from dslc.model import Model


def opened(path: Path, backend: str, threads: int | None) -> Model:
    """The model. Raises click.ClickException where there is none to read, DataError where it is damaged."""
    file = path / "model.dslm" if path.is_dir() else path
    try:
        return dslc.load(file, backend=backend, threads=threads)
    except OSError as error:
        raise click.ClickException(f"`{file}`: {(error.strerror or str(error)).lower()}") from None
