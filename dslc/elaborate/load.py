"""`load "base.dslm" until flatten`: the net of a saved model as a layer of this one, with its weights.

The base is elaborated from its own text, lets and definitions on the tensor that it is given; nothing of it is seen
outside, and nothing of this file within. Its weights stand below the path of the load: `body.conv.w`. `until` names a
tensor of its net, as `Model.forward` does with `at`: what comes after is not elaborated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from dslc.diagnostics import Diagnostic, nearest
from dslc.elaborate.base_errors import BaseFailed, BaseInput, UnknownTensor
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Fault, Unexpected
from dslc.elaborate.frame import Frame, Reached, Session
from dslc.elaborate.lets import aliases, evaluate_lets
from dslc.elaborate.library import Library
from dslc.elaborate.net import net_frame, run_net
from dslc.elaborate.numbers import Number
from dslc.elaborate.scope import Scope
from dslc.elaborate.survey import about_values, main_losses, survey
from dslc.elaborate.values import Loaded, Poison, Tensor, Value, kind_of, shape_of
from dslc.source import Span
from dslc.syntax.ast import DefinitionKind


def run_base(frame: Frame, loaded: Loaded, value: Value, span: Span) -> Value:
    """The base's tensor for this input; `frame.path` is where its weights are. Raises Fault, or Cascade."""
    if isinstance(value, Poison):
        raise Cascade
    if not isinstance(value, Tensor) or not value.batched:
        raise Fault(Unexpected(span, kind_of(value), "a tensor that depends on the inputs"))
    field = _input(loaded, value, frame.here(span))
    inner = _session(frame, loaded)
    named, end = set(frame.draft.named), None
    try:
        found = _net(frame, inner, loaded, {field: value}, span)
    except Reached as reached:
        found, end = reached.value, reached
    finally:
        frame.session.calls, frame.session.elements = inner.calls, inner.elements
    if inner.faults:
        _fail(frame, inner.faults[0], loaded, span)
    if end is not None and end.path in frame.session.stops:
        raise end  # the base that loads this one ends here as well
    if loaded.until is not None and end is None:
        prefix = f"{frame.path}."
        names = [name.removeprefix(prefix) for name in set(frame.draft.named) - named if name.startswith(prefix)]
        raise Fault(UnknownTensor(loaded.until.span, loaded.until.text, loaded.path, nearest(loaded.until.text, names)))
    if not isinstance(found, Tensor):
        raise Cascade
    result = replace(found, holes=(), maker=loaded.path, span=frame.here(span))
    frame.note(frame.path, result)
    return result


def _fail(frame: Frame, first: Diagnostic, loaded: Loaded, span: Span) -> NoReturn:
    """Raises Fault with the reason; Cascade in a graph that fails only because the training graph did."""
    if not frame.training and frame.session.faults:
        raise Cascade
    reason = first.reason if isinstance(first, BaseFailed) else first.text
    raise Fault(BaseFailed(frame.here(span), loaded.path, reason))


def _input(loaded: Loaded, value: Tensor, span: Span) -> str:
    """The name of the base's only input. Raises Fault where it has others, or of another shape."""
    fields = loaded.base.schema.inputs
    if len(fields) != 1:
        names = ", ".join(f"`{field.name}`" for field in fields)
        raise Fault(BaseFailed(span, loaded.path, f"it reads several inputs: {names}"))
    if fields[0].shape != value.shape:
        raise Fault(
            BaseInput(span, loaded.path, fields[0].name, shape_of(fields[0].shape), shape_of(value.shape), value.span)
        )
    return fields[0].name


def _session(frame: Frame, loaded: Loaded) -> Session:
    """The outer elaboration with the base's text, definitions and lets, whose values are constants here."""
    base, until = loaded.base, loaded.until
    session = replace(
        frame.session,
        source=base.module.span.source,
        library=Library(base.module),
        root=Scope(),
        faults=[],
        fixed=set(),
        used=set(),
        inputs=tuple(field.name for field in base.schema.inputs),
        targets=tuple(target.name for target in base.schema.targets),
        carried=(),
        data_known=True,
        bases=base.bases,
        loading=frame.session.loading or (frame.path, base.weights),  # a base has the weights of those it loads
        stops=(*frame.session.stops, f"{frame.path}.{until.text}") if until else frame.session.stops,
    )
    top = Frame(session, session.root, Draft(), False, tuple(DefinitionKind))
    evaluate_lets(top, survey(base.module).lets, base.settings)
    for name in list(session.root.names()):
        known = session.root.find(name)
        if isinstance(known, Number):
            session.root.update(name, Number(known.value))
    return session


def _net(frame: Frame, session: Session, loaded: Loaded, given: dict[str, Tensor], span: Span) -> Value:
    """The base's raw prediction. Raises Reached at the tensor that `until` names."""
    base = loaded.base
    items = survey(base.module)
    named = aliases(items.lets, base.settings)
    losses = about_values(main_losses(session.targets, items.objective, session.library, named), base.schema)
    net = net_frame(session, base.module, base.schema, losses, frame.draft, frame.training, given)
    inner = replace(net, path=frame.path, site=frame.here(span), use=frame.use, stack=frame.stack)
    heads = run_net(inner, items.net, base.schema, losses)
    return heads[0].prediction
