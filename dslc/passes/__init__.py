"""The passes: each a function from graph to graph that keeps every output's value, listed here in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from dslc.graph.graph import Graph
from dslc.graph.verify import BrokenGraph, verify
from dslc.passes.bodies import in_bodies
from dslc.passes.extrema import extrema
from dslc.passes.one_hot import one_hot
from dslc.passes.powers import powers
from dslc.passes.prune import prune
from dslc.passes.settle import settle
from dslc.passes.share import share
from dslc.passes.simplify import simplify
from dslc.passes.stabilise import stabilise
from dslc.passes.windows import windows

Pass: TypeAlias = Callable[[Graph], Graph]

_BEFORE: tuple[Pass, ...] = (simplify, stabilise, extrema, simplify)
_AFTER: tuple[Pass, ...] = (settle, one_hot, simplify, windows, powers, share, prune)


def _steps_before(graph: Graph) -> Graph:
    return in_bodies(graph, _BEFORE)


def _steps_after(graph: Graph) -> Graph:
    return in_bodies(graph, _AFTER)


BEFORE_DIFFERENTIATION: tuple[Pass, ...] = (*_BEFORE, _steps_before)
AFTER_DIFFERENTIATION: tuple[Pass, ...] = (*_AFTER, _steps_after, prune)


def apply(graph: Graph, passes: Sequence[Pass]) -> Graph:
    """The passes in order, verified after each; BrokenGraph names the pass that broke a law."""
    for each in passes:
        try:
            graph = verify(each(graph))
        except BrokenGraph as fault:
            raise BrokenGraph(f"after {each.__name__}: {fault}") from fault
    return graph
