"""How `--set` and `--data` are read."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from dslc.cli.options import paths_from, settings_from


def test_settings_are_names_with_values() -> None:
    assert settings_from(["width=64", "rate = 1e-3", "shape=a=b"]) == {"width": "64", "rate": "1e-3", "shape": "a=b"}


@pytest.mark.parametrize("text", ["width", "=3", "width=", ""])
def test_a_setting_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="NAME=VALUE"):
        settings_from([text])


def test_a_setting_given_twice_is_refused() -> None:
    with pytest.raises(click.UsageError, match="`width` twice"):
        settings_from(["width=1", "width=2"])


def test_paths_may_be_named(tmp_path: Path) -> None:
    odd = tmp_path / "a=b.csv"
    odd.touch()
    assert paths_from(["x.csv"]) == {"": Path("x.csv")}
    assert paths_from(["test=x.csv"]) == {"test": Path("x.csv")}
    assert paths_from([str(odd)]) == {"": odd}
    with pytest.raises(click.UsageError, match="twice"):
        paths_from(["a.csv", "b.csv"])
