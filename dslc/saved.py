"""A model as a file (`.dslm`) and back: text, settings, schema, preparation, weights, optimizer state, history.

    manifest.json        sizes and SHA-256 of the others (dslc/runtime/archive.py)
    model.dsl            the model file's text as it was compiled
    definitions.dsl      what it uses of the standard library, to be the same when it is loaded
    model.json           name, settings, schema, element type, counters, what the data block's split gave
    preparation.json     fitted scales and classes, or null
    history.json         the rows of the history, over all fits
    weights.safetensors  the weights by name; the optimizer's state as `state/NAME`
    base0.dslm, ...      the models that it loads, as they were
    used0.dsl, ...       the files whose definitions it uses

Nothing in it runs when it is read: JSON, safetensors and model text only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslc.base_models import ENTRIES, ENTRIES_OF_BASES, STATE, WEIGHTS, entries_of
from dslc.data.record import Json, preparation_record, schema_record
from dslc.diagnostics import DataError, ModelError
from dslc.driver import Compilation
from dslc.graph.graph import Array
from dslc.program.arena import NUMPY
from dslc.program.program import Element
from dslc.runtime.archive import read_archive, write_archive
from dslc.runtime.strict_json import read_json
from dslc.runtime.tensor_file import places_in, tensors_in
from dslc.source import Source
from dslc.uses import ENTRIES_OF_USES, entries_of_uses

COUNTED = 2**53
"""More epochs or updates than any training makes."""

EPOCHS_KEPT = 20_000_000
"""The most rows of a history."""


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What a model file holds, understood and checked against one another."""

    compilation: Compilation
    real: Element
    weights: Mapping[str, Array]
    states: Mapping[str, Array]
    epoch: int
    iteration: int
    history: tuple[Mapping[str, float], ...]

    def write(self, path: Path) -> None:
        """Writes the model file; `path` holds the old one or the new one at every instant. Raises OSError."""
        from safetensors.numpy import save

        fitted = self.compilation.dataset.preparation
        tensors = {name: np.asarray(value, order="C") for name, value in self.weights.items()}
        tensors |= {STATE + name: np.asarray(value, order="C") for name, value in self.states.items()}
        facts: dict[str, Json] = {
            "name": self.compilation.experiment.name,
            "settings": dict(self.compilation.settings),
            "dtype": self.real.value,
            "epoch": self.epoch,
            "iteration": self.iteration,
            "schema": schema_record(self.compilation.dataset.schema),
        }
        weights = save(tensors)
        write_archive(
            path,
            {
                "model.dsl": self.compilation.module.span.source.text.encode(),
                "definitions.dsl": self.compilation.definitions.encode(),
                "model.json": _json(facts),
                "preparation.json": _json(preparation_record(fitted) if fitted else None),
                "history.json": _json([dict(row) for row in self.history]),
                WEIGHTS: weights,
                **entries_of(self.compilation.bases),
                **entries_of_uses(self.compilation.module),
            },
            {WEIGHTS: {name: (place.start, place.bytes) for name, place in places_in(weights, WEIGHTS).items()}},
        )


def read_saved(path: Path) -> Saved:
    """The model at `path`. Raises DataError naming the file and what of it does not fit; OSError."""
    entries = read_archive(path)
    if missing := [name for name in ENTRIES if name not in entries]:
        raise DataError(f"`{path}` has no `{missing[0]}`")
    known = (*ENTRIES, *ENTRIES_OF_BASES, *ENTRIES_OF_USES)
    if unknown := [name for name in entries if name not in known]:
        raise DataError(f"`{path}`: `{unknown[0][:80]!a}` is no entry of a model file")
    try:
        return _understood(entries)
    except DataError as error:
        raise DataError(f"`{path}`: {error}") from None
    except ModelError as error:
        raise DataError(f"`{path}` does not compile with this dslc:\n{error}") from None


