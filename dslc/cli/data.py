"""`dslc data FILE`: what the data block's rows are, how they are split, and what preparation makes of them.

Nothing is compiled, and the net need not be right: only what reading and preparing the data takes is looked at.
Advice goes to stderr and never changes the exit code.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from dslc.cli.exits import say
from dslc.cli.options import data_option, format_option, paths_from, set_option, settings_from


@click.command("data")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--batch", "count", type=click.IntRange(1), metavar="N", help="Print the first N training rows, prepared."
)
@click.option("--html", "out", type=click.Path(path_type=Path, dir_okay=False), help="Also write a page to look at.")
@set_option
@data_option
@format_option
def command(
    *,
    file: Path,
    count: int | None,
    out: Path | None,
    assignments: tuple[str, ...],
    paths: tuple[str, ...],
    form: str,
) -> None:
    """Print what a model file's data hold and how they are prepared.

    Columns with missing cells, ranges, labels and small histograms; parts and the classes in each; what becomes of
    gaps, numbers and labels, all fitted on training rows. With --batch, exactly what the net sees, in its float32.
    Advice on what is shown goes to stderr.
    """
    from dslc.cli.data_page import to_html
    from dslc.cli.data_text import printable, to_text
    from dslc.cli.data_view import batch_of, view_of

    if count is not None and out is not None:
        raise click.UsageError("--batch and --html exclude each other")
    view = view_of(file, settings_from(assignments), paths_from(paths))
    if count is not None:
        batch = batch_of(view, count)
        click.echo(json.dumps(batch.to_record(), allow_nan=False) if form == "json" else batch.to_text())
        return
    if out is not None:
        from dslc.runtime.files import write_atomically

        write_atomically(out, to_html(view).encode("utf-8", "backslashreplace"))
        say(f"page: {out}")
    click.echo(json.dumps(view.to_record()) if form == "json" else to_text(view.name, view.overview, _has_blocks()))
    for note in view.notes:
        say(f"note: {printable(note.text)}")


def _has_blocks() -> bool:
    """Whether stdout can show block characters."""
    try:
        "▁█".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return os.environ.get("TERM") not in ("dumb", "linux") or not sys.stdout.isatty()
