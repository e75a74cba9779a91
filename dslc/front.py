"""The front end: text, and the data that it names, to an experiment. Nothing is lowered here,
and nothing differentiated but where the text itself says `derivative`.

    text -> syntax tree -> data read and prepared -> experiment (graphs of what is meant)

`dslc check` and `dslc data` need no more; the driver goes on from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from dslc.base_models import bases_below, bases_in
from dslc.data.load import Raw, await_rows, data_block, load
from dslc.data.prepare import Dataset, Tasks, prepare
from dslc.data.record import Json, preparation_from, schema_from
from dslc.data.record_check import check_preparation, check_schema, entry
from dslc.derive import derive
from dslc.diagnostics import ModelError, in_order
from dslc.elaborate.base_model import TakenOver
from dslc.elaborate.elaborate import elaborate, faults_beside_data, tasks_of
from dslc.elaborate.experiment import Experiment
from dslc.elaborate.used import used_definitions
from dslc.source import Source
from dslc.syntax.ast import Module
from dslc.syntax.parse import parse
from dslc.uses import with_uses, with_uses_in


@dataclass(frozen=True)
class Front:
    """A model file parsed, its data read and its experiment elaborated."""

    module: Module
    raw: Raw
    tasks: Tasks
    dataset: Dataset
    experiment: Experiment
    settings: Mapping[str, str]
    bases: Mapping[str, TakenOver]

    @classmethod
    def of_text(
        cls,
        source: Source,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        data: Mapping[str, Path] | None = None,
    ) -> Self:
        """From a model file, whose paths start at `folder`. Raises ModelError or DataError.

        `settings` override `let`s by name; `data` replaces paths by their text in the file ("" for the only one).
        """
        module = with_uses(parse(source), folder)
        bases = bases_below(module, folder)
        raw, tasks, dataset = read_data(module, folder, settings, data, bases)
        experiment = elaborate(module, dataset.schema, settings or {}, Path(source.name).stem, bases, derive)
        return cls(module, raw, tasks, dataset, experiment, settings or {}, bases)

    @classmethod
    def of_record(
        cls,
        source: Source,
        settings: Mapping[str, str],
        schema: Json,
        preparation: Json,
        entries: Mapping[str, memoryview],
    ) -> Self:
        """From a saved model: its text and what is known of its data, of which none is read; `entries` hold its bases,
        and the texts of the files that it uses.

        Raises ModelError or DataError.
        """
        module = with_uses_in(parse(source), entries)
        with entry("model.json"):
            known = schema_from(schema, data_block(module))
        raw = await_rows(module, known)
        tasks = tasks_of(module, settings, [target.name for target in known.targets])
        with entry("model.json"):
            check_schema(raw.recipe, known)
        with entry("preparation.json"):
            fitted = preparation_from(preparation, known) if preparation is not None else None
            check_preparation(raw.recipe, known, fitted)
        bases = bases_in(module, entries)
        experiment = elaborate(module, known, settings, Path(source.name).stem, bases, derive)
        return cls(module, raw, tasks, prepare(raw, tasks, fitted=fitted), experiment, settings, bases)

    @cached_property
    def definitions(self) -> str:
        """The text of what the module stands on in the standard library."""
        return "\n".join(entry.text for entry in used_definitions(self.module))


def read_data(
    module: Module,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    data: Mapping[str, Path] | None = None,
    bases: Mapping[str, TakenOver] | None = None,
) -> tuple[Raw, Tasks, Dataset]:
    """The data that a module names: as they are, what the loss takes each target for, and prepared.

    Raises DataError, and ModelError with the module's faults beside those of the data block.
    """
    try:
        raw = load(module, folder, data or {})
        tasks = tasks_of(module, settings, [target.name for target in raw.targets])
        return raw, tasks, prepare(raw, tasks)
    except ModelError as fault:
        raise ModelError(
            in_order([*fault.diagnostics, *faults_beside_data(module, settings or {}, bases or {}, derive)])
        ) from None
