"""`dslc train FILE`: compiles a model file, trains it, and prints what came out.

While it trains, a terminal sees a progress bar and a log one line for each epoch, both on stderr. The table or the
JSON line on stdout is the result. The first Ctrl-C stops after the current batch and still prints the result.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslc.cli.exits import Exit
from dslc.cli.options import (
    backend_option,
    data_option,
    format_option,
    paths_from,
    set_option,
    settings_from,
    threads_option,
)

if TYPE_CHECKING:
    from dslc.cli.training import Display


@click.command("train", help="Compile a model file and train it on its own data.")
@click.argument("file", type=click.Path(path_type=Path))
@set_option
@data_option
@backend_option
@threads_option
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Instead of the file's seed.")
@click.option("--epochs", type=click.IntRange(0), help="Instead of the file's epochs.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--quiet", is_flag=True, help="No progress.")
@format_option
def command(
    *,
    file: Path,
    assignments: tuple[str, ...],
    paths: tuple[str, ...],
    backend: str,
    threads: int | None,
    seed: int | None,
    epochs: int | None,
    strict: bool,
    quiet: bool,
    form: str,
) -> int:
    from dslc.cli.interrupts import Interrupts
    from dslc.cli.training import compiled, fitted, outcome_of

    model = compiled(file, settings_from(assignments), paths_from(paths), backend, threads, strict)
    with Interrupts(model.request_stop) as interrupts:
        history = fitted(model, epochs, seed, _display(quiet))
        outcome = outcome_of(model, backend, history)
    click.echo(outcome.to_json() if form == "json" else outcome.to_text())
    return interrupts.code if interrupts.received else Exit.OK


def _display(quiet: bool) -> Display:
    if quiet:
        return "none"
    return "bar" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else "lines"
