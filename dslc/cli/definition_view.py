"""`dslc show NAME`: a definition of the library as it is written, its tree, its graph or its gradients."""

from __future__ import annotations

import click

from dslc.diagnostics import nearest
from dslc.elaborate.prelude import Entry, index, named
from dslc.syntax import text as syntax_text
from dslc.syntax.ast import Module


def view(name: str, stage: str | None) -> str:
    """The definitions of `name`, one after the other where several kinds share it. Raises click.UsageError."""
    entries = named(name)
    if not entries:
        known = nearest(name, {entry.name for entry in index().values()})
        hint = f"; did you mean `{known}`?" if known else ""
        raise click.UsageError(f"`{name}` is neither a file nor a definition of the library{hint}")
    return "\n\n".join(_view(entry, stage) for entry in entries)


def _view(entry: Entry, stage: str | None) -> str:
    match stage:
        case None:
            return f"# prelude/{entry.file}:{entry.line}\n" + "\n".join(
                filter(None, (entry.comment, entry.text.rstrip()))
            )
        case "ast":
            definition = entry.parsed()
            return syntax_text.to_text(Module(definition.span, (definition,))).rstrip()
        case _:
            raise click.UsageError(f"--stage {stage} is for files; a definition has ast, graph and grad")
