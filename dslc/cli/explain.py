"""`dslc explain CODE`: the long form of a diagnostic, which is the docstring of its class; without CODE, all codes."""

from __future__ import annotations

import json
import re
from importlib import import_module
from inspect import cleandoc
from textwrap import fill, wrap

import click

from dslc.cli.options import format_option
from dslc.diagnostics import Diagnostic, did_you_mean

SOURCES = (
    "dslc.diagnostics",
    "dslc.syntax.errors",
    "dslc.data.errors",
    "dslc.elaborate.errors",
    "dslc.elaborate.base_errors",
    "dslc.data.sequence_errors",
    "dslc.elaborate.group_errors",
    "dslc.elaborate.derivative_errors",
    "dslc.elaborate.use_errors",
    "dslc.lowering.errors",
    "dslc.runtime.errors",
)
"""The modules that define diagnostics."""

WIDTH = 80

PRINTED = re.compile(r"(?:error|warning|note)\[(.*)\]:?")
"""A code as it is printed."""


@click.command("explain")
@click.argument("code", required=False)
@format_option
def command(code: str | None, form: str) -> None:
    """Say what an error code means: the word in brackets after `error`, `warning` or `note`.

    Without CODE, list all codes.
    """
    kinds = diagnostics()
    meant = kinds if code is None else _meant(code, kinds)
    if form == "json":
        records = [
            {"code": kind.code, "severity": kind.severity.value, "message": headline(kind), "text": _text(kind)}
            for kind in meant
        ]
        click.echo(json.dumps({"schema": 1, "diagnostics": records}))
    elif code is None:
        click.echo("\n".join(_list(kinds)))
    else:
        click.echo("\n\n".join(explanation(kind) for kind in meant))


def _meant(code: str, kinds: list[type[Diagnostic]]) -> list[type[Diagnostic]]:
    match = PRINTED.fullmatch(code)
    code = match[1] if match else code
    meant = [kind for kind in kinds if kind.code == code]
    if not meant:
        codes = {kind.code for kind in kinds}
        raise click.UsageError(f"no diagnostic has the code `{code}`{did_you_mean(code, codes)}")
    return meant


def diagnostics() -> list[type[Diagnostic]]:
    """Every diagnostic of every stage, those of one module in the order in which it defines them."""
    return [
        value
        for module in SOURCES
        for value in vars(import_module(module)).values()
        if isinstance(value, type)
        and issubclass(value, Diagnostic)
        and value is not Diagnostic
        and value.__module__ == module
        and hasattr(value, "code")
    ]


def headline(kind: type[Diagnostic]) -> str:
    """The message with `...` for what a file fills in."""
    return re.sub(r"\{\w+\}", "...", kind.message)


def explanation(kind: type[Diagnostic]) -> str:
    """`error[unknown-name]: ...`, then the docstring, in lines of at most `WIDTH`."""
    head = _filled(f"{kind.severity.value}[{kind.code}]: {headline(kind)}")
    return "\n\n".join([head, *map(_filled, _text(kind).split("\n\n"))])


def _text(kind: type[Diagnostic]) -> str:
    return cleandoc(kind.__doc__ or "")


def _filled(paragraph: str) -> str:
    return fill(" ".join(paragraph.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def _list(kinds: list[type[Diagnostic]]) -> list[str]:
    """Each code with its first sentence; several of one code below one another."""
    rows = sorted({(kind.code, _first_sentence(_text(kind))) for kind in kinds})
    width = max(len(code) for code, _ in rows)
    lines: list[str] = []
    before = ""
    for code, sentence in rows:
        first, *others = wrap(sentence, WIDTH - width - 2, break_on_hyphens=False)
        lines.append(f"{code if code != before else '':<{width}}  {first}")
        lines += [f"{'':<{width}}  {other}" for other in others]
        before = code
    return lines


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a word outside backticks, without it."""
    plain = " ".join(text.split())
    stops = (match.start() for match in re.finditer(r"\.(?= |$)", plain))
    return next((plain[:stop] for stop in stops if plain.count("`", 0, stop) % 2 == 0), plain)
