"""`net`: from the inputs to the raw predictions, elaborated once for each graph that needs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from dslc.data.schema import ONLY, InputField, Schema, TargetField
from dslc.elaborate import batching
from dslc.elaborate.block import run_block
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import (
    DoubleLink,
    Fault,
    NotALoss,
    NotPredicted,
    NoValue,
    Unexpected,
    Unpredicting,
)
from dslc.elaborate.frame import Frame, Session
from dslc.elaborate.heads import SHARES, Head, Link, Predicted
from dslc.elaborate.numbers import Number
from dslc.elaborate.scope import Scope
from dslc.elaborate.survey import Losses, MainLoss, references
from dslc.elaborate.values import POISON, Poison, Tensor, Value
from dslc.graph.graph import TensorType
from dslc.ops.leaf import LeafRole
from dslc.scalar.types import ROWS, DType
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

NO_TENSORS: Mapping[str, Tensor] = {}


def net_frame(
    session: Session,
    module: ast.Module,
    schema: Schema,
    losses: Losses,
    draft: Draft,
    training: bool,
    given: Mapping[str, Tensor] = NO_TENSORS,
) -> Frame:
    """The frame of `net` in a draft: the inputs that the file mentions, and `outputs` of the only target.

    `given` are tensors that stand for inputs.
    Where there are several targets, each `predict` has an `outputs` of its own.
    """
    scope = Scope(session.root)
    kinds = (DefinitionKind.LAYER, DefinitionKind.ACTIVATION)
    widths = {name: outputs(schema.target_named(name), loss.link) for name, loss in losses.by_head.items()}
    frame = Frame(session, scope, draft, training, kinds, net=scope, predicted=Predicted(widths))
    if len(losses.by_head) == 1:
        frame = replace(frame, link=next(iter(losses.by_head.values())).link)
    mentioned = references(module)
    for field in schema.inputs:
        names = [field.name, *(["inputs"] if len(schema.inputs) == 1 and field.name != "inputs" else [])]
        for name in sorted(mentioned.intersection(names)):
            try:
                scope.introduce(name, given.get(field.name) or _input(frame, field, name), field.span)
            except Fault as fault:
                scope.bind(name, frame.report(fault), field.span)
    count = next(iter(widths.values())) if len(widths) == 1 else None
    if count is not None and not scope.own("outputs"):
        scope.bind("outputs", Number(count), schema.span)
    return frame


def _input(frame: Frame, field: InputField, name: str) -> Tensor:
    frame.locate(field.span)
    dtype = DType.REAL if field.classes is None else DType.INT
    node = frame.draft.leaf(LeafRole.INPUT, field.name, TensorType((ROWS, *field.shape), dtype))
    frame.draft.named[name] = node
    return Tensor(frame.draft, node, field.shape, True, field.span, maker=name, classes=field.classes)


def outputs(target: TargetField | None, link: Link) -> int | None:
    """The width that target and link need: k classes, one for two classes under sigmoid or none, else the values."""
    if target is None:
        return None
    if target.classes is not None:
        return target.classes if link.name in ("softmax", "identity") else 1
    return target.shape[-1] if target.shape else 1


def run_net(frame: Frame, net: ast.Net | None, schema: Schema, losses: Losses) -> tuple[Head, ...]:
    """A head for each target, its prediction per example and real; targets are not known yet."""
    for_head = losses.by_head
    links = {name: loss.link for name, loss in for_head.items()}
    if net is None:
        return tuple(Head(name, POISON, None, link) for name, link in links.items())
    value = run_block(frame, net.statements, "`net`", None)
    head = net.statements[-1].span if net.statements else net.span
    stated = {s.name.text: s.span for s in net.statements if isinstance(s, ast.Predict)}
    if list(for_head) == [ONLY] and frame.session.data_known and _only_binds(net):
        return ()
    if stated or len(for_head) > 1:
        _report_strays(frame, schema, net, for_head.keys(), stated)
        found = frame.predicted.found if frame.predicted else {}
        values: Mapping[str, tuple[Value | None, Span]] = {n: found.get(n, (POISON, head)) for n in for_head}
    else:
        values = dict.fromkeys(for_head, (value, head))
    return tuple(
        Head(name, _prediction(frame, *values[name], for_head[name]), None, link, name in stated)
        for name, link in links.items()
    )


def _only_binds(net: ast.Net) -> bool:
    """Whether it predicts nothing: losses and metrics read its names."""
    stated = any(isinstance(statement, ast.Predict) for statement in net.statements)
    return bool(net.statements) and isinstance(net.statements[-1], ast.Binding) and not stated


def _report_strays(
    frame: Frame, schema: Schema, net: ast.Net, targets: Collection[str], stated: Mapping[str, Span]
) -> None:
    """Targets that nothing predicts, and a last value that predicts none."""
    last = net.statements[-1] if net.statements else None
    if stated and isinstance(last, ast.Evaluate):
        frame.report(Fault(Unpredicting(last.span, next(iter(stated.values())))))
    missing = [name for name in targets if name not in stated] if schema.targets else []
    if missing and frame.session.data_known:
        field = schema.target_named(missing[0])
        place = last.span if last and not stated else net.span
        names = ", ".join(f"`{name}`" for name in missing)
        frame.report(Fault(NotPredicted(place, names, missing[0], field.span if field else schema.span)))


def _begin(frame: Frame) -> str:
    inputs = " or ".join(f"`{name}`" for name in frame.session.inputs)
    return f"begin with {inputs}" if inputs else "begin with an input"


def _prediction(frame: Frame, value: Value | None, place: Span, loss: MainLoss) -> Tensor | Poison:
    try:
        match value:
            case None:
                raise Fault(NoValue(place, "`net`"))
            case Poison():
                return POISON
            case Tensor(batched=True):
                prediction = batching.as_real(replace(value, holes=()))
            case Tensor() | Number():
                raise Fault(NotALoss(place, "the prediction does not depend on the inputs"))
            case _:
                raise Fault(Unexpected(place, "a layer without its input", "the prediction", _begin(frame)))
        if prediction.maker == loss.link.name and loss.name:
            raise Fault(DoubleLink(prediction.span, loss.name, loss.link.name, loss.span))
    except Fault as fault:
        return frame.report(fault)
    return prediction


def target_of(frame: Frame, schema: Schema, head: Head) -> Tensor | Poison | None:
    """A target as a tensor: class ids as INT, values as REAL; None if there is none, poison if that is not known."""
    target = schema.target_named(head.name)
    if not frame.session.data_known:
        return POISON
    if target is None:
        return None
    dtype = DType.REAL if target.classes is None else DType.INT
    frame.locate(target.span)
    node = frame.draft.leaf(LeafRole.TARGET, target.name, TensorType((ROWS, *target.shape), dtype))
    shares = target.reconstructs and target.classes is None and head.link.name == SHARES
    named = Tensor(frame.draft, node, target.shape, True, target.span, maker=target.name, classes=target.classes)
    return replace(named, zero_one=shares)
