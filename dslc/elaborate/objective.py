"""`loss`: what is minimised, and what is reported.

    objective    (1 / rows) * sum of w_i * l_i over the rows present, plus the penalties once
    sums.loss    sum of w_i * l_i          sums.weight   sum of w_i

The objective's top-level sum falls into terms that depend on an example (l) and terms that do not (penalties).
Objectives with names are told apart as `objective.NAME`; what they sum to is the objective that is reported.
A term that is not one number per example counts with its elements' mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dslc.data.schema import Schema
from dslc.elaborate import batching
from dslc.elaborate.arithmetic import as_tensor, clock, operand, operate
from dslc.elaborate.errors import Cascade, Fault, NotALoss
from dslc.elaborate.experiment import OBJECTIVE
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import Head
from dslc.elaborate.names import resolve
from dslc.elaborate.net import target_of
from dslc.elaborate.scope import MEANINGS, Scope
from dslc.elaborate.totals import Totals
from dslc.elaborate.values import Poison, Tensor, Tensors, Value
from dslc.graph.graph import NodeId, TensorType
from dslc.ops.leaf import LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.scalar import functions
from dslc.scalar.types import ROWS
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import BinaryOp, DefinitionKind


def loss_frame(frame: Frame, schema: Schema, heads: Sequence[Head], mentioned: set[str]) -> Frame:
    """The net's frame, seen by `loss` and metrics: its names, the heads', `weights`, `parameters`.

    The only head's prediction and target go by `prediction` and `target`. `mentioned` are the names that the loss uses:
    the target of a net without `predict` goes by its own name only there.
    """
    scope = Scope(frame.scope)
    heads = tuple(replace(head, target=target_of(frame, schema, head)) for head in heads)
    span = schema.span
    if len(heads) == 1:
        scope.bind("prediction", heads[0].prediction, span)
        if heads[0].target:
            scope.bind("target", heads[0].target, span)
    for head in heads:
        if head.stated and head.name not in MEANINGS:  # a fault already where it is
            scope.bind(head.name, head.prediction, span)
    parameters = tuple(
        Tensor(frame.draft, frame.draft.leaf(LeafRole.PARAMETER, p.name, TensorType(p.shape)), p.shape, False, p.span)
        for p in frame.session.parameters.values()
        if frame.training and p.trained
    )
    scope.bind("weights", Tensors(tuple(p for p in parameters if len(p.shape) >= 2)), span)
    scope.bind("parameters", Tensors(parameters), span)
    kinds = (DefinitionKind.LOSS, DefinitionKind.ACTIVATION)
    inner = replace(frame.at(""), scope=scope, kinds=kinds, heads=heads, net=scope, predicted=None)
    _carry(inner, schema)
    for head in heads:
        target = head.target
        field = schema.target_named(head.name)
        if not head.stated and isinstance(target, Tensor) and head.name in mentioned - {"target"}:
            try:
                if field and field.reconstructs:  # as the net's input it has the name already
                    scope.bind(head.name, target, target.span)
                    continue
                scope.introduce(head.name, target, target.span)
            except Fault as fault:
                inner.report(fault)
    return inner.about(heads[0]) if len(heads) == 1 else inner


def _carry(frame: Frame, schema: Schema) -> None:
    """The names of what the data block carries to losses and metrics."""
    for field in schema.carried:
        frame.locate(field.span)
        node = frame.draft.leaf(LeafRole.TARGET, field.name, TensorType((ROWS, *field.shape)))
        try:
            frame.scope.introduce(
                field.name, Tensor(frame.draft, node, field.shape, True, field.span, maker=field.name), field.span
            )
        except Fault as fault:
            frame.report(fault)


def objective(frame: Frame, expression: ast.Expression) -> dict[str, NodeId] | None:
    """The outputs of `forward`; None where the loss has a fault, which is then reported."""
    try:
        data, penalties = _parts(frame, expression)
        frame.locate(expression.span)
        sums = reported(frame, data, expression.span)
        span = frame.here(expression.span)
        total = batching.scalar(frame.draft, sums["sums.loss"], span)
        mean = batching.map_(functions.divide, (total, clock(frame.draft, "rows", span)), span)
        for penalty in penalties:
            mean = batching.map_(functions.add, (mean, penalty), span)
    except Cascade:
        return None
    except Fault as fault:
        frame.report(fault)
        return None
    return {"objective": mean.node, **sums}


def objectives(frame: Frame, named: Sequence[ast.Objective]) -> dict[str, NodeId] | None:
    """The outputs of `forward` for objectives with names: each as `objective.NAME` and `sums.K`, and their sums."""
    found = [(each.name, objective(frame, each.value)) for each in named]
    outputs: dict[str, NodeId] = {}
    whole: dict[str, NodeId] = {}
    for number, (name, own) in enumerate(found, 1):
        if own is None or name is None:
            continue
        outputs |= {OBJECTIVE + name.text: own["objective"], f"sums.{number}": own["sums.loss"]}
        add = frame.draft.add
        frame.locate(name.span)
        whole |= {
            key: add(Map(functions.add), whole[key], node) if key in whole and key != "sums.weight" else node
            for key, node in own.items()
        }
    return None if any(own is None for _, own in found) else whole | outputs


def data_losses(frame: Frame, named: Sequence[ast.Objective], totals: Totals) -> dict[str, NodeId] | None:
    """Over a part the mean of each objective with a name, from `totals`, as outputs of `finish`; None at a fault."""
    found: dict[str, NodeId] = {}
    for each in named:
        try:
            data = _parts(frame, each.value)[0]
            found[each.name.text if each.name else ""] = totals.gather(data, True, each.value.span, pooled=True).node
        except Cascade:
            return None
        except Fault as fault:
            frame.report(fault)
            return None
    return found


def data_loss(frame: Frame, expression: ast.Expression) -> dict[str, NodeId] | None:
    """The outputs `sums.weight` and `sums.loss` of `evaluate`."""
    try:
        return reported(frame, _parts(frame, expression)[0], expression.span)
    except Cascade:
        return None
    except Fault as fault:
        frame.report(fault)
        return None


def reported(frame: Frame, data: Tensor, span: Span) -> dict[str, NodeId]:
    draft = frame.draft
    frame.locate(span)
    weight = draft.leaf(LeafRole.EXAMPLE_WEIGHT, "", TensorType((ROWS,)))
    loss = batching.over_examples(batching.mean(data, None, span), frame.here(span))
    return {"sums.weight": draft.add(Reduce(ReduceKind.SUM, (0,)), weight), "sums.loss": loss}


def _parts(frame: Frame, expression: ast.Expression) -> tuple[Tensor, list[Tensor]]:
    """The loss of one example, and the penalties. Raises Fault, or Cascade."""
    data: Tensor | None = None
    penalties: list[Tensor] = []
    faulty = False
    for negative, term in terms(expression):
        value = _term(frame, term)
        if isinstance(value, Poison):
            faulty = True
            continue
        if negative:
            value = operate(frame, functions.negate, (value,), term.span)
        if isinstance(value, Tensors):
            value = operand(value, term.span)
        frame.locate(term.span)
        span = frame.here(term.span)
        part = batching.mean(as_tensor(frame.draft, operand(value, term.span), span), None, span)
        if part.batched and frame.training:
            frame.session.per_example.add(term.span)
        elif term.span in frame.session.per_example:  # what is random in it has its mean when it is evaluated
            part = batching.spread(part, part.shape, True)
        if not part.batched:
            penalties.append(part)
        else:
            data = part if data is None else batching.map_(functions.add, (data, part), span)
    if faulty:
        raise Cascade
    if data is None:
        raise Fault(NotALoss(expression.span, "the loss does not depend on the examples"))
    return data, penalties


def _term(frame: Frame, term: ast.Expression) -> Value:
    """The term's value. One word names a loss, or something of the net: what is neither is a fault without the data."""
    try:
        if isinstance(term, ast.Name):
            resolve(frame, term)
    except Fault as fault:
        return frame.report(fault)
    return frame.evaluate(term)


def terms(expression: ast.Expression) -> Iterator[tuple[bool, ast.Expression]]:
    """The terms of a sum, each with whether it is subtracted."""
    pending: list[tuple[bool, ast.Expression]] = [(False, expression)]
    while pending:
        negative, term = pending.pop()
        match term:
            case ast.Binary(op=BinaryOp.ADD | BinaryOp.SUBTRACT as op, left=left, right=right):
                pending += [(negative != (op is BinaryOp.SUBTRACT), right), (negative, left)]
            case ast.Unary(op=ast.UnaryOp.MINUS, operand=inner):
                pending.append((not negative, inner))
            case _:
                yield negative, term
