"""The threshold that makes a metric best on the validation rows, tried on their probabilities one by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dslc.elaborate.experiment import THRESHOLD, Threshold
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Graph, NodeId
from dslc.ops.leaf import Leaf, LeafRole
from dslc.program.arena import NUMPY
from dslc.program.backend import Integers, Reals
from dslc.program.program import Element
from dslc.runtime.rows import Rows
from dslc.runtime.whole_part import leaves_of

MOST = 1_000
"""Thresholds that are tried: of more probabilities as many quantiles."""


def best_threshold(
    threshold: Threshold, predicted: Mapping[str, Array], rows: Rows, chosen: Integers, real: Element
) -> float | None:
    """The lowest of those that are best, between two probabilities of the rows numbered `chosen`.

    `predicted` are the rows' results of `predict`, in that order. None where the metric is no number.
    """
    tried: Array = candidates(np.asarray(predicted[f"probability.{threshold.head}"], np.float64)).astype(NUMPY[real])
    leaves = leaves_of(threshold.graph, predicted, rows, chosen, {THRESHOLD: np.asarray(0.0)})
    node, value = _leaf(threshold.graph), threshold.graph.outputs["value"]
    with np.errstate(all="ignore"):
        fixed = _fixed(threshold.graph, node, leaves, len(chosen))
        found = [
            float(evaluate(threshold.graph, fixed | {node: np.asarray(t, np.float64)}, len(chosen), [value])[value])
            for t in tried
        ]
    ranks = np.asarray(found) if threshold.higher else -np.asarray(found)
    return None if np.isnan(ranks).all() else float(tried[np.nanargmax(ranks)])


def candidates(probabilities: Reals) -> Reals:
    """Rising, without repetition: one below all of the probabilities, one between any two neighbours, one above all."""
    distinct = np.unique(probabilities[~np.isnan(probabilities)])
    if len(distinct) > MOST:
        distinct = distinct[np.linspace(0, len(distinct) - 1, MOST).round().astype(np.int64)]
    edges = np.concatenate(([0.0], distinct, [1.0]))
    return np.unique((edges[1:] + edges[:-1]) / 2)


def _leaf(graph: Graph) -> NodeId:
    """Where the threshold enters."""
    named = (LeafRole.PARAMETER, THRESHOLD)
    (found,) = (n.id for n in graph.nodes if isinstance(n.op, Leaf) and (n.op.role, n.op.name) == named)
    return found


def _fixed(graph: Graph, moving: NodeId, leaves: Mapping[NodeId, Array], rows: int) -> dict[NodeId, Array]:
    """What is read by nodes that depend on `moving`, and does not depend on it: computed once."""
    after, read = {moving}, set[NodeId]()
    for node in graph.nodes:
        if after.intersection(node.inputs):
            after.add(node.id)
            read.update(node.inputs)
    return evaluate(graph, leaves, rows, sorted(read - after))
