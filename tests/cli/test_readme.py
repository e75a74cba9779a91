"""The README runs: its commands, its Python, and what it quotes."""

from __future__ import annotations

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


def _blocks(language: str) -> list[str]:
    """The fenced blocks of a language, indented ones included, without their indentation."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, tag, text in found if tag == language]


SHELL = _blocks("sh")
COMMANDS = [line for block in SHELL[2:] for line in block.splitlines() if line.startswith("dslc ")]


def test_it_opens_with_its_two_commands() -> None:
    job, tests = SHELL[:2]
    assert job.strip() == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/dslc train models/digits.dsl"
    assert tests.strip() == 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/pytest'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models, in which the README's commands may write."""
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "models", made / "models")
    return made


def test_its_commands_run_one_after_the_other(folder: Path) -> None:
    for command in COMMANDS:
        run = [sys.executable, "-m", "dslc.cli.main", *shlex.split(command)[1:]]
        result = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{command}\n{result.stderr}"
        assert max(map(len, result.stdout.splitlines()), default=0) <= 100, command


@pytest.mark.parametrize("number", range(len(_blocks("python"))))
def test_its_python_runs(number: int, folder: Path) -> None:
    code = _blocks("python")[number]
    result = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("number", range(len(_blocks(""))))
def test_its_model_text_parses(number: int) -> None:
    assert parse(Source("README.md", _blocks("")[number])).items


def test_the_example_is_the_file() -> None:
    text = (ROOT / "models/digits.dsl").read_text(encoding="utf-8")
    assert _blocks("")[0] == text.partition("\n")[2]
