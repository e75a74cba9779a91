"""The standard library's index finds every definition, and every definition can be shown."""

from __future__ import annotations

from importlib.resources import files

import pytest

from dslc.elaborate.definition import elaborate_definition, stand_in
from dslc.elaborate.prelude import Entry, index, named
from dslc.graph.verify import verify
from dslc.source import Source
from dslc.syntax.ast import Definition
from dslc.syntax.parse import parse


def test_the_index_holds_what_the_files_hold() -> None:
    for file in files("dslc.prelude").iterdir():
        if file.name.endswith(".dsl"):
            items = parse(Source(file.name, file.read_text("utf-8"))).items
            definitions = [item for item in items if isinstance(item, Definition)]
            assert all(isinstance(item, Definition) for item in items) or file.name == "train.dsl"
            found = [entry for entry in index().values() if entry.file == file.name]
            assert [(entry.kind, entry.name) for entry in found] == [(d.kind, d.name.text) for d in definitions]
            assert [entry.line for entry in found] == [d.span.line for d in definitions]


@pytest.mark.parametrize("entry", index().values(), ids=lambda entry: f"{entry.kind.value}-{entry.name}")
def test_every_definition_has_a_smallest_sample(entry: Entry) -> None:
    definition = entry.parsed()
    made = elaborate_definition(definition, stand_in(definition))
    assert verify(made.graph).outputs


def test_one_name_may_serve_two_kinds() -> None:
    assert [entry.kind.value for entry in named("constant")] == ["initializer", "schedule"]


def test_a_comment_belongs_to_what_stands_below_it() -> None:
    (adam,) = named("adam")
    assert "Kingma & Ba 2015" in adam.comment
    assert adam.text.startswith("optimizer adam(")
    assert "adamw" not in adam.text
