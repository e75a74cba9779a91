"""What `dslc check` finds: every error, or every warning and note, of a model file.

A file with errors yields only errors, since a stage that cannot end has no warnings to give; without, the
elaborated experiment carries its warnings, and the data notes of rows left out. Data that the file names is
read, so that unknown columns and wrong shapes are found; a cell that cannot be read raises DataError.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dslc.derive import derive
from dslc.diagnostics import Diagnostic, ModelError, in_order
from dslc.elaborate.definition import findings_of_definitions, only_definitions
from dslc.elaborate.errors import MissingItem
from dslc.front import Front
from dslc.source import Source
from dslc.syntax.parse import parse
from dslc.syntax.read import read_source
from dslc.uses import with_uses


def check(text: str | os.PathLike[str], folder: Path | str | None = None, name: str = "model.dsl") -> list[Diagnostic]:
    """The findings of a model file, in the order of the file: its text, or the path of one as a `Path`.

    `folder` is where the file's own paths start: by default the working directory, of a path its folder. Raises
    DataError where a data file's content does not fit or a model file is no text, OSError, and TypeError.
    """
    if isinstance(text, str):
        return find(Source(name, text), Path(folder or "."))
    if not isinstance(text, os.PathLike):
        raise TypeError(f"check() takes the text of a model file or a Path, not {type(text).__name__}")
    path = Path(text)
    return find(read_source(path), path.parent if folder is None else Path(folder))


def find(source: Source, folder: Path, settings: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """The findings of `source` with the overrides `settings`; a file of definitions needs no net and no data."""
    try:
        front = Front.of_text(source, folder, settings)
    except ModelError as error:
        if any(isinstance(fault, MissingItem) for fault in error.diagnostics):
            module = with_uses(parse(source), folder)
            if only_definitions(module):
                return findings_of_definitions(module, derive)
        return in_order(error.diagnostics)
    return in_order((*front.experiment.warnings, *front.dataset.notes))
