"""Watched metrics: a quantity per example, averaged over the part, or a formula over such averages.

Most are sums over the batches, put together in `finish`; one that ranks rows is about the whole part (whole_part.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from dslc.data.schema import Schema
from dslc.elaborate import batching
from dslc.elaborate.arguments import evaluated, head_of
from dslc.elaborate.arithmetic import operand
from dslc.elaborate.builtins import probability
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Duplicate, Fault, Unexpected
from dslc.elaborate.experiment import Metric
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import IDENTITY, SHARES, Head
from dslc.elaborate.names import resolve
from dslc.elaborate.objective import loss_frame
from dslc.elaborate.scope import Scope
from dslc.elaborate.totals import Totals
from dslc.elaborate.values import Poison, Stage, Tensor, Value, kind_of
from dslc.elaborate.whole_part import KINDS, WholePart
from dslc.graph.graph import NodeId, Role
from dslc.ops.leaf import LeafRole
from dslc.source import Span
from dslc.syntax import ast

Place: TypeAlias = Callable[[ast.Name | ast.Call], tuple[Frame, dict[str, NodeId]]]
"""Where a watched metric is written: its frame, and the outputs that its value is one of."""


def watch(place: Place, watched: Sequence[ast.Name | ast.Call]) -> list[Metric]:
    """The metrics in order that are numbers; tables are among the outputs alone."""
    numbers: list[Metric] = []
    first: dict[str, Span] = {}
    for use in watched:
        frame, outputs = place(use)
        # Of several predictions a bare name is about each in turn.
        for head in frame.heads if isinstance(use, ast.Name) and len(frame.heads) > 1 else (None,):
            try:
                definition = _definition(frame, use)
                metric, value = _metric(frame.about(head), definition, use, head)
                if metric.name in first:
                    raise Fault(Duplicate(use.span, f"`{metric.name}`", first[metric.name]))
                first[metric.name] = metric.span
                numbers += [] if definition.table else [metric]
                outputs[metric.name] = _table(frame, value, use) if definition.table else _total(frame, value, use)
            except Cascade:
                continue
            except Fault as fault:
                frame.report(fault)
    return numbers


def measured(frame: Frame, use: ast.Name | ast.Call, head: Head | None) -> tuple[Metric, NodeId]:
    """A metric, about this head if there are several, and its value. Raises Fault, Cascade."""
    metric, value = _metric(frame.about(head), _definition(frame, use), use, head)
    return metric, _total(frame, value, use)


def linked(frame: Frame) -> tuple[Head, ...]:
    """The heads as metrics see them: of values under a link, what the link yields, which is what `predict` gives."""
    return tuple(_linked(frame, head) for head in frame.heads)


def _linked(frame: Frame, head: Head) -> Head:
    if head.link.name != SHARES or head.link.classes or not isinstance(head.prediction, Tensor):
        return head
    frame.locate(head.prediction.span)
    value = probability(frame.about(head), head.prediction, head.prediction.span)
    return replace(head, prediction=value, link=IDENTITY) if isinstance(value, Tensor) else head


def metric_frame(frame: Frame, totals: Totals | WholePart) -> Frame:
    """What a loss sees, seen by metrics."""
    return replace(frame, kinds=KINDS, role=Role.METRIC, totals=totals)


def whole_part_frame(net: Frame, schema: Schema, heads: Sequence[Head], mentioned: set[str]) -> Frame:
    """As metrics of a whole part see it: instead of the net there is what it predicts, and the lets are numbers."""
    session = net.session
    part = WholePart(Draft(session.fixed), frozenset(net.scope.names()) - {*session.root.names()})
    frame = Frame(session, Scope(session.root), part.draft, False, KINDS)
    seen = tuple(
        replace(head, prediction=part.leaf(LeafRole.PREDICTION, head.name, head.prediction))
        if isinstance(head.prediction, Tensor)
        else head
        for head in heads
    )
    return metric_frame(loss_frame(frame, schema, seen, mentioned), part)


def _definition(frame: Frame, use: ast.Name | ast.Call) -> ast.Definition:
    name = _name(use)
    stage = resolve(replace(frame, kinds=KINDS[:1]), name)
    if not isinstance(stage, Stage) or not isinstance(stage.callee, ast.Definition):
        raise Fault(Unexpected(name.span, kind_of(stage), "a metric"))
    return stage.callee


def _name(use: ast.Name | ast.Call) -> ast.Name:
    return use if isinstance(use, ast.Name) else use.callee


def _metric(
    frame: Frame, definition: ast.Definition, use: ast.Name | ast.Call, head: Head | None
) -> tuple[Metric, Value]:
    """The metric, and its value; among several predictions it is called after its own: `heating.mae`."""
    name = _name(use)
    given = () if isinstance(use, ast.Name) else evaluated(frame, use.arguments)
    if len(frame.heads) > 1:
        head = head_of(frame, definition, given)
    called = f"{head.name}.{name.text}" if head else name.text
    metric = Metric(called, definition.higher is not False, name.span)
    try:
        return metric, frame.call(definition, given, use.span)
    except Fault as fault:
        return metric, frame.report(fault)


def _table(frame: Frame, value: Value, use: ast.Name | ast.Call) -> NodeId:
    """The tensor that a table is. Raises Fault for one per example, and for a number."""
    if isinstance(value, Poison):
        raise Cascade
    if not isinstance(value, Tensor) or value.batched or not value.shape:
        raise Fault(Unexpected(use.span, kind_of(value), "a tensor over all examples"))
    return value.node


def _total(frame: Frame, value: Value, use: ast.Name | ast.Call) -> NodeId:
    """The metric over a part, in the graph that yields it."""
    if isinstance(value, Poison) or frame.totals is None:
        raise Cascade
    quantity = operand(value, use.span)
    frame.locate(use.span)
    if isinstance(quantity, Tensor) and frame.totals.is_total(quantity):
        return batching.mean(quantity, None, use.span).node
    return frame.totals.gather(quantity, True, use.span, pooled=True).node
