"""A data block in words to what loading or preparing makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dslc.data.load import BUDGET, Raw, load
from dslc.data.prepare import Dataset, prepare
from dslc.data.schema import Task
from dslc.source import Source
from dslc.syntax.parse import parse

NOWHERE = Path("nowhere")


def raw(block: str, folder: Path = NOWHERE, overrides: Mapping[str, Path] | None = None, budget: int = BUDGET) -> Raw:
    return load(parse(Source("m.dsl", f"data {{ {block} }}\n")), folder, overrides or {}, budget)


def dataset(block: str, folder: Path, task: Task = Task.CLASSES) -> Dataset:
    return prepare(raw(block, folder), task)
