"""Metrics of a whole part: their graph, evaluated by its meaning on what the net has predicted of all its rows.

They need an order of all rows, which no entry has. The graph's REAL is float64, whatever the program predicts in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Graph, NodeId
from dslc.ops.leaf import NUMPY, Leaf, LeafRole
from dslc.program.backend import Integers
from dslc.runtime.rows import Rows


def whole_part(
    graph: Graph,
    wanted: Collection[str],
    predicted: Mapping[str, Array],
    rows: Rows,
    chosen: Integers,
    weights: Mapping[str, Array],
) -> dict[str, Array]:
    """These outputs, numbers or tables, over the rows numbered `chosen`. What divides by nothing is NaN."""
    leaves = leaves_of(graph, predicted, rows, chosen, weights)
    with np.errstate(all="ignore"):
        values = evaluate(graph, leaves, len(chosen), [graph.outputs[name] for name in wanted])
    return {name: values[graph.outputs[name]] for name in wanted}


def columns_in(graph: Graph) -> tuple[str, ...]:
    """The outputs that are numbers, and so columns of a history."""
    return tuple(name for name, node in graph.outputs.items() if not graph.type(node).shape)


def leaves_of(
    graph: Graph, predicted: Mapping[str, Array], rows: Rows, chosen: Integers, weights: Mapping[str, Array]
) -> dict[NodeId, Array]:
    """The graph's leaves; `predicted` are the rows' results of `predict`, in the order of `chosen`.

    Examples weigh what the rows say; of the model's `weights` such a graph sees the threshold alone.
    """
    return {
        node.id: np.asarray(_leaf(node.op, predicted, rows, chosen, weights), NUMPY[node.type.dtype])
        for node in graph.nodes
        if isinstance(node.op, Leaf)
    }


def _leaf(
    leaf: Leaf, predicted: Mapping[str, Array], rows: Rows, chosen: Integers, weights: Mapping[str, Array]
) -> Array:
    """Raises ValueError for a leaf that such a graph cannot have: a bug in dslc."""
    match leaf.role:
        case LeafRole.PREDICTION:
            return predicted[f"prediction.{leaf.name}"]
        case LeafRole.TARGET:
            return rows.beside[leaf.name][chosen]
        case LeafRole.EXAMPLE_WEIGHT:
            return np.ones(len(chosen)) if rows.weight is None else rows.weight[chosen]
        case LeafRole.PARAMETER:
            return weights[leaf.name]
        case LeafRole.CLOCK if leaf.name == "rows":
            return np.asarray(len(chosen))
        case _:
            raise ValueError(f"a whole part has no {leaf.to_text()}")
