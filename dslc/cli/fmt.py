"""`dslc fmt FILE...`: writes model files in the one layout, or says where that would change one.

A file that cannot be read, does not parse or cannot be written is left as it is and makes the exit code 2; the
others are still laid out. `-` is stdin, whose layout goes to stdout.
"""

from __future__ import annotations

import difflib
from io import StringIO
from pathlib import Path

import click

from dslc.cli.exits import Exit, ending, say
from dslc.cli.model_file import read_source, read_stdin
from dslc.diagnostics import ModelError
from dslc.source import Source

STDIN = Path("-")


@click.command("fmt", help="Write model files in the one layout, comments kept; `-` reads stdin and writes stdout.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not in the layout.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
def command(files: tuple[Path, ...], check: bool, diff: bool) -> int:
    return max([_lay_out(path, check, diff) for path in files])


def _lay_out(path: Path, check: bool, diff: bool) -> int:
    """What the file alone would exit with, after it is written or its changes are shown."""
    from dslc.syntax.format import format

    try:
        source = read_stdin() if path == STDIN else read_source(path)
        result = format(source.text, source.name)
        if diff:
            click.echo(_difference(source, result), nl=False)
        if check and result != source.text:
            say(f"{source.name}: not in the one layout")
            return Exit.FINDINGS
        if not check and not diff:
            _write(path, source, result)
    except (click.ClickException, ModelError, OSError) as error:
        return ending(error)
    return Exit.OK


def _write(path: Path, source: Source, result: str) -> None:
    """The result to stdout, or over the file if it differs; a link stays one, and the file keeps its mode."""
    from dslc.runtime.files import write_atomically

    if path == STDIN:
        click.echo(result.encode(), nl=False)
    elif result != source.text:
        target = path.resolve()
        write_atomically(target, result.encode(), target.stat().st_mode & 0o7777)
        say(f"{path}: laid out")


def _difference(source: Source, result: str) -> str:
    """A unified diff that `patch` takes; empty if nothing changes."""
    before, after = (list(StringIO(text, newline="\n")) for text in (source.text, result))
    changes = difflib.unified_diff(before, after, source.name, source.name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in changes)
