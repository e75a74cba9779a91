"""The project's Python files, as the architecture tests read them: path, module name, syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FOLDERS = {"dslc": "dslc", "grammar": "dslc.grammar", "backends": "dslc.backends", "models": "dslc.models"}
"""Folder at the top level -> the package that it installs as."""


@dataclass(frozen=True)
class PythonFile:
    path: Path
    module: str
    is_package: bool
    tree: ast.Module
    lines: int

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and absolute module name of each import, those inside functions included.

        `from package import name` names `package.name` where that is a module of the project, else `package`.
        """
        modules = module_names()
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    yield from ((node.lineno, alias.name) for alias in names)
                case ast.ImportFrom(module=module, names=names, level=level):
                    base = self._base(module, level)
                    for alias in names:
                        inner = f"{base}.{alias.name}"
                        yield node.lineno, inner if inner in modules else base

    def _base(self, module: str | None, level: int) -> str:
        if not level:
            return module or ""
        above = self.module.split(".")[
            : None if self.is_package and level == 1 else (1 - level if self.is_package else -level)
        ]
        return ".".join([*above, *([module] if module else [])])


@cache
def python_files() -> tuple[PythonFile, ...]:
    files = []
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner = path.relative_to(ROOT / folder).with_suffix("").parts
            is_package = inner[-1] == "__init__"
            module = ".".join([package, *(inner[:-1] if is_package else inner)])
            text = path.read_text(encoding="utf-8")
            files.append(PythonFile(path, module, is_package, ast.parse(text), text.count("\n")))
    return tuple(files)


@cache
def module_names() -> frozenset[str]:
    return frozenset(file.module for file in python_files())
