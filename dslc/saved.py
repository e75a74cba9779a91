"""A model as a file (`.dslm`) and back: text, settings, schema, preparation, weights, optimizer state, history.

    manifest.json        sizes and SHA-256 of the others (dslc/runtime/archive.py)
    model.dsl            the model file's text as it was compiled
    definitions.dsl      what it uses of the standard library, to be the same when it is loaded
    model.json           name, settings, schema, element type, counters, what the data block's split gave
    preparation.json     fitted scales and classes, or null
    history.json         the rows of the history, over all fits
    weights.safetensors  the weights by name; the optimizer's state as `state/NAME`

Nothing in it runs when it is read: JSON, safetensors and model text only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslc.data.prepare import Preparation
from dslc.data.record import Json, preparation_record, schema_record
from dslc.diagnostics import DataError, ModelError
from dslc.driver import Compilation, reopen
from dslc.graph.graph import Array
from dslc.program.program import Element
from dslc.runtime.archive import read_archive, write_archive
from dslc.source import Source

STATE = "state/"
ENTRIES = ("model.dsl", "definitions.dsl", "model.json", "preparation.json", "history.json", "weights.safetensors")


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

    def write(self, path: Path, preparation: Preparation | None) -> None:
        """Writes the model file; `path` holds the old one or the new one at every instant. Raises OSError."""
        from safetensors.numpy import save

        tensors = {name: np.ascontiguousarray(value) for name, value in self.weights.items()}
        tensors |= {STATE + name: np.ascontiguousarray(value) for name, value in self.states.items()}
        facts: dict[str, Json] = {
            "name": self.compilation.experiment.name,
            "settings": dict(self.compilation.settings),
            "dtype": self.real.value,
            "epoch": self.epoch,
            "iteration": self.iteration,
            "schema": schema_record(self.compilation.dataset.schema),
        }
        write_archive(
            path,
            {
                "model.dsl": self.compilation.module.span.source.text.encode(),
                "definitions.dsl": self.compilation.definitions.encode(),
                "model.json": _json(facts),
                "preparation.json": _json(preparation_record(preparation) if preparation else None),
                "history.json": _json([dict(row) for row in self.history]),
                "weights.safetensors": save(tensors),
            },
        )


def read_saved(path: Path) -> Saved:
    """The model at `path`. Raises DataError naming the file and what of it does not fit; OSError."""
    entries = read_archive(path)
    if missing := [name for name in ENTRIES if name not in entries]:
        raise DataError(f"`{path}` has no `{missing[0]}`")
    try:
        return _understood(entries)
    except DataError as error:
        raise DataError(f"`{path}`: {error}") from None
    except ModelError as error:
        raise DataError(f"`{path}` does not compile with this dslc:\n{error}") from None


def _understood(entries: Mapping[str, bytes]) -> Saved:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    facts = _parsed(entries, "model.json")
    if not isinstance(facts, dict):
        raise DataError("`model.json` is not what a model file holds")
    name, settings, dtype = facts.get("name"), facts.get("settings"), facts.get("dtype")
    epoch, iteration = facts.get("epoch"), facts.get("iteration")
    if not (isinstance(name, str) and isinstance(settings, dict) and dtype in (Element.F32.value, Element.F64.value)):
        raise DataError("`model.json` is not what a model file holds")
    if not (isinstance(epoch, int) and isinstance(iteration, int) and min(epoch, iteration) >= 0):
        raise DataError("`model.json` is not what a model file holds")
    source = Source(f"{name}.dsl", entries["model.dsl"].decode("utf-8", "replace"))
    written = {str(key): str(value) for key, value in settings.items()}
    compilation = reopen(source, written, facts.get("schema"), _parsed(entries, "preparation.json"))
    if compilation.definitions.encode() != entries["definitions.dsl"]:
        raise DataError("this dslc defines differently what the model uses of the library (`definitions.dsl`)")
    try:
        tensors = load(entries["weights.safetensors"])
    except (SafetensorError, ValueError, KeyError) as error:
        raise DataError(f"`weights.safetensors`: {error}") from None
    weights = {key: value for key, value in tensors.items() if not key.startswith(STATE)}
    states = {key.removeprefix(STATE): value for key, value in tensors.items() if key.startswith(STATE)}
    _check(weights, {tensor.name: tensor.shape for tensor in compilation.experiment.parameters}, "weight")
    _check(states, {tensor.name: tensor.shape for tensor in compilation.experiment.states}, "state")
    return Saved(compilation, Element(dtype), weights, states, epoch, iteration, _history(entries))


def _check(found: Mapping[str, Array], expected: Mapping[str, tuple[int, ...]], kind: str) -> None:
    """Every tensor is there, in its shape, and finite or not as training left it."""
    for name in sorted(found.keys() ^ expected.keys()):
        raise DataError(f"the {kind} `{name}` is {'missing' if name in expected else 'one too many'}")
    for name, value in found.items():
        if value.shape != expected[name] or value.dtype.kind != "f":
            raise DataError(f"the {kind} `{name}` is {list(value.shape)} {value.dtype}, not {list(expected[name])}")


def _history(entries: Mapping[str, bytes]) -> tuple[Mapping[str, float], ...]:
    rows = _parsed(entries, "history.json")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError("`history.json` is not what a model file holds")
    return tuple({str(k): float(v) for k, v in row.items()} for row in rows if isinstance(row, dict))


def _json(value: Json) -> bytes:
    return json.dumps(value, indent=1).encode()


def _parsed(entries: Mapping[str, bytes], name: str) -> Json:
    try:
        value: Json = json.loads(entries[name])
    except (ValueError, RecursionError) as error:
        raise DataError(f"`{name}`: {error}") from None
    return value
