"""`dslc check FILE...`: every finding of every file; exit 1 on errors or warnings, 2 where a file cannot be read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from dslc.cli.exits import Exit, ending, say
from dslc.cli.findings_text import painted
from dslc.cli.model_file import read_source
from dslc.diagnostics import DataError, Diagnostic, Severity, to_records


@dataclass(frozen=True, slots=True)
class Checked:
    """A file's findings; `code` is what it alone would exit with."""

    path: Path
    findings: tuple[Diagnostic, ...]
    code: int


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print findings.",
)
@click.option("--data", is_flag=True, expose_value=False, help="Read the data that files name, as is always done.")
@click.option("--gradients", is_flag=True, help="Hold the gradients of own definitions against central differences.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
def command(files: tuple[Path, ...], form: str, gradients: bool, strict: bool) -> int:
    """Parse, type and lint model files, and hold them against the data that they name.

    Findings go to stdout. Exit 1 if there are errors or warnings; notes are advice.
    """
    # NumPy, once imported, starts threads for products of matrices, which spin for a sixth of the time of a check.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    checked = [_check(path, gradients) for path in files]
    findings = [finding for one in checked for finding in one.findings]
    if form == "json":
        click.echo(json.dumps({"schema": 1, "findings": records(findings, strict)}))
    elif findings:
        click.echo(painted(findings))
    for one in checked:
        if one.code != Exit.BAD_INPUT:
            say(f"{one.path}: {summary(one.findings)}")
    return max(one.code for one in checked)


def _check(path: Path, gradients: bool) -> Checked:
    from dslc.findings import find

    try:
        findings = tuple(find(read_source(path), path.parent))
        if gradients and not any(finding.severity is Severity.ERROR for finding in findings):
            findings += _of_gradients(path)
    except (click.ClickException, DataError) as error:
        return Checked(path, (), ending(error))
    found = any(finding.severity is not Severity.NOTE for finding in findings)
    return Checked(path, findings, Exit.FINDINGS if found else Exit.OK)


def _of_gradients(path: Path) -> tuple[Diagnostic, ...]:
    from dslc.own_gradients import wrong_gradients
    from dslc.syntax.parse import parse
    from dslc.uses import with_uses

    return tuple(wrong_gradients(with_uses(parse(read_source(path)), path.parent)))


def records(findings: Iterable[Diagnostic], strict: bool) -> list[dict[str, str | int | None]]:
    """The findings as `--format json` lists them; `strict` makes warnings errors."""
    rows = to_records(list(findings))
    if strict:
        rows = [{**row, "severity": "error" if row["severity"] == "warning" else row["severity"]} for row in rows]
    return rows


def summary(findings: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 note`, or `no findings`."""
    severities = [finding.severity for finding in findings]
    counts = [(severities.count(severity), severity.value) for severity in Severity]
    return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count) or "no findings"
