"""Golden files, and which tests run unasked.

The expected text stands beside its case; `pytest --update-golden` writes it anew. What is marked `slow` or
`peers` runs only where `-m` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what is printed into the expected files")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("-m"):
        return
    left_out = [item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("peers")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`golden(path, text)`: the file at `path` holds `text`, but for newlines at its end."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text.rstrip("\n") + "\n", "utf-8")
        assert path.exists(), f"{path.name} is missing; run `pytest --update-golden` and review it"
        assert text.rstrip("\n") == path.read_text("utf-8").rstrip("\n")

    return check
