"""The files that a module uses: found below its folder, or in a saved model, read, and put into its tree.

    use "layers.dsl"    ->    Use(path, module), and in its module the same

A path starts where the file is that it stands in. Every file is read once, however many use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from dslc.data.errors import OutsideFolder
from dslc.data.paths import locate
from dslc.diagnostics import DataError, Diagnostic, ModelError, in_order
from dslc.elaborate.use_errors import NotDefinitions, UseCycle, UseFailed
from dslc.source import Source, Span
from dslc.syntax import ast
from dslc.syntax.parse import parse
from dslc.syntax.read import LIMIT, decoded

MOST = 16
"""Files that one model uses, and so how deep they may nest."""

ENTRY = "used{}.dsl"

ENTRIES_OF_USES = frozenset(ENTRY.format(number) for number in range(MOST))
"""What the texts may be called in a model's file; they are numbered in the order in which they are first used."""

Fetch: TypeAlias = Callable[[ast.Text, int], Source]
"""The file of a path that starts at the model file's folder, and how many were fetched before it."""


def with_uses(module: ast.Module, folder: Path) -> ast.Module:
    """The module with all that it uses, from files below `folder`. Raises ModelError."""

    def fetch(path: ast.Text, number: int) -> Source:
        try:
            with locate(path, folder, {}).path.open("rb") as file:
                content = file.read(LIMIT + 1)
        except ModelError as error:
            if isinstance(error.diagnostics[0], OutsideFolder):  # whose advice is about data
                raise DataError("it is not below the model file's folder") from None
            raise
        return decoded(str(Path(module.span.source.name).parent / path.value), content)

    return _Reader(fetch).resolved(module, PurePosixPath(), ())


def with_uses_in(module: ast.Module, entries: Mapping[str, memoryview]) -> ast.Module:
    """The module of a saved model with all that it uses, from the model's own file. Raises ModelError."""

    def fetch(path: ast.Text, number: int) -> Source:
        found = entries.get(ENTRY.format(number))
        if found is None:
            raise DataError(f"the model's file has no `{ENTRY.format(number)}`")
        return decoded(path.value, bytes(found))

    return _Reader(fetch).resolved(module, PurePosixPath(), ())


def entries_of_uses(module: ast.Module) -> dict[str, bytes]:
    """The texts of what the module uses as entries of a model's file."""
    texts = {id(used): used.span.source.text for used in _used(module)}
    return {ENTRY.format(number): text.encode() for number, text in enumerate(texts.values())}


def _used(module: ast.Module) -> Iterator[ast.Module]:
    """Each before those that it uses; one that is used twice comes twice."""
    for item in module.items:
        if isinstance(item, ast.Use) and item.module is not None:
            yield item.module
            yield from _used(item.module)


class _Reader:
    """Reads files by their path from the model file's folder on, each once."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._found: dict[PurePosixPath, ast.Module] = {}
        self._fetched = 0

    def resolved(self, module: ast.Module, folder: PurePosixPath, users: Sequence[PurePosixPath]) -> ast.Module:
        """The module with the modules that it uses; `users` are the files that led to it. Raises ModelError."""
        items: list[ast.Item] = []
        faults: list[Diagnostic] = []
        for item in module.items:
            try:
                items.append(
                    item.replaced(module=self._read(item, folder, users)) if isinstance(item, ast.Use) else item
                )
            except ModelError as error:
                faults += error.diagnostics
        if faults:
            raise ModelError(in_order(faults))
        return module.replaced(items=tuple(items))

    def _read(self, use: ast.Use, folder: PurePosixPath, users: Sequence[PurePosixPath]) -> ast.Module:
        written = use.path
        place = folder / written.value
        if place in users:
            between = [f"`{other}`" for other in users[users.index(place) + 1 :]]
            raise ModelError(
                [UseCycle(written.span, str(place), f", by way of {', '.join(between)}" if between else "")]
            )
        if place not in self._found:
            module = parse(self._source(written, place))
            if strays := [_stray(item, use.span) for item in module.items if not _belongs(item)]:
                raise ModelError(strays)
            self._found[place] = self.resolved(module, place.parent, (*users, place))
        return self._found[place]

    def _source(self, written: ast.Text, place: PurePosixPath) -> Source:
        number, self._fetched = self._fetched, self._fetched + 1
        try:
            if number >= MOST:
                raise DataError(f"a model uses at most {MOST} files")
            return self._fetch(written.replaced(value=str(place)), number)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
        except DataError as error:
            reason = str(error)
        raise ModelError([UseFailed(written.span, written.value, reason)])


def _belongs(item: ast.Item) -> bool:
    return isinstance(item, ast.Definition | ast.Use)


def _stray(item: ast.Item, use: Span) -> Diagnostic:
    word = {ast.Let: "let", ast.Data: "data", ast.Net: "net", ast.Objective: "loss", ast.Train: "train"}[type(item)]
    start = item.span.start
    return NotDefinitions(Span(item.span.source, start, start + len(word)), f"`{word}`", use)
