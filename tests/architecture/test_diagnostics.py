"""Every diagnostic explains itself and has a golden case."""

from __future__ import annotations

import re

import pytest

from dslc.cli.explain import SOURCES, diagnostics
from dslc.diagnostics import Diagnostic

from .sources import ROOT, python_files

WITHOUT_CASE: dict[str, str] = {}
"""Code -> why no golden case can show it."""

CASES = ROOT / "tests"


def test_every_module_of_errors_is_known_to_explain() -> None:
    definers = {
        file.module
        for file in python_files()
        if file.module.endswith("errors") and "dslc.diagnostics" in {imported for _, imported in file.imports()}
    }
    assert definers <= set(SOURCES)


@pytest.mark.parametrize("kind", diagnostics(), ids=lambda kind: kind.__name__)
def test_the_words_follow_the_style(kind: type[Diagnostic]) -> None:
    assert kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}("), (
        "no docstring: `explain` has nothing to say"
    )
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", kind.code)
    assert not kind.message.endswith(".")
    assert not kind.message[:1].isupper()


def test_every_code_has_a_golden_case() -> None:
    shown: set[str] = set()
    for path in CASES.rglob("*.expected"):
        shown |= set(re.findall(r"(?:error|warning|note)\[([a-z0-9-]+)\]", path.read_text(encoding="utf-8")))
    missing = {kind.code for kind in diagnostics()} - shown
    assert missing <= set(WITHOUT_CASE)
    assert set(WITHOUT_CASE) <= missing, "an exception that is no longer needed"
