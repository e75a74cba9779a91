"""What `check` says about wrong model files, and about the language's own examples."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.diagnostics import to_text
from dslc.findings import find
from dslc.source import Source

CASES = Path(__file__).parent.parent / "cases" / "check"
SECONDS = 2.0
"""The most that one file may take; about ten times what the slowest takes on a quiet machine."""


def overrides_in(text: str) -> dict[str, str]:
    """A case whose first line is `# --set name=value` is checked with that override."""
    first = text.split("\n", 1)[0].removeprefix("# --set ")
    name, _, value = first.partition("=")
    return {name: value} if text.startswith("# --set ") else {}


@pytest.mark.parametrize("path", sorted(CASES.glob("*.dsl")), ids=lambda path: path.stem)
def test_a_wrong_file_is_explained(path: Path, golden: Callable[[Path, str], None]) -> None:
    source = Source(path.name, path.read_text("utf-8"))
    start = time.process_time()
    findings = find(source, path.parent, overrides_in(source.text))
    assert time.process_time() - start < SECONDS
    assert findings
    golden(path.with_suffix(".expected"), to_text(findings))
