"""A data block in words to what loading or preparing makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslc.data.load import BUDGET, Raw, load
from dslc.data.prepare import Dataset, Preparation, prepare
from dslc.data.schema import Task
from dslc.data.split import Parts
from dslc.data.target_preparation import TargetPreparation
from dslc.source import Source
from dslc.syntax.parse import parse

NOWHERE = Path("nowhere")


def raw(block: str, folder: Path = NOWHERE, overrides: Mapping[str, Path] | None = None, budget: int = BUDGET) -> Raw:
    return load(parse(Source("m.dsl", f"data {{ {block} }}\n")), folder, overrides or {}, budget)


def dataset(block: str, folder: Path, task: Task = Task.CLASSES) -> Dataset:
    return prepared(raw(block, folder), task)


def prepared(raw: Raw, task: Task, parts: Parts | None = None, fitted: Preparation | None = None) -> Dataset:
    """Every target is taken for the same."""
    return prepare(raw, {target.name: task for target in raw.targets}, parts, fitted)


def only(data: Dataset) -> NDArray[np.generic]:
    """The only target's rows."""
    (target,) = data.schema.targets
    return data.beside[target.name]


def matrix(data: Dataset) -> NDArray[np.float64]:
    """A table's prepared rows."""
    return np.asarray(data.inputs["inputs"])


def fitted(data: Dataset) -> TargetPreparation:
    """What was fitted for the only target."""
    assert data.preparation is not None
    (target,) = data.preparation.targets.values()
    return target
