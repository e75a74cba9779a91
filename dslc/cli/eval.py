"""`dslc eval MODEL`: loss and metrics of a saved model on a data file, and whether they reach what was asked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslc.cli.exits import Exit, say
from dslc.cli.options import backend_option, format_option, threads_option
from dslc.diagnostics import ModelError, did_you_mean

if TYPE_CHECKING:
    from dslc.model import Model
    from dslc.runtime.history import Evaluation


@click.command("eval")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Rows to measure on; by default the file's test part.")
@click.option("--fail-under", "bounds", multiple=True, metavar="METRIC=VALUE", help="Exit 1 if the metric is worse.")
@backend_option
@threads_option
@format_option
def command(
    *, model: Path, data: Path | None, bounds: tuple[str, ...], backend: str, threads: int | None, form: str
) -> int:
    """Print the loss and the watched metrics of MODEL.

    MODEL is a `.dslm` file or the folder of a run. All rows of `--data` count; without it, the test part of the data
    that the model file names, found from the working directory. For the loss, and for metrics that are better when
    lower, --fail-under fails above the value.
    """
    from dslc.cli.progress import number
    from dslc.cli.saved_model import opened
    from dslc.cli.tables import to_record, to_text

    wanted = _wanted(bounds)
    loaded = opened(model, backend, threads)
    found = _measured(loaded, data)
    higher = {metric.name for metric in loaded.experiment.metrics if metric.higher}
    missed = _missed(found, wanted, higher)
    if form == "json":
        metrics = {name: value if math.isfinite(value) else None for name, value in found.items()}
        record = {"schema": 1, "model": str(model), "metrics": metrics, "missed": missed}
        if found.tables:
            record["tables"] = {name: to_record(loaded, name, table) for name, table in found.tables.items()}
        click.echo(json.dumps(record, allow_nan=False))
    else:
        width = max(len(name) for name in found)
        click.echo("\n".join(f"{name:<{width}}  {number(value)}" for name, value in found.items()))
        for name, table in found.tables.items():
            click.echo(f"\n{to_text(loaded, name, table)}")
    for name in missed:
        side = "under" if name in higher else "over"
        say(f"`{name}` is {number(found[name])}, {side} {wanted[name]:g}")
    return Exit.FINDINGS if missed else Exit.OK


def _measured(model: Model, data: Path | None) -> Evaluation:
    from dslc.data.errors import FileMissing

    try:
        return model.evaluate_file(data)
    except ModelError as error:
        if data is None and any(isinstance(fault, FileMissing) for fault in error.diagnostics):
            say("note: a saved model's data is looked for below the working directory; --data PATH names other rows")
        raise


def _wanted(bounds: Sequence[str]) -> dict[str, float]:
    wanted: dict[str, float] = {}
    for bound in bounds:
        name, _, value = bound.partition("=")
        try:
            wanted[name] = float(value)
        except ValueError:
            raise click.UsageError(f"--fail-under takes METRIC=VALUE, not `{bound}`") from None
    return wanted


def _missed(found: Mapping[str, float], wanted: Mapping[str, float], higher: set[str]) -> list[str]:
    """The metrics that are worse than wanted; NaN always is."""
    missed: list[str] = []
    for name, bound in wanted.items():
        if name not in found:
            raise click.UsageError(f"no metric `{name}`{did_you_mean(name, found)}")
        reached = found[name] >= bound if name in higher else found[name] <= bound
        if not reached:
            missed.append(name)
    return missed
