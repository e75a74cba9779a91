"""What pyproject.toml says and what is there agree; importing and checking stay cheap."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

import dslc

from .sources import ROOT, module_names, python_files

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

COMPILERS = {"numba", "llvmlite"}
SLOW = COMPILERS | {"networkx", "rich", "sklearn", "torch", "scipy", "pandas"}


def test_every_package_is_installed() -> None:
    packages = {file.module for file in python_files() if file.is_package}
    assert packages == set(PYPROJECT["tool"]["setuptools"]["packages"])


def test_every_module_lies_in_a_package() -> None:
    packages = {file.module for file in python_files() if file.is_package}
    assert {module.rpartition(".")[0] for module in module_names() if "." in module} <= packages


def test_the_top_level_is_fixed() -> None:
    expected = {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "dslc",
        "grammar",
        "backends",
        "models",
        "tests",
    }
    made = {"build", "dist", "runs", "dslc.egg-info"}
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} <= expected | made


def test_the_public_names_exist() -> None:
    for name in dslc.__all__:
        assert getattr(dslc, name) is not None


def _modules_after(code: str) -> set[str]:
    """The top-level packages in sys.modules after `code` ran in an interpreter of its own."""
    probe = f"{code}\nimport sys, json; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    result = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_importing_dslc_loads_neither_numpy_nor_a_compiler() -> None:
    assert not _modules_after("import dslc") & (SLOW | {"numpy", "lark", "click"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "models/digits.dsl"],
        ["fmt", "--check", "models/digits.dsl"],
        ["show", "models/digits.dsl"],
        ["show", "models/digits.dsl", "--stage", "ast"],
        ["show", "models/digits.dsl", "--stage", "passes"],
        ["show", "models/digits.dsl", "--stage", "program"],
        ["show", "huber", "--stage", "grad"],
        ["plan", "models/digits.dsl"],
        ["plan", "models/digits.dsl", "--fit", "1MB"],
        ["data", "models/penguins.dsl"],
        ["data", "models/digits.dsl", "--batch", "2"],
        ["explain", "unknown-name"],
    ],
    ids=" ".join,
)
def test_what_does_not_compile_loads_no_compiler(arguments: list[str]) -> None:
    assert not _modules_after(f"from dslc.cli.main import run\nassert run({arguments!r}) == 0") & SLOW
