"""Rows that come after a model was made, prepared, and what its caller should know of them told as a DataWarning.

That are rows left out and cells whose category no training row has. The warning is about the line that called dslc.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from dslc.data.feed import Given, read_inputs
from dslc.data.load import Raw
from dslc.data.prepare import Dataset, NetInputs, Preparation, Tasks, prepare
from dslc.data.recipe import Recipe
from dslc.data.schema import Schema
from dslc.data.split import Parts
from dslc.data.unseen import Unseen
from dslc.diagnostics import DataWarning, Diagnostic

PACKAGE = __name__.split(".", maxsplit=1)[0]


def prepare_told(raw: Raw, tasks: Tasks, parts: Parts | None, fitted: Preparation | None) -> Dataset:
    """`prepare`; its notes are told."""
    dataset = prepare(raw, tasks, parts, fitted)
    _tell(dataset.notes)
    return dataset


def inputs_told(fitted: Preparation, recipe: Recipe, schema: Schema, x: Given) -> dict[str, NetInputs]:
    """Rows to predict as the net reads them; categories that no training row has are told. Raises DataError."""
    unseen: list[Unseen] = []
    inputs = fitted.apply(read_inputs(recipe, schema, x), unseen)
    _tell(unseen)
    return inputs


def _tell(found: Sequence[Unseen | Diagnostic]) -> None:
    if found:
        warnings.warn("; ".join(note.text for note in found), DataWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """The `stacklevel` of a warning in the function that asks, for the line outside dslc that called it."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).split(".")[0] == PACKAGE:
        frame, level = frame.f_back, level + 1
    return level
