"""Every form of the language parses: whole files, and single statements in the block that holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslc.source import Source
from dslc.syntax.parse import parse

HERE = Path(__file__).parent
BLOCKS = {
    "top": "%s",
    "data": "data {\n%s\n}",
    "net": "net {\n%s\n}",
    "train": "train { %s }",
    "layer": "layer f(x: [.., c], bias = true) {\n%s\n}",
}


def statements(text: str) -> list[str]:
    """One form a line; a line that is indented or starts with `|`, `)` or `}` belongs to the form above."""
    found: list[str] = []
    for line in text.strip("\n").split("\n"):
        if found and (not line or line[0] in " |)}"):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


FORMS = [
    pytest.param(wrapper % form, id=f"{name}: {form.splitlines()[0]}")
    for name, wrapper in BLOCKS.items()
    for form in statements((HERE / "forms" / f"{name}.dsl").read_text("utf-8"))
]


@pytest.mark.parametrize("path", sorted((HERE / "experiments").glob("*.dsl")), ids=lambda path: path.stem)
def test_every_experiment_parses(path: Path) -> None:
    assert parse(Source(path.name, path.read_text("utf-8"))).items


@pytest.mark.parametrize("text", FORMS)
def test_every_form_parses(text: str) -> None:
    assert len(parse(Source("form.dsl", text)).items) >= 1


@pytest.mark.parametrize("text", FORMS)
def test_line_ends_do_not_matter(text: str) -> None:
    assert parse(Source("form.dsl", "\ufeff" + text.replace("\n", "\r\n"))).items
