"""`dslc show FILE|NAME --stage ...`: the text view of any stage; a prelude definition's text or its gradients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from dslc.cli.options import backend_option, data_option, format_option, paths_from, set_option, settings_from

STAGES = ("settings", "ast", "graph", "grad", "passes", "program", "source")


@click.command("show")
@click.argument("target", metavar="FILE|NAME")
@click.option("--stage", type=click.Choice(STAGES), metavar="STAGE", help="Which stage; a file's settings by default.")
@set_option
@data_option
@backend_option
@format_option
def command(
    *, target: str, stage: str | None, assignments: tuple[str, ...], paths: tuple[str, ...], backend: str, form: str
) -> None:
    """Print any stage of a model file on its way through the compiler, or a definition of the library.

    \b
      settings   every setting, its value and its origin
      ast        the syntax tree
      graph      what is computed, as it was elaborated
      grad       the loss and its gradients; of a definition, as formulas
      passes     the graphs after all rewrites
      program    buffers, phases, tiles and loop nests
      source     the generated module

    `dslc show adam` prints a definition, `dslc show huber --stage grad` its gradients.
    """
    if not _is_file(target):
        _print(form, stage or "definition", _definition_view(target, stage))
        return
    settings, data = settings_from(assignments), paths_from(paths)
    if stage in (None, "settings"):
        _print_settings(form, Path(target), settings, data)
    else:
        _print(form, stage, _file_view(Path(target), stage, settings, data, backend))


def _is_file(target: str) -> bool:
    return target.endswith(".dsl") or "/" in target or Path(target).is_file()


def _print(form: str, stage: str | None, text: str) -> None:
    click.echo(json.dumps({"schema": 1, "stage": stage, "text": text}) if form == "json" else text.rstrip("\n"))


def _definition_view(name: str, stage: str | None) -> str:
    from dslc.cli.definition_view import view

    return view(name, stage)


def _file_view(
    path: Path, stage: str | None, settings: Mapping[str, str], data: Mapping[str, Path], backend: str
) -> str:
    from dslc.cli.file_view import view

    return view(path, stage, settings, data, backend)


def _print_settings(form: str, path: Path, settings: Mapping[str, str], data: Mapping[str, Path]) -> None:
    from dslc.cli.model_file import read_source
    from dslc.cli.settings import settings_of, to_text
    from dslc.front import Front

    front = Front.of_text(read_source(path), path.parent, settings, data)
    rows = settings_of(front.module, front.experiment)
    if form == "json":
        records = [{"name": row.name, "value": row.value, "origin": row.origin} for row in rows]
        click.echo(json.dumps({"schema": 1, "stage": "settings", "settings": records}))
        return
    click.echo(to_text(rows))
