"""Who may import whom: architecture's laws 1, 2 and 7 as a table."""

from __future__ import annotations

import pytest

from .sources import PythonFile, python_files

FOUNDATION = ("dslc.frozen", "dslc.processors", "dslc.source", "dslc.diagnostics", "dslc.scalar")
GRAPHS = (*FOUNDATION, "dslc.graph", "dslc.ops")

ALLOWED: dict[str, tuple[str, ...]] = {
    # What everything stands on.
    "dslc.frozen": (),
    "dslc.processors": (),
    "dslc.source": (),
    "dslc.diagnostics": ("dslc.frozen", "dslc.source"),
    "dslc.scalar": FOUNDATION,
    # Three languages, which do not import one another.
    "dslc.grammar": (),
    "dslc.syntax": (*FOUNDATION, "dslc.grammar"),
    "dslc.graph": FOUNDATION,
    "dslc.ops": (*FOUNDATION, "dslc.graph"),
    "dslc.program": FOUNDATION,
    # The algorithms between them, which do not import one another. Of a language or a stage they see its values.
    "dslc.data": (*FOUNDATION, "dslc.syntax.ast"),
    "dslc.prelude": (),
    "dslc.elaborate": (*GRAPHS, "dslc.syntax", "dslc.data.schema", "dslc.prelude"),
    "dslc.autodiff": GRAPHS,
    "dslc.passes": GRAPHS,
    "dslc.lowering": (*GRAPHS, "dslc.program", "dslc.elaborate.experiment"),
    # Backends print programs. Core code asks for one by name.
    "dslc.backends": (*FOUNDATION, "dslc.program"),
    "dslc.backends.reference": (*GRAPHS, "dslc.program"),
    "dslc.backends.cpu": (*GRAPHS, "dslc.program"),
    "dslc.runtime": (*GRAPHS, "dslc.program", "dslc.elaborate.experiment", "dslc.data"),
    # The driver knows every stage; its two halves know those before and after the experiment.
    "dslc.uses": (*FOUNDATION, "dslc.syntax", "dslc.data", "dslc.elaborate"),
    "dslc.base_models": (*FOUNDATION, "dslc.syntax", "dslc.data", "dslc.elaborate", "dslc.runtime", "dslc.uses"),
    "dslc.derive": (*GRAPHS, "dslc.autodiff", "dslc.passes"),
    "dslc.front": (
        *FOUNDATION,
        "dslc.syntax",
        "dslc.data",
        "dslc.elaborate",
        "dslc.base_models",
        "dslc.derive",
        "dslc.uses",
    ),
    "dslc.entries": (*GRAPHS, "dslc.elaborate.experiment", "dslc.autodiff", "dslc.passes"),
    "dslc.driver": (*GRAPHS, "dslc.front", "dslc.entries", "dslc.lowering", "dslc.program"),
    # What uses them.
    "dslc.derivatives": (*GRAPHS, "dslc.autodiff"),
    "dslc.own_gradients": (*GRAPHS, "dslc.derivatives", "dslc.derive", "dslc.elaborate", "dslc.syntax"),
    "dslc.findings": (*FOUNDATION, "dslc.front", "dslc.syntax", "dslc.elaborate", "dslc.derive", "dslc.uses"),
    "dslc.saved": (
        *GRAPHS,
        "dslc.uses",
        "dslc.base_models",
        "dslc.driver",
        "dslc.runtime",
        "dslc.data",
        "dslc.program",
    ),
    "dslc.plan": (*GRAPHS, "dslc.elaborate.experiment", "dslc.lowering.plan", "dslc.program", "dslc.runtime"),
    "dslc.arguments": (*FOUNDATION, "dslc.elaborate.experiment", "dslc.runtime.plan"),
    "dslc.sessions": (*GRAPHS, "dslc.driver", "dslc.entries", "dslc.runtime", "dslc.program", "dslc.saved"),
    "dslc.model": (
        *GRAPHS,
        *("dslc.driver", "dslc.runtime", "dslc.data", "dslc.elaborate.experiment", "dslc.program"),
        *("dslc.saved", "dslc.plan", "dslc.sessions", "dslc.arguments", "dslc.predictions", "dslc.generation"),
    ),
    "dslc.opening": (
        *FOUNDATION,
        *("dslc.arguments", "dslc.backends", "dslc.driver", "dslc.model", "dslc.program", "dslc.saved"),
        "dslc.syntax.read",
    ),
    "dslc.predictions": (*GRAPHS, "dslc.data"),
    "dslc.generation": (*GRAPHS, "dslc.data", "dslc.runtime"),
    "dslc.plan_within": (
        *("dslc.driver", "dslc.elaborate.experiment", "dslc.lowering", "dslc.plan", "dslc.program", "dslc.sessions"),
    ),
    "dslc.runs": ("dslc.runtime",),
    "dslc": ("dslc.diagnostics", "dslc.findings", "dslc.model", "dslc.opening", "dslc.syntax.format"),
    "dslc.sklearn": (*FOUNDATION, "dslc.syntax", "dslc.model", "dslc.opening", "dslc.predictions", "dslc.data"),
    "dslc.cli": ("dslc",),
    "dslc.models": (),
}
"""Package or module -> what it may import beside itself. The longest entry that fits a module holds."""

BACKENDS = ("dslc.backends.cpu", "dslc.backends.reference")

HEAVY = {
    "numba": ("dslc.backends.cpu",),
    "llvmlite": ("dslc.backends.cpu",),
    "networkx": ("dslc.graph", "dslc.model"),
    "rich": ("dslc.cli",),
    "click": ("dslc.cli",),
    "lark": ("dslc.syntax",),
    "sklearn": ("dslc.sklearn",),
    "polars": ("dslc.data", "dslc.cli.bench_reading_start"),
}
"""Slow or special packages -> who may import them."""


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _law(module: str) -> str:
    return max((entry for entry in ALLOWED if _within(module, entry)), key=len)


def _allowed(importer: str, imported: str) -> bool:
    law = _law(importer)
    if _law(imported) == law:
        return True
    if law == "dslc.cli":
        return not any(_within(imported, backend) for backend in BACKENDS)
    return any(_within(imported, entry) for entry in ALLOWED[law] if entry != "dslc")


@pytest.mark.parametrize("file", python_files(), ids=lambda file: file.place)
def test_imports_go_in_the_direction_of_the_architecture(file: PythonFile) -> None:
    wrong = [
        f"{file.place}:{line} imports {imported}"
        for line, imported in file.imports()
        if _within(imported, "dslc") and not _allowed(file.module, imported)
    ]
    assert not wrong


@pytest.mark.parametrize("file", python_files(), ids=lambda file: file.place)
def test_heavy_packages_are_imported_where_they_are_used(file: PythonFile) -> None:
    wrong = [
        f"{file.place}:{line} imports {imported}"
        for line, imported in file.imports()
        for package, users in HEAVY.items()
        if _within(imported, package) and not any(_within(file.module, user) for user in users)
    ]
    assert not wrong


def test_every_law_speaks_of_something_that_exists() -> None:
    modules = {file.module for file in python_files()}
    assert [entry for entry in ALLOWED if not any(_within(module, entry) for module in modules)] == []
