"""`net`: from the inputs to the raw prediction, elaborated once for each graph that needs it."""

from __future__ import annotations

from dataclasses import replace

from dslc.data.schema import InputField, Schema
from dslc.elaborate import batching
from dslc.elaborate.block import run_block
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import DoubleLink, Fault, NotALoss, NoValue, Unexpected
from dslc.elaborate.frame import Frame, Link, Session
from dslc.elaborate.numbers import Number
from dslc.elaborate.scope import Scope
from dslc.elaborate.survey import MainLoss, references
from dslc.elaborate.values import POISON, Poison, Tensor
from dslc.graph.graph import TensorType
from dslc.ops.leaf import LeafRole
from dslc.scalar.types import ROWS, DType
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind


def net_frame(
    session: Session, module: ast.Module, schema: Schema, loss: MainLoss, draft: Draft, training: bool
) -> Frame:
    """The frame of `net` in a draft: the inputs that the file mentions, and `outputs`."""
    scope = Scope(session.root)
    kinds = (DefinitionKind.LAYER, DefinitionKind.ACTIVATION)
    frame = Frame(session, scope, draft, training, kinds, net=scope, link=loss.link)
    mentioned = references(module)
    for field in schema.inputs:
        names = [field.name, *(["inputs"] if len(schema.inputs) == 1 and field.name != "inputs" else [])]
        for name in sorted(mentioned.intersection(names)):
            try:
                scope.introduce(name, _input(frame, field, name), field.span)
            except Fault as fault:
                scope.bind(name, frame.report(fault), field.span)
    count = outputs(schema, loss.link)
    if count is not None and not scope.own("outputs"):
        scope.bind("outputs", Number(count), schema.span)
    return frame


def _input(frame: Frame, field: InputField, name: str) -> Tensor:
    frame.locate(field.span)
    node = frame.draft.leaf(LeafRole.INPUT, field.name, TensorType((ROWS, *field.shape)))
    frame.draft.named[name] = node
    return Tensor(frame.draft, node, field.shape, True, field.span, maker=name)


def outputs(schema: Schema, link: Link) -> int | None:
    """The width that target and link need: k classes, one for two classes under sigmoid or none, else the values."""
    target = schema.target
    if target is None:
        return None
    if target.classes is not None:
        return target.classes if link.name in ("softmax", "identity") else 1
    return target.shape[-1] if target.shape else 1


def run_net(frame: Frame, net: ast.Net | None, loss: MainLoss) -> Tensor | Poison:
    """The raw prediction, per example and real."""
    if net is None:
        return POISON
    value = run_block(frame, net.statements, "`net`", weights=False)
    head = net.statements[-1].span if net.statements else net.span
    if any(isinstance(statement, ast.Predict) for statement in net.statements):
        return POISON
    try:
        match value:
            case None:
                raise Fault(NoValue(head, "`net`"))
            case Poison():
                return POISON
            case Tensor(batched=True):
                prediction = batching.as_real(replace(value, holes=()))
            case Tensor() | Number():
                raise Fault(NotALoss(head, "the prediction does not depend on the inputs"))
            case _:
                raise Fault(Unexpected(head, "a layer without its input", "the prediction", "begin with an input"))
        if prediction.maker == loss.link.name and loss.name:
            raise Fault(DoubleLink(prediction.span, loss.name, loss.link.name, loss.span))
    except Fault as fault:
        return frame.report(fault)
    return prediction


def target_of(frame: Frame, schema: Schema) -> Tensor | Poison | None:
    """The target as a tensor: class ids as INT, values as REAL; None if there is none, poison if that is not known."""
    target = schema.target
    if not frame.session.data_known:
        return POISON
    if target is None:
        return None
    dtype = DType.REAL if target.classes is None else DType.INT
    frame.locate(target.span)
    node = frame.draft.leaf(LeafRole.TARGET, target.name, TensorType((ROWS, *target.shape), dtype))
    return Tensor(frame.draft, node, target.shape, True, target.span, maker=target.name, classes=target.classes)
