"""`dslc explain CODE`: the long form of a diagnostic, which is the docstring of its class."""

from __future__ import annotations

from importlib import import_module
from inspect import cleandoc

import click

from dslc.diagnostics import Diagnostic, nearest

SOURCES = (
    "dslc.diagnostics",
    "dslc.syntax.errors",
    "dslc.data.errors",
    "dslc.elaborate.errors",
    "dslc.lowering.errors",
)
"""The modules that define diagnostics."""


@click.command("explain", help="Say what an error code means: the word in brackets after `error`, `warning` or `note`.")
@click.argument("code")
def command(code: str) -> None:
    kinds = diagnostics()
    meant = [kind for kind in kinds if kind.code == code]
    if not meant:
        known = nearest(code, {kind.code for kind in kinds})
        raise click.UsageError(f"no diagnostic has the code `{code}`" + (f"; did you mean `{known}`?" if known else ""))
    click.echo("\n\n".join(explanation(kind) for kind in meant))


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


def explanation(kind: type[Diagnostic]) -> str:
    """`error[unknown-name]: ...`, then the docstring."""
    head = f"{kind.severity.value}[{kind.code}]: {kind.message}"
    return f"{head}\n\n{cleandoc(kind.__doc__ or '')}"
