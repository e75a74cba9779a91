"""What the source may not hold: text turned into code, pickles, long files and functions, paths of one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .sources import ROOT, PythonFile, python_files

FILE_LINES = 400
FUNCTION_LINES = 40

LONG_FILES: dict[str, str] = {
    "dslc/syntax/ast.py": "one language, to be read as one list",
    "dslc/elaborate/errors.py": "one short class for each mistake, to be read as one list",
    "dslc/data/errors.py": "one short class for each mistake, to be read as one list",
}
"""Files over the limit -> why they stay whole."""

LONG_FUNCTIONS: dict[str, str] = {}
"""`file:function` over the limit -> why it stays whole."""

EMITTER = "backends/cpu"
"""The one folder with a file that turns text into code: its own generated modules."""

FORBIDDEN_MODULES = ("pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml")
CODE_FROM_TEXT = ("eval", "exec", "compile", "__import__")

MACHINE_PATH = re.compile(r"(?<![\w.$~}/:])/(?:work|root|home|Users|mnt|scratch)/\w")


def _calls(file: PythonFile) -> list[tuple[int, str]]:
    return [
        (node.lineno, node.func.id)
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


def test_text_becomes_code_in_one_file_only() -> None:
    users = {file.place for file in python_files() for _, name in _calls(file) if name in CODE_FROM_TEXT}
    assert len(users) <= 1
    assert all(place.startswith(EMITTER) for place in users)


@pytest.mark.parametrize("file", python_files(), ids=lambda file: file.place)
def test_nothing_is_unpickled(file: PythonFile) -> None:
    modules = {imported.split(".")[0] for _, imported in file.imports()}
    assert not modules & set(FORBIDDEN_MODULES)
    for node in ast.walk(file.tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False


def test_files_fit_a_sitting() -> None:
    long = {file.place: file.lines for file in python_files() if file.lines > FILE_LINES}
    assert {place: lines for place, lines in long.items() if place not in LONG_FILES} == {}
    assert set(LONG_FILES) <= set(long), "an exception that is no longer needed"


def _function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of signature and body; a docstring does not count."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_functions_fit_a_screen() -> None:
    long = {
        f"{file.place}:{node.name}": _function_lines(node)
        for file in python_files()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _function_lines(node) > FUNCTION_LINES
    }
    assert {place: lines for place, lines in long.items() if place not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "an exception that is no longer needed"


@pytest.mark.parametrize("file", python_files(), ids=lambda file: file.place)
def test_every_module_says_what_it_is(file: PythonFile) -> None:
    assert ast.get_docstring(file.tree)
    assert file.path.stem not in ("utils", "helpers", "common", "manager", "base", "misc")


def test_no_file_names_a_path_of_one_machine() -> None:
    wrong = []
    for path in text_files():
        text = path.read_text(encoding="utf-8")
        wrong += [f"{path}:{text.count(chr(10), 0, found.start()) + 1}" for found in MACHINE_PATH.finditer(text)]
    assert not wrong


def text_files() -> Iterator[Path]:
    """The files that people write, this one left out."""
    yield from (ROOT / name for name in ("README.md", "pyproject.toml", ".ci/run"))
    for folder in ("dslc", "grammar", "backends", "models", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if (
                path.suffix in (".py", ".dsl", ".lark", ".json", ".md", ".expected")
                and path != Path(__file__).resolve()
            ):
                yield path
