"""Wrong files: each says what is wrong, at the right place, and nothing else; golden files beside the cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.diagnostics import ModelError
from dslc.source import Source
from dslc.syntax.parse import SIZE_LIMIT, parse

CASES = Path(__file__).parents[1] / "cases" / "syntax"
PATHS = sorted(CASES.glob("*.dsl"))


def complaints(name: str, text: str) -> str:
    with pytest.raises(ModelError) as raised:
        parse(Source(name, text))
    return str(raised.value)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_mistake_is_told(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path.with_suffix(".expected"), complaints(path.name, path.read_text("utf-8")))


def test_a_file_has_a_size_limit(golden: Callable[[Path, str], None]) -> None:
    golden(CASES / "too_large.expected", complaints("too_large.dsl", "# comment\n" * (SIZE_LIMIT // 10 + 1)))


def test_there_are_many_cases() -> None:
    assert len(PATHS) >= 45


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_mistake_hides_none_in_other_items(path: Path) -> None:
    """A wrong item put behind each case adds exactly its own diagnostic."""
    text = path.read_text("utf-8")
    alone = complaints(path.name, text).count(": error[")
    assert complaints(path.name, text + "\nlet x == 3\n").count(": error[") == alone + 1
