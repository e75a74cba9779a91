"""`dslc train FILE`: compiles a model file, trains it, and prints what came out.

While it trains, a terminal sees a progress bar and a log one line for each epoch, both on stderr. The table or the
JSON line on stdout is the result, and a run folder keeps it (dslc/cli/run_folder.py). The first Ctrl-C stops after the
current batch and still prints and writes the result.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslc.cli.exits import Exit, say
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
    from dslc.cli.outcome import Outcome
    from dslc.cli.run_folder import Asked
    from dslc.cli.training import Display
    from dslc.model import Model
    from dslc.runtime.history import History


@click.command("train")
@click.argument("file", type=click.Path(path_type=Path))
@set_option
@data_option
@backend_option
@threads_option
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="Instead of the file's seed.")
@click.option("--epochs", type=click.IntRange(0), metavar="N", help="Instead of the file's epochs.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The run's folder, instead of a new one.")
@click.option("--no-run", is_flag=True, help="Write no run folder.")
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
    out: Path | None,
    no_run: bool,
    form: str,
) -> int:
    """Compile a model file and train it on its own data.

    The result goes to stdout, progress to stderr; model, history and report go to runs/<model>/<time>/, which
    runs/<model>/latest leads to. Ctrl-C ends training after the current batch, with its result; a second one kills.
    """
    from dslc.cli.findings_text import painted
    from dslc.cli.interrupts import INTERRUPTS
    from dslc.cli.run_folder import Asked
    from dslc.cli.tables import to_text
    from dslc.cli.training import compiled, fitted, outcome_of
    from dslc.runtime.health import health_notes

    if out is not None and no_run:
        raise click.UsageError("--out and --no-run exclude each other")
    model = compiled(file, settings_from(assignments), paths_from(paths), backend, threads, strict)
    with INTERRUPTS.asking(model.request_stop):
        history = fitted(model, epochs, seed, _display(quiet))
        outcome = outcome_of(model, backend, history)
        try:
            click.echo(outcome.to_json() if form == "json" else outcome.to_text())
            if form == "text":
                for name, table in outcome.tables.items():
                    click.echo(f"\n{to_text(model, name, table)}")
            if notes := list(health_notes(model.experiment, history)):
                say(painted(notes))
        finally:  # a reader that has gone away does not cost the run
            written = no_run or _write(model, history, outcome, Asked(epochs, seed, paths), out, quiet)
    return INTERRUPTS.code if INTERRUPTS.received else Exit.OK if written else Exit.BAD_INPUT


def _write(model: Model, history: History, outcome: Outcome, asked: Asked, out: Path | None, quiet: bool) -> bool:
    """Writes the run, after its result was printed: what cannot be written is not lost silently."""
    from dslc.cli.run_folder import write_run

    try:
        folder = write_run(model, history, outcome, asked, out)
    except OSError as error:
        say(f"error: the run could not be written: `{error.filename}`: {(error.strerror or str(error)).lower()}")
        return False
    if not quiet:
        say(f"run: {folder}")
    return True


def _display(quiet: bool) -> Display:
    if quiet:
        return "none"
    return "bar" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else "lines"