def _understood(entries: Mapping[str, memoryview]) -> Saved:
    facts = read_json(entries["model.json"], "model.json")
    if not isinstance(facts, dict):
        raise _wrong("model.json")
    name, dtype = _named(facts.get("name")), facts.get("dtype")
    if dtype not in (Element.F32.value, Element.F64.value):
        raise _wrong("dtype")
    real = Element(dtype)
    epoch, iteration = _count(facts.get("epoch"), "epoch"), _count(facts.get("iteration"), "iteration")
    source = Source(f"{name}.dsl", _text(entries["model.dsl"]))
    preparation = read_json(entries["preparation.json"], "preparation.json")
    compilation = Compilation.of_record(
        source, _settings(facts.get("settings")), facts.get("schema"), preparation, entries
    )
    known = (*ENTRIES, *entries_of(compilation.bases), *entries_of_uses(compilation.module))
    if spare := [name for name in entries if name not in known]:
        raise DataError(f"`{spare[0]}` is what no `load`, `from` or `use` of `model.dsl` takes over")
    if entries["definitions.dsl"] != compilation.definitions.encode():
        raise DataError("this dslc defines differently what the model uses of the library (`definitions.dsl`)")
    tensors = tensors_in(entries[WEIGHTS], WEIGHTS)
    weights = {key: value for key, value in tensors.items() if not key.startswith(STATE)}
    states = {key.removeprefix(STATE): value for key, value in tensors.items() if key.startswith(STATE)}
    _check(weights, {tensor.name: tensor.shape for tensor in compilation.experiment.parameters}, real, "weight")
    _check(states, {tensor.name: tensor.shape for tensor in compilation.experiment.states}, real, "state")
    return Saved(compilation, real, weights, states, epoch, iteration, _history(entries))


def _check(found: Mapping[str, Array], expected: Mapping[str, tuple[int, ...]], real: Element, kind: str) -> None:
    """Every tensor is there, in its shape and the model's element type, finite or not as training left it."""
    for name in sorted(found.keys() ^ expected.keys()):
        raise DataError(f"`{WEIGHTS}`: the {kind} `{name[:80]}` is {'missing' if name in expected else 'one too many'}")
    for name, value in found.items():
        if value.shape != expected[name] or value.dtype != np.dtype(NUMPY[real]):
            wanted = f"{list(expected[name])} {np.dtype(NUMPY[real])}"
            raise DataError(f"`{WEIGHTS}`: the {kind} `{name}` is {list(value.shape)} {value.dtype}, not {wanted}")


def _named(name: Json) -> str:
    """The name of the model: of a file, so without folders."""
    if not isinstance(name, str) or not 0 < len(name) <= 255 or set(name) & set("/\0"):
        raise _wrong("name")
    return name


def _count(value: Json, what: str) -> int:
    if type(value) is not int or not 0 <= value <= COUNTED:
        raise _wrong(what)
    return value


def _settings(record: Json) -> dict[str, str]:
    if not isinstance(record, dict):
        raise _wrong("settings")
    settings = {name: value for name, value in record.items() if isinstance(value, str)}
    if len(settings) < len(record):
        raise _wrong("settings")
    return settings


def _text(content: memoryview) -> str:
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"`model.dsl`: {error}") from None


def _history(entries: Mapping[str, memoryview]) -> tuple[Mapping[str, float], ...]:
    rows = read_json(entries["history.json"], "history.json", nests=EPOCHS_KEPT, finite=False)
    if not isinstance(rows, list):
        raise _wrong("history.json")
    return tuple(_epoch(row, number) for number, row in enumerate(rows))


def _epoch(row: Json, number: int) -> Mapping[str, float]:
    if not isinstance(row, dict):
        raise DataError(f"`history.json`: row {number} is no row of a history")
    numbers: dict[str, float] = {}
    for name, value in row.items():
        if not (isinstance(value, float) or (type(value) is int and abs(value) < COUNTED)):
            raise DataError(f"`history.json`: row {number}: {name[:80]!a} is no number")
        numbers[name] = float(value)
    return numbers


def _wrong(what: str) -> DataError:
    return DataError(f"`model.json`: the {what} is not what a model file holds")


def _json(value: Json) -> bytes:
    return json.dumps(value, indent=1).encode()
