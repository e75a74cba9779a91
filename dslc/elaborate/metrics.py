"""Watched metrics: a quantity per example, averaged over the part, or a formula over such averages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dslc.elaborate import batching
from dslc.elaborate.arguments import evaluated, head_of
from dslc.elaborate.arithmetic import operand
from dslc.elaborate.errors import Cascade, Duplicate, Fault, Unexpected
from dslc.elaborate.experiment import Metric
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import Head
from dslc.elaborate.names import resolve
from dslc.elaborate.totals import Totals
from dslc.elaborate.values import Poison, Stage, Tensor, Value, kind_of
from dslc.graph.graph import NodeId, Role
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

KINDS = (DefinitionKind.METRIC, DefinitionKind.LOSS, DefinitionKind.ACTIVATION)


def watch(
    frame: Frame, totals: Totals, watched: Sequence[ast.Name | ast.Call], outputs: dict[str, NodeId]
) -> list[Metric]:
    """The metrics in order; their totals go into `totals`, their final formulas into `outputs`."""
    inner = replace(frame, kinds=KINDS, role=Role.METRIC)
    metrics: dict[str, Metric] = {}
    for use in watched:
        # Of several predictions a bare name is about each in turn.
        for head in inner.heads if isinstance(use, ast.Name) and len(inner.heads) > 1 else (None,):
            try:
                metric, value = _metric(inner.about(head), use, head)
                if metric.name in metrics:
                    raise Fault(Duplicate(use.span, f"`{metric.name}`", metrics[metric.name].span))
                metrics[metric.name] = metric
                outputs[metric.name] = _total(inner, totals, value, use)
            except Cascade:
                continue
            except Fault as fault:
                frame.report(fault)
    return list(metrics.values())


def _metric(frame: Frame, use: ast.Name | ast.Call, head: Head | None) -> tuple[Metric, Value]:
    """The metric, and its value; among several predictions it is called after its own: `heating.mae`."""
    name = use if isinstance(use, ast.Name) else use.callee
    stage = resolve(replace(frame, kinds=KINDS[:1]), name)
    if not isinstance(stage, Stage) or not isinstance(stage.callee, ast.Definition):
        raise Fault(Unexpected(name.span, kind_of(stage), "a metric"))
    definition = stage.callee
    given = () if isinstance(use, ast.Name) else evaluated(frame, use.arguments)
    if len(frame.heads) > 1:
        head = head_of(frame, definition, given)
    metric = Metric(f"{head.name}.{name.text}" if head else name.text, definition.higher is not False, name.span)
    try:
        return metric, frame.call(definition, given, use.span)
    except Fault as fault:
        return metric, frame.report(fault)


def _total(frame: Frame, totals: Totals, value: Value, use: ast.Name | ast.Call) -> NodeId:
    """The metric over a part, in the graph that finishes it."""
    if isinstance(value, Poison):
        raise Cascade
    quantity = operand(value, use.span)
    frame.locate(use.span)
    if isinstance(quantity, Tensor) and quantity.home is totals.draft:
        return batching.mean(quantity, None, use.span).node
    return totals.gather(quantity, True, use.span, pooled=True).node
