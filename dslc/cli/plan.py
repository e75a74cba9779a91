"""`dslc plan FILE`: what a training will cost: layers, parameters, operations, and every byte with its owner."""

from __future__ import annotations

from pathlib import Path

import click

from dslc.cli.exits import say
from dslc.cli.options import data_option, format_option, paths_from, set_option, settings_from


@click.command("plan")
@click.argument("file", type=click.Path(path_type=Path))
@set_option
@data_option
@format_option
def command(*, file: Path, assignments: tuple[str, ...], paths: tuple[str, ...], form: str) -> None:
    """Print what training a model file will cost, without compiling it.

    Layers with their output for one example, parameters and forward operations; operations of a training step;
    the exact bytes that training allocates, by owner.
    """
    import dslc
    from dslc.cli.model_file import read_source

    read_source(file)  # says what is wrong with the file itself in the command line's words
    # Programs are the same for every backend, and this one loads no compiler.
    model = dslc.compile(file, backend="reference", settings=settings_from(assignments), data=paths_from(paths))
    plan = model.plan
    click.echo(plan.to_json() if form == "json" else plan.to_text())
    if plan.advice:
        say(f"note: {plan.advice}")
