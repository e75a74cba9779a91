"""What `dslc check` finds: every error, or every warning and note, of a model file.

A file with errors yields only errors, since a stage that cannot end has no warnings to give; without, the
elaborated experiment carries its warnings, and the data notes of rows left out. Data that the file names is
read, so that unknown columns and wrong shapes are found; a cell that cannot be read raises DataError.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dslc.diagnostics import Diagnostic, ModelError, in_order
from dslc.driver import compile_front
from dslc.source import Source


def check(text: str, folder: Path | str = ".", name: str = "model.dsl") -> list[Diagnostic]:
    """The findings of a model file given as text, in the order of the file; `folder` is where its paths start.

    Raises DataError where a data file's content does not fit.
    """
    return find(Source(name, text), Path(folder))


def find(source: Source, folder: Path, settings: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """The findings of `source` with the overrides `settings`."""
    try:
        compilation = compile_front(source, folder, settings)
    except ModelError as error:
        return in_order(error.diagnostics)
    return in_order((*compilation.experiment.warnings, *compilation.dataset.notes))
