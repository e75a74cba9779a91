"""`dslc show NAME`: a definition of the library as it is written, its tree, its graph or its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING

import click

from dslc.diagnostics import did_you_mean
from dslc.elaborate.prelude import Entry, index, named
from dslc.syntax import text as syntax_text
from dslc.syntax.ast import Module

if TYPE_CHECKING:
    from dslc.graph.graph import Graph

WIDTH = 80
"""Columns of a formula's line."""


def view(name: str, stage: str | None) -> str:
    """The definitions of `name`, one after the other where several kinds share it. Raises click.UsageError."""
    entries = named(name)
    if not entries:
        hint = did_you_mean(name, {entry.name for entry in index().values()})
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
        case "graph":
            graph = _alone(entry)
            return _formulas(graph, {name: name.replace("value", entry.name) for name in graph.outputs})
        case "grad":
            graph = _alone(entry)
            if "value" not in graph.outputs:
                raise click.UsageError(f"`{entry.name}` has no gradient: it is what uses one; see --stage graph")
            from dslc.entries import simplified_gradients

            gradients = simplified_gradients(graph, "value")
            return _formulas(gradients, {name: f"d {entry.name} / d {name}" for name in gradients.outputs})
        case _:
            raise click.UsageError(f"--stage {stage} is for files; a definition has ast, graph and grad")


def _alone(entry: Entry) -> Graph:
    # What elaborates costs a third of a second to import, which printing a definition need not pay.
    from dslc.elaborate.definition import elaborate_definition, stand_in

    definition = entry.parsed()
    return elaborate_definition(definition, stand_in(definition)).graph


def _formulas(graph: Graph, titles: Mapping[str, str]) -> str:
    """Each output as `title = formula`, above the large parts that it uses more than once.

    An output that goes into another, as Adam's moments into its update, stands before it and is called by its name.
    """
    from dslc.graph.text import formula

    lines: list[str] = []
    named = {node: name for name, node in graph.outputs.items() if titles[name] == name}
    for output, title in sorted(titles.items(), key=lambda item: graph.outputs[item[0]] if named else 0):
        node = graph.outputs[output]
        *parts, value = formula(graph, node, {key: name for key, name in named.items() if key != node}).splitlines()
        lines += [f"{title} = {value}", *(f"  where {part}" for part in parts)]
    return "\n".join(fill(line, WIDTH, subsequent_indent="      ", break_on_hyphens=False) for line in lines)
