"""Options that several verbs take, and how their texts are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

set_option = click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Override a `let` of the file. May be repeated."
)
data_option = click.option(
    "--data",
    "paths",
    multiple=True,
    metavar="[NAME=]PATH",
    help="Read data from PATH, not from where the file says; for npz also a folder of IDX files.",
)
backend_option = click.option(
    "--backend", default="cpu", metavar="NAME", show_default=True, help="What to compile for."
)
threads_option = click.option(
    "--threads", type=click.IntRange(1, 1024), metavar="N", help="How many; by default as the model needs."
)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)


def settings_from(assignments: Sequence[str]) -> dict[str, str]:
    """`["width=64"]` as `{"width": "64"}`. Raises click.UsageError."""
    settings: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.UsageError(f"--set takes NAME=VALUE, not `{assignment}`")
        if name.strip() in settings:
            raise click.UsageError(f"--set gives `{name.strip()}` twice")
        settings[name.strip()] = value.strip()
    return settings


def paths_from(texts: Sequence[str]) -> dict[str, Path]:
    """`["train=a.csv"]` as `{"train": a.csv}`; a path without a name stands under "". Raises click.UsageError.

    A text that exists as it stands is a path, even with `=` in it.
    """
    paths: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            name, path = "", text
        if name in paths:
            raise click.UsageError(f"--data gives {f'`{name}`' if name else 'a path'} twice")
        paths[name] = Path(path)
    return paths
