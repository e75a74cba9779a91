"""What `dslc data` shows: the overview of a model file's rows with advice, and the first rows as the net sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from dslc.cli.data_batch import Batch, Field
from dslc.cli.model_file import read_source
from dslc.data.advice import Advice, advice
from dslc.data.classes import text_of
from dslc.data.column import Column, Kind
from dslc.data.load import Raw, load
from dslc.data.overview import Overview, overview
from dslc.data.prepare import Dataset, prepare
from dslc.data.schema import TargetField, Task
from dslc.diagnostics import DataError
from dslc.front import read_data
from dslc.syntax import ast
from dslc.syntax.parse import parse


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A model file's data; `name` is the model's."""

    name: str
    raw: Raw
    dataset: Dataset
    overview: Overview
    notes: tuple[Advice, ...]

    def to_record(self) -> dict[str, object]:
        """Everything of the overview, under the names of its fields."""
        return {
            "schema": 1,
            "model": self.name,
            **asdict(self.overview),
            "notes": [asdict(note) for note in self.notes],
        }


def view_of(path: Path, settings: Mapping[str, str], data: Mapping[str, Path]) -> View:
    """Reads and prepares the rows. Raises click.ClickException, ModelError, and DataError where Python brings them."""
    module = parse(read_source(path))
    raw, dataset = _read(module, path.parent, settings, data)
    if raw.table.rows == 0:
        raise DataError(f"{raw.recipe.span.place}: the rows come from Python with `fit`; there are none to show before")
    shown = overview(raw, dataset)
    return View(path.stem, raw, dataset, shown, advice(shown))


def _read(
    module: ast.Module, folder: Path, settings: Mapping[str, str], data: Mapping[str, Path]
) -> tuple[Raw, Dataset]:
    """The rows; of a file without a loss, targets of labels make classes, those of numbers values."""
    if any(isinstance(item, ast.Objective) for item in module.items):
        raw, _, dataset = read_data(module, folder, settings, data)
        return raw, dataset
    raw = load(module, folder, data)
    return raw, prepare(raw, {target.name: _task(raw, target) for target in raw.targets})


def _task(raw: Raw, target: TargetField) -> Task:
    if target.reconstructs:
        return Task.VALUES
    values = raw.table.targets[target.name]
    labels = isinstance(values, Column) and values.kind in (Kind.CATEGORY, Kind.BOOLEAN, Kind.DATE)
    said = target.name in raw.recipe.positives or (raw.recipe.class_weight is not None and len(raw.targets) == 1)
    return Task.CLASSES if labels or target.classes is not None or said else Task.VALUES


def batch_of(view: View, count: int) -> Batch:
    """The first `count` training rows, or all."""
    dataset, preparation = view.dataset, view.dataset.preparation
    chosen = dataset.train[:count]
    table = preparation.table if preparation else None
    fields = [
        Field(name, values[chosen], table.names if table and len(dataset.inputs) == 1 else None)
        for name, values in dataset.inputs.items()
    ]
    targets = preparation.targets if preparation else {}
    classes = {name: target.classes for name, target in targets.items() if target.classes is not None}
    labels = {name: tuple(text_of(label) for label in of) for name, of in classes.items()}
    return Batch(
        view.name,
        tuple(dataset.origin.mark(int(row)) for row in chosen) if dataset.origin else (),
        tuple(fields),
        tuple(Field(n, values[chosen], labels=labels.get(n)) for n, values in dataset.beside.items()),
        dataset.weight[chosen] if dataset.weight is not None else None,
        len(dataset.train),
    )
