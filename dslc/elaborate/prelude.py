"""The standard library's index: where each definition of dslc/prelude/*.dsl stands.

A cheap scan finds the definitions; one is parsed when it is first asked for. A name may serve several kinds
(`constant` is a schedule and an initializer), so that an entry is found by kind and name.

>>> [entry.kind.value for entry in named("constant")]
['initializer', 'schedule']
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from dslc.frozen import Frozen
from dslc.source import Source
from dslc.syntax.ast import Definition, DefinitionKind, Train
from dslc.syntax.parse import parse

_HEAD = re.compile(rf"^({'|'.join(kind.value for kind in DefinitionKind)}) (\w+)\(", re.MULTILINE)


class Entry(Frozen):
    """One definition: its text with the comment above it, and where its first line stands in its file."""

    kind: DefinitionKind
    name: str
    file: str
    line: int
    comment: str
    text: str

    def parsed(self) -> Definition:
        """The definition's tree; its spans count lines as the file does."""
        return _parsed(self)


@cache
def index() -> dict[tuple[DefinitionKind, str], Entry]:
    """Every definition of the standard library, files in the order of their names."""
    folder = files("dslc.prelude")
    entries: dict[tuple[DefinitionKind, str], Entry] = {}
    for file in sorted(item.name for item in folder.iterdir() if item.name.endswith(".dsl")):
        text = (folder / file).read_text("utf-8")
        heads = list(_HEAD.finditer(text))
        for head, end in zip(heads, [*(following.start() for following in heads[1:]), len(text)], strict=False):
            entry = _entry(file, text, head, end)
            entries[entry.kind, entry.name] = entry
    return entries


@cache
def defaults() -> Train:
    """What a train block leaves out, as a train block: prelude/train.dsl."""
    (block,) = parse(Source("prelude/train.dsl", (files("dslc.prelude") / "train.dsl").read_text("utf-8"))).items
    assert isinstance(block, Train)
    return block


def named(name: str) -> tuple[Entry, ...]:
    """The entries of every kind that have the name."""
    return tuple(entry for (_, known), entry in index().items() if known == name)


def _entry(file: str, text: str, head: re.Match[str], end: int) -> Entry:
    lines = text[head.start() : end].split("\n")
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines.pop()
    above = text[: head.start()].rsplit("\n\n", maxsplit=1)[-1].split("\n")
    comment = "\n".join(line for line in above if line.startswith("#"))
    line = text.count("\n", 0, head.start()) + 1
    return Entry(DefinitionKind(head[1]), head[2], file, line, comment, "\n".join(lines) + "\n")


@cache
def _parsed(entry: Entry) -> Definition:
    source = Source(f"prelude/{entry.file}", "\n" * (entry.line - 1) + entry.text)
    (item,) = parse(source).items
    if not isinstance(item, Definition):
        raise TypeError(f"{source.name}:{entry.line} is not a definition")
    return item
