"""Every fault of a data block is told at its place: the golden files in `cases`, whole messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.data.load import load
from dslc.data.schema import Task
from dslc.diagnostics import DataError, ModelError, to_text
from dslc.source import Source
from dslc.syntax.parse import parse

from .model import prepared

CASES = sorted((Path(__file__).parent / "cases").glob("*.dsl"))


def outcome(path: Path) -> str:
    """What loading and preparing says; the file's first line is `# task: classes` or `# task: values`."""
    text = path.read_text(encoding="utf-8")
    task = Task(text.partition("\n")[0].removeprefix("# task: "))
    try:
        data = prepared(load(parse(Source(path.name, text)), path.parent, {}), task)
    except ModelError as error:
        return f"{error}\n"
    except DataError as error:
        return f"data error: {error}\n"
    return f"{to_text(data.notes)}\n" if data.notes else "no fault\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_fault_is_told(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path.with_suffix(".expected"), outcome(path))
