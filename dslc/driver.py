"""The whole compiler on one screen.

    text -> syntax tree -> experiment (graphs) -> gradients and updates -> passes -> program -> executable
    '------------- front.py -----------------'    '------ entries.py ---------'    '-- lowering --'

`Compilation` keeps what the arrows made, so that `dslc show --stage` can print any of it; its later stages are
made when first asked for. A backend makes the program an executable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from dslc.entries import ENTRIES, graph_of, optimise, whole_part_of
from dslc.front import Front
from dslc.graph.by_name import GraphsByName
from dslc.graph.graph import Graph
from dslc.lowering.lower import draft_program, lower
from dslc.lowering.plan import Layout
from dslc.program.program import Element, Program
from dslc.program.verify import verify

SMALLEST_BATCH = 64
"""Rows that `batch all` has room for before it knows its data: a saved model predicts that many at a time."""


@dataclass(frozen=True)
class Compilation(Front):
    """A model file on its way to a program."""

    @cached_property
    def graphs(self) -> Mapping[str, Graph]:
        """The entries' graphs before any optimisation: the meaning."""
        return GraphsByName(ENTRIES, lambda name: graph_of(self.experiment, name))

    @cached_property
    def optimised(self) -> Mapping[str, Graph]:
        return GraphsByName(ENTRIES, lambda name: optimise(self.graphs[name], self.experiment))

    @cached_property
    def whole_part(self) -> Graph:
        """The metrics that need a part at once, which no program computes."""
        return whole_part_of(self.experiment)

    def program(
        self, real: Element, entries: Iterable[str], training_rows: int, capacity: int | None = None
    ) -> Program:
        """The program with the entries asked for, in float32 or float64.

        Its batches have room for `capacity` rows; by default for the file's `batch`, or for all `training_rows` where
        the file asks for `batch all`.
        """
        return self.lowered(self._chosen(entries), real, training_rows, capacity)

    def _chosen(self, entries: Iterable[str]) -> dict[str, Graph]:
        """Their graphs; `health` only where the file does not do without, `predict` only where the net predicts."""
        wanted = {"health": self.experiment.loop.health, "predict": bool(self.experiment.heads)}
        asked = (name for name in entries if wanted.get(name, True))
        return {name: self.optimised[name] for name in asked}

    def lowered(
        self, entries: Mapping[str, Graph], real: Element, training_rows: int, capacity: int | None = None
    ) -> Program:
        """The program of these optimised graphs; only one that trains has the optimizer's state."""
        capacity = capacity or self.experiment.loop.batch or max(SMALLEST_BATCH, training_rows)
        kept = self.experiment if "train" in entries else replace(self.experiment, states=())
        return verify(lower(entries, kept, real, capacity))

    def layout(self, real: Element, entries: Iterable[str], capacity: int) -> Layout:
        """What needs a place in the arena of the program with these entries, in batches of this kind: small or not."""
        return draft_program(self._chosen(entries), self.experiment, real, capacity).layout
