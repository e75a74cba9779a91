"""`threshold best f1`: whose decisions it is about, the weight that holds it, and the metric as a function of it.

Under a sigmoid the second class is decided above a probability of one half. The statement makes that number a weight,
`threshold`, which no optimizer moves: it is chosen when training has ended, on the validation rows as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Fault, NoThreshold, NoValidation, SeveralPredictions
from dslc.elaborate.experiment import THRESHOLD, Threshold
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame
from dslc.elaborate.metrics import measured
from dslc.elaborate.survey import Losses, MainLoss
from dslc.graph.graph import Graph
from dslc.ops.leaf import Constant, Leaf, LeafRole
from dslc.scalar.types import DType
from dslc.syntax import ast

USUAL = 0.5
"""The threshold until one is chosen."""


def decided_by(losses: Losses, statement: ast.ThresholdBest | None) -> Losses:
    """The losses, of which one has a link whose threshold is chosen. Raises Fault where there is none to choose."""
    if statement is None or not any(loss.name for loss in losses.by_head.values()):
        return losses
    head = _head(losses.by_head, statement.metric)
    loss = losses.by_head[head]
    return losses.replaced(by_head={**losses.by_head, head: loss.replaced(link=loss.link.replaced(chosen=True))})


def _head(losses: Mapping[str, MainLoss], metric: ast.Name | ast.Call) -> str:
    """The one that the metric is called on, or the only one that is decided by a probability."""
    decided = [name for name, loss in losses.items() if loss.link.name == "sigmoid" and loss.link.classes]
    arguments = metric.arguments if isinstance(metric, ast.Call) and len(losses) > 1 else ()
    named = [a.value.text for a in arguments if isinstance(a.value, ast.Name) and a.value.text in losses]
    chosen = named[:1] or decided
    if len(chosen) > 1:
        name, names = metric.span.text, ", ".join(f"`{each}`" for each in chosen)
        raise Fault(SeveralPredictions(metric.span, name, f"{name}({chosen[0]})", names))
    if not chosen or chosen[0] not in decided:
        raise Fault(NoThreshold(metric.span, f"`{chosen[0]}` is not" if named else "no prediction is"))
    return chosen[0]


def best_threshold(part: Frame, statement: ast.ThresholdBest, validated: bool) -> Threshold | None:
    """The metric over a whole part, in the frame of one, as a graph that reads the weight; None without a head for it.

    Raises Fault for a metric that does not depend on it, and where there is no part to choose it on; Cascade.
    """
    head = next((head for head in part.heads if head.link.chosen), None)
    if head is None:
        return None
    if not validated:
        raise Fault(NoValidation(statement.span, "threshold best"))
    metric, node = measured(part, statement.metric, head if len(part.heads) > 1 else None)
    graph = part.draft.graph({"value": node})
    if not _reads_threshold(graph, node):
        raise Fault(NoThreshold(statement.metric.span, f"`{metric.name}` is of nothing that is"))
    return Threshold(head.name, metric.name, metric.higher, graph, statement.span)


def _reads_threshold(graph: Graph, node: int) -> bool:
    reached = {node}
    for each in reversed(graph.nodes):
        if each.id in reached:
            reached.update(each.inputs)
            if isinstance(each.op, Leaf) and (each.op.role, each.op.name) == (LeafRole.PARAMETER, THRESHOLD):
                return True
    return False


def weights_of(threshold: Threshold | None) -> tuple[Parameter, ...]:
    """The weight, if there is one."""
    if threshold is None:
        return ()
    draft = Draft()
    usual = draft.graph({"value": draft.add(Constant(USUAL, DType.REAL))})
    return (Parameter(THRESHOLD, (), usual, threshold.span, trained=False),)
