"""Training health: the share of dead units of every activation, over the validation rows.

A unit is dead that is 0 for every row: behind it nothing is learned, and before it nothing either, since its gradient
is 0 too (He et al. 2015, section 2.1; Maas et al. 2013). Of an image a unit is a channel. Whether an activation can
die is asked of its formula: those whose value is 0 far below 0, as relu, relu6, hard_swish and gelu are.

    evaluate  sums.3: [channels] how often a unit was not 0        finish  dead.conv.relu: [] the share that never was
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dslc.elaborate import batching
from dslc.elaborate.draft import Activation, Draft
from dslc.elaborate.experiment import DEAD
from dslc.elaborate.totals import Totals
from dslc.elaborate.values import Tensor
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Graph, NodeId, Origin, Role
from dslc.ops.reduce import ReduceKind
from dslc.scalar import functions
from dslc.scalar.types import number, sized

FAR_BELOW = -20.0
"""Where an activation that can die is 0."""


def dead_units(totals: Totals) -> dict[str, NodeId]:
    """The outputs of `finish` by name: `dead.` and the activation's path; their sums go into `totals`."""
    found: dict[str, NodeId] = {}
    for path, activation in _outermost(totals.examples):
        if _can_die(totals.examples, activation):
            for draft in (totals.examples, totals.draft):
                draft.at(Origin(activation.span, path, Role.METRIC))
            found[DEAD + path] = _share(totals, activation).node
    return found


def _outermost(draft: Draft) -> Iterator[tuple[str, Activation]]:
    """Those that are not part of another activation's formula, and have units."""
    for path, activation in draft.activations.items():
        inside = any(path.startswith(f"{other}.") for other in draft.activations)
        if not inside and len(draft.builder.type(activation.result).shape) > 1:
            yield path, activation


def _can_die(draft: Draft, activation: Activation) -> bool:
    """Whether it is 0 far below 0; one that depends on more than its operand and settings is taken not to."""
    graph = Graph(tuple(draft.builder.nodes), {"y": activation.result})
    operand = graph.nodes[activation.operand]
    given = np.full(sized(operand.type.shape, 1), FAR_BELOW)
    try:
        with np.errstate(all="ignore"):
            value = evaluate(graph, {operand.id: given}, 1, [activation.result])[activation.result]
    except ValueError:
        return False
    return bool((np.asarray(value) == 0).all())


def _share(totals: Totals, activation: Activation) -> Tensor:
    """The share of the units whose sum over the part is 0."""
    draft, span = totals.examples, activation.span
    shape = tuple(number(extent) for extent in draft.builder.type(activation.result).shape[1:])
    value = Tensor(draft, activation.result, shape, True, span)
    alive = batching.as_real(batching.map_(functions.not_equal, (value, batching.constant(draft, 0, span)), span))
    places = range(-len(shape), -1)
    rows = totals.gather(batching.reduce(ReduceKind.SUM, alive, places, span), False, span, pooled=False)
    none = batching.map_(functions.equal, (rows, batching.constant(totals.draft, 0, span)), span)
    return batching.mean(batching.as_real(none), None, span)
