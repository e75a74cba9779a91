"""Saved models that a module loads: found below its folder, read, and checked against this dslc's library.

    load "base.dslm" until flatten    ->    {"base.dslm": Base(module, settings, schema, weights, ..)}

Of a saved model only its text, schema and weights are read; a base that loads another holds it in its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from dslc.data.errors import OutsideFolder
from dslc.data.load import data_block
from dslc.data.paths import locate
from dslc.data.record import schema_from
from dslc.data.record_check import entry
from dslc.diagnostics import DataError, ModelError
from dslc.elaborate.base_model import Base
from dslc.elaborate.errors import BaseFailed
from dslc.elaborate.survey import walk
from dslc.elaborate.used import used_definitions
from dslc.runtime.archive import Content, unpacked
from dslc.runtime.strict_json import read_json
from dslc.runtime.tensor_file import tensors_in
from dslc.source import Source
from dslc.syntax import ast
from dslc.syntax.parse import parse

STATE = "state/"
"""Before the name of an optimizer's state in a file of weights."""

WEIGHTS = "weights.safetensors"

ENTRIES = ("model.dsl", "definitions.dsl", "model.json", "preparation.json", "history.json", WEIGHTS)
"""What every model file holds, beside its bases."""

MOST = 16
"""Bases of one model, and how deep they may nest."""

OF_A_NET = (ast.DefinitionKind.LAYER, ast.DefinitionKind.ACTIVATION, ast.DefinitionKind.INITIALIZER)

Fetch: TypeAlias = Callable[[ast.Text], Content]


def bases_below(module: ast.Module, folder: Path) -> dict[str, Base]:
    """What the module loads, from files below `folder`. Raises ModelError."""

    def fetch(path: ast.Text) -> bytes:
        try:
            return locate(path, folder, {}).path.read_bytes()
        except ModelError as error:
            if isinstance(error.diagnostics[0], OutsideFolder):  # whose advice is about data
                raise DataError("it is not below the model file's folder") from None
            raise

    return _bases(module, fetch, MOST)


def bases_in(module: ast.Module, entries: Mapping[str, memoryview], depth: int = MOST) -> dict[str, Base]:
    """What the module of a saved model loads, from the model's own file. Raises ModelError."""
    numbers = {path.value: number for number, path in enumerate(_paths(module))}

    def fetch(path: ast.Text) -> Content:
        found = entries.get(entry_of(numbers[path.value]))
        if found is None:
            raise DataError(f"it has no `{entry_of(numbers[path.value])}`")
        return found

    return _bases(module, fetch, depth)


def entry_of(number: int) -> str:
    """The name of a model's base in the model's file: they are numbered in the order of its text."""
    return f"base{number}.dslm"


def _paths(module: ast.Module) -> Iterator[ast.Text]:
    """Each path once."""
    found = {node.path.value: node.path for node in walk(module) if isinstance(node, ast.Load)}
    yield from found.values()


def _bases(module: ast.Module, fetch: Fetch, depth: int) -> dict[str, Base]:
    found: dict[str, Base] = {}
    for path in _paths(module):
        try:
            if not depth or len(found) == MOST:
                raise DataError(f"a model loads at most {MOST} others, one within another or side by side")
            found[path.value] = _base(fetch(path), depth - 1)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ModelError([BaseFailed(path.span, path.value, reason)]) from None
        except DataError as error:
            raise ModelError([BaseFailed(path.span, path.value, str(error))]) from None
        except ModelError as error:
            inner = error.diagnostics[0]
            if inner.span.source is module.span.source:
                raise
            raise ModelError([BaseFailed(path.span, path.value, inner.text)]) from None
    return found


def _base(content: Content, depth: int) -> Base:
    """Raises DataError or ModelError."""
    try:
        entries = unpacked(content)
    except DataError as error:
        raise DataError(f"it {error}") from None
    if missing := [name for name in ENTRIES if name not in entries]:
        raise DataError(f"it has no `{missing[0]}`")
    facts = read_json(entries["model.json"], "model.json")
    settings = facts.get("settings") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or not isinstance(settings, dict):
        raise DataError("`model.json` is not what a model file holds")
    given = {name: value for name, value in settings.items() if isinstance(value, str)}
    if len(given) < len(settings):
        raise DataError("`model.json`: the settings are not what a model file holds")
    module = parse(Source("model.dsl", _text(entries, "model.dsl")))
    _check_definitions(module, _text(entries, "definitions.dsl"))
    with entry("model.json"):
        schema = schema_from(facts.get("schema"), data_block(module))
    tensors = tensors_in(entries[WEIGHTS], WEIGHTS)
    weights = {name: value for name, value in tensors.items() if not name.startswith(STATE)}
    bases = bases_in(module, entries, depth)
    known = (*ENTRIES, *map(entry_of, range(len(bases))))
    if spare := [name for name in entries if name not in known]:
        raise DataError(f"`{spare[0][:80]!a}` is no entry of it")
    return Base(module, given, schema, weights, bases, content)


def _text(entries: Mapping[str, memoryview], name: str) -> str:
    try:
        return str(entries[name], "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"`{name}`: {error}") from None


def _check_definitions(module: ast.Module, stored: str) -> None:
    """Raises DataError where what the net uses of the library is not defined as it was when the model was saved."""
    for item in module.items:
        if isinstance(item, ast.Net | ast.Definition):
            for used in used_definitions(item):
                if used.kind in OF_A_NET and used.text not in stored:
                    raise DataError(f"this dslc defines `{used.name}` differently")
