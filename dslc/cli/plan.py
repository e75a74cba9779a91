"""`dslc plan FILE`: what a training will cost: layers, parameters, operations, and every byte with its owner.

`--fit 512MB` asks the other way round: with which batch does it fit into so much memory?
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslc.cli.exits import Exit, say
from dslc.cli.options import data_option, format_option, paths_from, set_option, settings_from
from dslc.cli.quantities import size

if TYPE_CHECKING:
    from dslc.model import Model
    from dslc.plan import ResourcePlan
    from dslc.plan_within import Within


@click.command("plan")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--fit",
    "limit",
    metavar="SIZE",
    callback=size,
    help="Plan the largest batch that fits into SIZE, as in 512MB or 2GiB.",
)
@set_option
@data_option
@format_option
def command(*, file: Path, limit: int | None, assignments: tuple[str, ...], paths: tuple[str, ...], form: str) -> int:
    """Print what training a model file will cost, without compiling it.

    Layers with their output for one example, parameters and forward operations; operations of a training step;
    the exact bytes that training allocates, by owner. With --fit, of the largest batch whose bytes fit; exit 1 if not
    even a batch of one row does.
    """
    import dslc
    from dslc.cli.model_file import read_source

    read_source(file)  # says what is wrong with the file itself in the command line's words
    # Programs are the same for every backend, and this one loads no compiler.
    model = dslc.compile(file, backend="reference", settings=settings_from(assignments), data=paths_from(paths))
    if limit is not None:
        return _fit(model, limit, form)
    plan = model.plan
    click.echo(json.dumps(plan.to_record()) if form == "json" else plan.to_text())
    _advise(plan)
    return Exit.OK


def _fit(model: Model, limit: int, form: str) -> int:
    """Prints the plan of the largest batch within the limit."""
    from dslc.plan import Parts
    from dslc.plan_within import plan_within

    dataset = model.dataset
    within = plan_within(model.compilation, Parts(len(dataset.train), len(dataset.val), model.rows.count), limit)
    plan, batch = within.plan, within.plan.batch if within.fits else None
    if form == "json":
        fit = {"limit_bytes": limit, "batch": batch, "all_rows": within.all_rows}
        click.echo(json.dumps(plan.to_record() | {"fit": fit}))
    else:
        click.echo(f"{_answer(within)}\n\n{plan.to_text()}")
    if within.fits:
        _advise(plan)
        return Exit.OK
    say("no batch fits")
    return Exit.FINDINGS


def _answer(within: Within) -> str:
    plan = within.plan
    taken = f"{plan.peak_bytes:,} of {within.limit:,} bytes"
    if not within.fits:
        return f"not even a batch of 1 row fits: it takes {taken}"
    return f"batch {plan.batch:,} fits{', all training rows' if within.all_rows else ''}: {taken}"


def _advise(plan: ResourcePlan) -> None:
    if plan.advice:
        say(f"note: {plan.advice}")
