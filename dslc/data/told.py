"""Rows that come after a model was made, prepared, and what its caller should know of them told as a DataWarning.

That are rows left out and cells whose category no training row has. `depth` is how many frames above the function
called here the line stands that the warning is about.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from dslc.data.feed import Given, read_inputs
from dslc.data.load import Raw
from dslc.data.prepare import Dataset, Preparation, prepare
from dslc.data.recipe import Recipe
from dslc.data.scale import Reals
from dslc.data.schema import InputField, Task
from dslc.data.split import Parts
from dslc.data.unseen import Unseen
from dslc.diagnostics import DataWarning, Diagnostic


def prepare_told(raw: Raw, task: Task, parts: Parts | None, fitted: Preparation | None, depth: int = 3) -> Dataset:
    """`prepare`; its notes are told."""
    dataset = prepare(raw, task, parts, fitted)
    _tell(dataset.notes, depth)
    return dataset


def inputs_told(
    fitted: Preparation, recipe: Recipe, fields: Sequence[InputField], x: Given, depth: int = 3
) -> dict[str, Reals]:
    """Rows to predict as the net reads them; categories that no training row has are told. Raises DataError."""
    unseen: list[Unseen] = []
    inputs = fitted.apply(read_inputs(recipe, fields, x), unseen)
    _tell(unseen, depth)
    return inputs


def _tell(found: Sequence[Unseen | Diagnostic], depth: int) -> None:
    if found:
        warnings.warn("; ".join(note.text for note in found), DataWarning, stacklevel=depth + 2)
