"""What a module's net takes over from other files: found below its folder, read, and checked.

    load "base.dslm" until flatten              ->    {"base.dslm": Base(module, settings, schema, weights, ..)}
    embed(100, from = "vectors.safetensors")    ->    {"vectors.safetensors": Vectors(value, ..)}

Of a saved model only its text, schema and weights are read; a base that loads another holds it in its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dslc.data.errors import OutsideFolder
from dslc.data.load import data_block
from dslc.data.paths import locate
from dslc.data.record import schema_from
from dslc.data.record_check import entry
from dslc.diagnostics import DataError, ModelError
from dslc.elaborate.base_errors import BaseFailed
from dslc.elaborate.base_model import Base, TakenOver, Vectors
from dslc.elaborate.survey import walk
from dslc.elaborate.used import used_definitions
from dslc.runtime.archive import Content, unpacked
from dslc.runtime.strict_json import read_json
from dslc.runtime.tensor_file import tensors_in
from dslc.source import Source
from dslc.syntax import ast
from dslc.syntax.parse import parse
from dslc.uses import entries_of_uses, with_uses_in

STATE = "state/"
"""Before the name of an optimizer's state in a file of weights."""

WEIGHTS = "weights.safetensors"

ENTRIES = ("model.dsl", "definitions.dsl", "model.json", "preparation.json", "history.json", WEIGHTS)
"""What every model file holds, beside its bases."""

MOST = 16
"""Bases of one model, and how deep they may nest."""

OF_A_NET = (ast.DefinitionKind.LAYER, ast.DefinitionKind.ACTIVATION, ast.DefinitionKind.INITIALIZER)

Fetch: TypeAlias = Callable[[ast.Text], Content]


def bases_below(module: ast.Module, folder: Path) -> dict[str, TakenOver]:
    """What the module takes over, from files below `folder`. Raises ModelError."""

    def fetch(path: ast.Text) -> bytes:
        try:
            return locate(path, folder, {}).path.read_bytes()
        except ModelError as error:
            if isinstance(error.diagnostics[0], OutsideFolder):  # whose advice is about data
                raise DataError("it is not below the model file's folder") from None
            raise

    return _bases(module, fetch, MOST)


def bases_in(module: ast.Module, entries: Mapping[str, memoryview], depth: int = MOST) -> dict[str, TakenOver]:
    """What the module of a saved model takes over, from the model's own file. Raises ModelError."""
    named = {path.value: _entry(number, kind) for number, (path, kind) in enumerate(_paths(module))}

    def fetch(path: ast.Text) -> Content:
        found = entries.get(named[path.value])
        if found is None:
            raise DataError(f"it has no `{named[path.value]}`")
        return found

    return _bases(module, fetch, depth)


KINDS: Mapping[type[TakenOver], str] = {Base: "base{}.dslm", Vectors: "vectors{}.safetensors"}
"""What each is called in a model's file; they are numbered in the order of its text."""

ENTRIES_OF_BASES = frozenset(name.format(number) for name in KINDS.values() for number in range(MOST))


def entries_of(bases: Mapping[str, TakenOver]) -> dict[str, Content]:
    """What a model takes over as entries of its own file."""
    return {_entry(number, type(base)): base.content for number, base in enumerate(bases.values())}


def _entry(number: int, kind: type[TakenOver]) -> str:
    return KINDS[kind].format(number)


def _paths(module: ast.Module) -> Iterator[tuple[ast.Text, type[TakenOver]]]:
    """Each path once, and what is there."""
    found: dict[str, tuple[ast.Text, type[TakenOver]]] = {}
    for node in walk(module):
        match node:
            case ast.Load(path=path):
                found.setdefault(path.value, (path, Base))
            case ast.Argument(name=ast.Name(text="from"), value=ast.Text() as path):
                found.setdefault(path.value, (path, Vectors))
            case _:
                pass
    yield from found.values()


def _bases(module: ast.Module, fetch: Fetch, depth: int) -> dict[str, TakenOver]:
    found: dict[str, TakenOver] = {}
    for path, kind in _paths(module):
        try:
            if not depth or len(found) == MOST:
                raise DataError(f"a model loads at most {MOST} others, one within another or side by side")
            found[path.value] = _base(fetch(path), depth - 1) if kind is Base else _vectors(fetch(path))
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


def _vectors(content: Content) -> Vectors:
    """Raises DataError."""
    tensors = list(tensors_in(content, "it").values())
    if len(tensors) != 1:
        raise DataError(f"it holds {len(tensors)} tensors; the vectors are the only one of a safetensors file")
    if not np.isfinite(tensors[0]).all():
        raise DataError("it holds numbers that are not finite")
    return Vectors(tensors[0], content)


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
    module = with_uses_in(parse(Source("model.dsl", _text(entries, "model.dsl"))), entries)
    _check_definitions(module, _text(entries, "definitions.dsl"))
    with entry("model.json"):
        schema = schema_from(facts.get("schema"), data_block(module))
    tensors = tensors_in(entries[WEIGHTS], WEIGHTS)
    weights = {name: value for name, value in tensors.items() if not name.startswith(STATE)}
    bases = bases_in(module, entries, depth)
    known = (*ENTRIES, *entries_of(bases), *entries_of_uses(module))
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
        if isinstance(item, ast.Net | ast.Definition | ast.Use):
            for used in used_definitions(item):
                if used.kind in OF_A_NET and used.text not in stored:
                    raise DataError(f"this dslc defines `{used.name}` differently")
