"""Golden files: the expected text stands beside its case, and `pytest --update-golden` writes it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what is printed into the expected files")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`golden(path, text)`: the file at `path` holds `text`, but for newlines at its end."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text.rstrip("\n") + "\n", "utf-8")
        assert path.exists(), f"{path.name} is missing; run `pytest --update-golden` and review it"
        assert text.rstrip("\n") == path.read_text("utf-8").rstrip("\n")

    return check
