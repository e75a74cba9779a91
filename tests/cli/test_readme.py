"""The README runs: its commands, its Python, and what it quotes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dslc.source import Source
from dslc.syntax.parse import parse

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def _all_blocks() -> list[tuple[str, str]]:
    """The fenced blocks in their order, indented ones included, without their indentation: language and text."""
    found = FENCED.findall(README)
    return [(tag, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)) for indent, tag, text in found]


def _blocks(language: str) -> list[str]:
    return [text for tag, text in _all_blocks() if tag == language]


WIDTH = 80
"""Columns that what a verb prints may take; the generated programs and graphs of `show --stage` may take more."""

INSTALLING = 2
"""The first shell blocks set up environments; `.ci/run` runs them."""


def test_it_opens_with_its_two_commands() -> None:
    job, tests = _blocks("sh")[:INSTALLING]
    assert job.strip() == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/dslc train models/digits.dsl"
    assert tests.strip() == 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/pytest'


def _steps() -> list[list[str]]:
    """What a reader runs after installing, in the README's order: each command line, each block of Python."""
    steps: list[list[str]] = []
    for language, text in [block for block in _all_blocks() if block[0] in ("sh", "python")][INSTALLING:]:
        if language == "python":
            steps.append(["-c", text])
            continue
        commands = [shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()]
        for command in filter(None, commands):
            assert command[0] == "dslc", f"a command that this test cannot run: {shlex.join(command)}"
            steps.append(["-m", "dslc.cli.main", *command[1:]])
    return steps


def test_its_tour_runs_from_start_to_end_and_reads_well(tmp_path: Path) -> None:
    """In a folder of its own with a copy of the models, and nothing else that the README does not make itself."""
    shutil.copytree(ROOT / "models", tmp_path / "models")
    environment = {**os.environ, "COLUMNS": str(WIDTH)}
    steps = _steps()
    assert len(steps) > 6
    for step in steps:
        run = [sys.executable, *step]
        result = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        shown = step[1] if step[0] == "-c" else shlex.join(step[2:])
        assert result.returncode == 0, f"{shown}\n{result.stderr}"
        if step[0] == "-m" and "--stage" not in step:
            wide = [line for line in result.stdout.splitlines() if len(line) > WIDTH]
            assert not wide, f"{shown}\n{wide[0]}"
        assert "Traceback" not in result.stderr and "internal error" not in result.stderr, shown


def test_its_tour_shows_every_verb_that_a_first_day_needs() -> None:
    verbs = {step[2] for step in _steps() if step[0] == "-m"}
    assert {"check", "show", "train", "eval", "predict"} <= verbs


@pytest.mark.parametrize("number", range(len(_blocks(""))))
def test_its_model_text_parses(number: int) -> None:
    assert parse(Source("README.md", _blocks("")[number])).items


def test_the_example_is_the_file() -> None:
    text = (ROOT / "models/digits.dsl").read_text(encoding="utf-8")
    assert _blocks("")[0] == text.partition("\n")[2]
