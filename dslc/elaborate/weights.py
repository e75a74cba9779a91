"""What layers own, named by its call path: `weight w: [fan_in, units] = glorot_uniform` is trained, and
`state mean: [c] = 0` takes a new value, `mean <- ..`, in every batch of training.

An initial value is a graph of its own, evaluated once, whose random numbers come from the stream `weight PATH`. Both
are declared while the training graph is elaborated; other graphs meet them by path.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from dslc.elaborate import batching, static
from dslc.elaborate.arithmetic import as_tensor, operand
from dslc.elaborate.base_errors import BaseFailed
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import (
    Cascade,
    Fault,
    Misplaced,
    NotStatic,
    NoUpdate,
    SharedShape,
    StatePerRow,
    TooLarge,
    UntrainedWeight,
)
from dslc.elaborate.experiment import AVERAGE, Stored
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame, WeightPlace
from dslc.elaborate.values import Kept, Poison, Stage, Tensor, Value, shape_of
from dslc.graph.graph import Graph, TensorType
from dslc.ops.leaf import LeafRole
from dslc.ops.stop import StopGradient
from dslc.source import Span
from dslc.syntax.ast import Definition, DefinitionKind, Expression, Leading, Shape, State, Update, Weight


def declare_weight(frame: Frame, statement: Weight) -> Tensor:
    """The weight as a tensor without batch axis. Raises Fault."""
    shape = _shape(frame, statement.shape)
    frame.locate(statement.span)
    condition = statement.condition
    if condition is not None and not static.truth(frame, frame.evaluate(condition), condition.span):
        return _constant(frame, statement.initial, shape)
    return _owned(frame, statement, shape, LeafRole.PARAMETER)


def declare_state(frame: Frame, statement: State, role: LeafRole) -> Tensor:
    """The state of a layer or a schedule, without batch axis, as it is by now in this graph. Raises Fault."""
    frame.locate(statement.span)
    state = _owned(frame, statement, _shape(frame, statement.shape) if statement.shape else (), role)
    return replace(state, node=frame.draft.updates.get(frame.below(statement.name.text), state.node))


def update_state(frame: Frame, statement: Update, role: LeafRole) -> None:
    """`mean <- value`: what the state is from here on, and after this batch; only training changes it. Raises Fault."""
    name, path = statement.target.text, frame.below(statement.target.text)
    old, known = frame.scope.find(name), _registered(frame, role).get(path)
    if known is None or known.trained or not isinstance(old, Tensor):
        kind = "layer" if role is LeafRole.PARAMETER else "schedule"
        raise Fault(NoUpdate(statement.target.span, f"`{name}` is no state of this {kind}"))
    if not frame.training:
        return
    if frame.memory is not None:
        raise Fault(
            Misplaced(statement.span, f"an update of `{name}`, which is one for all steps,", "a step of a scan")
        )
    value = frame.evaluate(statement.value)
    if isinstance(value, Poison):
        raise Cascade
    frame.locate(statement.value.span)
    span = frame.here(statement.value.span)
    new = batching.as_real(as_tensor(frame.draft, operand(value, statement.value.span), span))
    if new.batched:
        raise Fault(StatePerRow(statement.value.span, name))
    new = batching.unary(StopGradient(), batching.spread(new, known.shape, False), span)
    frame.draft.updates[path] = new.node
    frame.scope.update(name, replace(new, maker=old.maker))


def _registered(frame: Frame, role: LeafRole) -> dict[str, Parameter]:
    return frame.session.parameters if role is LeafRole.PARAMETER else frame.session.states


def _owned(frame: Frame, statement: Weight | State, shape: tuple[int, ...], role: LeafRole) -> Tensor:
    """The leaf of a parameter or state, which is declared where it is new."""
    path, span = frame.below(statement.name.text), frame.here(statement.span)
    known = _registered(frame, role).get(path)
    if known is None:
        if not frame.training and frame.session.faults:
            raise Cascade
        if not frame.training:
            raise Fault(UntrainedWeight(span, path))
        _register(frame, statement, WeightPlace(path, shape), role)
    elif known.shape != shape:
        raise Fault(SharedShape(span, path, shape_of(known.shape), shape_of(shape), known.span))
    read = path if frame.training else frame.session.averages.get(path, path)
    node = frame.draft.leaf(role, read, TensorType(shape))
    return Tensor(frame.draft, node, shape, False, span, maker=path)


def _shape(frame: Frame, shape: Shape) -> tuple[int, ...]:
    dims: list[int] = []
    for dim in shape.dims:
        if isinstance(dim, Leading):
            raise Fault(Misplaced(dim.span, "`..`", "the shape of a weight"))
        dims.append(static.extent(frame, dim))
    if prod(dims) > static.LARGEST_EXTENT:
        raise Fault(TooLarge(shape.span, "elements of a weight", static.LARGEST_EXTENT))
    return tuple(dims)


def _constant(frame: Frame, initial: Expression, shape: tuple[int, ...]) -> Tensor:
    """What stands for a weight whose condition is false: its initial value, not trained."""
    value = static.number(frame.evaluate(initial), "the value of a weight that is left out", initial.span)
    return batching.spread(as_tensor(frame.draft, value, initial.span), shape, False)


def _register(frame: Frame, statement: Weight | State, place: WeightPlace, role: LeafRole) -> None:
    session, span = frame.session, frame.here(statement.name.span)
    session.elements += prod(place.shape)
    if session.elements > static.LARGEST_EXTENT:
        raise Fault(TooLarge(span, "trained numbers", static.LARGEST_EXTENT))
    graph = _stored(frame, place, span) or initial_value(frame, statement.initial, place)
    trained = isinstance(statement, Weight)
    _registered(frame, role)[place.path] = Parameter(place.path, place.shape, graph, span, trained)


def _stored(frame: Frame, place: WeightPlace, span: Span) -> Stored | None:
    """Within a base, what it was saved with: of a weight that has one, the moving average, which predicts."""
    if frame.session.loading is None:
        return None
    prefix, weights = frame.session.loading
    name = place.path.removeprefix(f"{prefix}.")
    value = weights.get(AVERAGE + name, weights.get(name))
    if value is None or value.shape != place.shape:
        raise Fault(BaseFailed(span, prefix, f"it has no weight `{name}` of shape {shape_of(place.shape)}"))
    return Stored(value)


def initial_value(frame: Frame, initial: Expression, place: WeightPlace) -> Graph | Stored:
    """As a graph with the output `value`, or from a file. Raises Fault."""
    draft = Draft(frame.session.fixed)
    kinds = (DefinitionKind.INITIALIZER, DefinitionKind.ACTIVATION)
    inner = replace(frame, draft=draft, totals=None, kinds=kinds, weight=place)
    value: Value = inner.evaluate(initial)
    if isinstance(value, Stage) and isinstance(value.callee, Definition):
        value = inner.call(value.callee, value.arguments, initial.span)
    if isinstance(value, Poison):
        raise Cascade
    if isinstance(value, Kept):
        if value.value.shape != place.shape:
            wrong = f"its vectors are {shape_of(value.value.shape)}, and `{place.path}` is {shape_of(place.shape)}"
            raise Fault(BaseFailed(frame.here(initial.span), value.path, wrong))
        return Stored(value.value)
    inner.locate(initial.span)
    given = operand(value, initial.span)
    if isinstance(given, Tensor) and given.home is not draft:
        raise Fault(NotStatic(initial.span, "the initial value of a weight"))
    tensor = batching.as_real(as_tensor(draft, given, frame.here(initial.span)))
    return draft.graph({"value": batching.spread(tensor, place.shape, False).node})
