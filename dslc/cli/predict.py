"""`dslc predict MODEL DATA`: one line for each row, the predicted label or value and the classes' probabilities."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from dslc.cli.options import backend_option, threads_option

if TYPE_CHECKING:
    from dslc.graph.graph import Array
    from dslc.model import Model


STDIN = Path("/dev/stdin")


@click.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True,
    help="A table with a header, or one JSON object a line.",
)  # fmt: skip
@backend_option
@threads_option
def command(*, model: Path, data: Path, out: Path | None, form: str, backend: str, threads: int | None) -> None:
    """Predict every row of DATA (.csv, .parquet or .npz; - is text from stdin) with MODEL, a `.dslm` file or a run's
    folder.

    Labels and values are those of the target, not class numbers or scaled values.
    """
    from dslc.cli.saved_model import opened

    loaded = opened(model, backend, threads)
    text = "".join(_csv(loaded, data) if form == "csv" else _json(loaded, data))
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        from dslc.runtime.files import write_atomically

        write_atomically(out, text.encode())
    except OSError as error:
        raise click.ClickException(f"`{out}`: {(error.strerror or str(error)).lower()}") from None


def _records(model: Model, data: Path) -> Iterator[dict[str, object]]:
    """For each row the target's name -> its prediction, and `probability.LABEL` for each class.

    Of several targets the latter is `probability.NAME.LABEL`.
    """
    predicted = model.predictions(model.read_rows(STDIN if data == Path("-") else data))
    columns: dict[str, list[object]] = {}
    for name, prediction in predicted.items():
        columns[name] = _plain(prediction.decided, prediction.raw.dtype)
        if prediction.classes is not None and prediction.probability is not None:
            prefix = "probability" if len(predicted) == 1 else f"probability.{name}"
            for label, chance in zip(prediction.classes, np.moveaxis(prediction.probability, -1, 0), strict=True):
                columns[f"{prefix}.{label}"] = _plain(chance, prediction.raw.dtype)
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def _plain(values: Array, real: np.dtype[np.generic]) -> list[object]:
    """The array as lists; a number has the digits that tell it apart among those that the net computes with."""
    if values.dtype.kind != "f":
        return list(values.tolist())
    if values.ndim > 1:
        return [_plain(row, real) for row in values]
    with np.errstate(over="ignore"):
        near = values.astype(real)
    return [float(str(short if np.isfinite(short) else value)) for short, value in zip(near, values, strict=True)]


def _csv(model: Model, data: Path) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for number, record in enumerate(_records(model, data)):
        if number == 0:
            writer.writerow(record)
        writer.writerow(record.values())
    yield buffer.getvalue()


def _json(model: Model, data: Path) -> Iterator[str]:
    yield from (json.dumps(record) + "\n" for record in _records(model, data))
