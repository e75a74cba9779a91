"""No model file, however wrong, ends `check` in anything but findings that name a place in it, and soon.

What `check` lets pass goes through all later stages up to the program, which may still be too large.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from dslc.diagnostics import DataError, ModelError, to_text
from dslc.driver import Compilation
from dslc.findings import check
from dslc.lowering.errors import TooMuchMemory
from dslc.program.program import Element
from dslc.source import Source

from .mutations import experiments, mutated

TEXTS = experiments()
RIGHT = {name: text for name, text in TEXTS.items() if name.startswith("models/")}
SECONDS, SECONDS_A_CHARACTER = 1.0, 100e-6
"""Processor time that a file may take: four times that of nested sums. What grows faster is found."""
HEAD = re.compile(r"(model|layers/residual|used/[\w/]+)\.dsl:\d+:\d+: (error|warning|note)\[[a-z-]+\]: \S.*")
LENGTH = 500
"""Characters that a line of a finding may have: names and texts of any length are cut."""


def assert_explained(text: str, folder: Path) -> None:
    """Also that a finding shows nothing that a terminal would obey."""
    start = time.process_time()
    try:
        findings = check(text, folder)
    except DataError as fault:
        assert "\n" not in str(fault)
        return
    assert time.process_time() - start < SECONDS + SECONDS_A_CHARACTER * len(text)
    for finding in findings:
        assert 0 <= finding.span.start <= finding.span.end <= len(finding.span.source.text)
        lines = to_text([finding]).split("\n")
        assert HEAD.fullmatch(lines[0])
        assert all(line.isprintable() and len(line) <= LENGTH for line in lines)


def assert_lowered(text: str, folder: Path) -> None:
    """A file that the first stages accept has a program, unless that needs too much memory."""
    try:
        compilation = Compilation.of_text(Source("model.dsl", text), folder)
    except (ModelError, DataError):
        return
    try:
        compilation.program(Element.F32, compilation.graphs, len(compilation.dataset.train))
    except ModelError as fault:
        assert all(isinstance(diagnostic, TooMuchMemory) for diagnostic in fault.diagnostics)


@pytest.mark.parametrize("block", range(8))
def test_a_mutated_model_file_is_explained(block: int) -> None:
    for seed in range(50 * block, 50 * (block + 1)):
        assert_explained(*mutated(TEXTS, seed))


@pytest.mark.parametrize("block", range(4))
def test_a_mutated_model_file_that_is_accepted_has_a_program(block: int) -> None:
    for seed in range(20 * block, 20 * (block + 1)):
        assert_lowered(*mutated(RIGHT, seed))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(100))
def test_many_mutated_model_files_are_explained(block: int) -> None:
    for seed in range(1000 + 200 * block, 1000 + 200 * (block + 1)):
        assert_explained(*mutated(TEXTS, seed))
        assert_lowered(*mutated(RIGHT, seed))
