"""`weight w: [fan_in, units] = glorot_uniform`: a trained tensor, named by its call path.

Its initial value is a graph of its own, evaluated once, whose random numbers come from the stream
`weight PATH`. Weights are declared while the training graph is elaborated; other graphs meet them by path.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from dslc.elaborate import batching, static
from dslc.elaborate.arithmetic import as_tensor, operand
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Fault, Misplaced, NotStatic, SharedShape, TooLarge, UntrainedWeight
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame, WeightPlace
from dslc.elaborate.values import Poison, Stage, Tensor, Value, shape_of
from dslc.graph.graph import Graph, TensorType
from dslc.ops.leaf import LeafRole
from dslc.syntax.ast import Definition, DefinitionKind, Expression, Leading, Weight


def declare_weight(frame: Frame, statement: Weight) -> Tensor:
    """The weight as a tensor without batch axis. Raises Fault."""
    shape = _shape(frame, statement)
    path = frame.below(statement.name.text)
    span = frame.here(statement.span)
    frame.locate(statement.span)
    condition = statement.condition
    if condition is not None and not static.truth(frame, frame.evaluate(condition), condition.span):
        return _constant(frame, statement.initial, shape)
    known = frame.session.parameters.get(path)
    if known is None:
        if not frame.training and frame.session.faults:
            raise Cascade
        if not frame.training:
            raise Fault(UntrainedWeight(span, path))
        _register(frame, statement.initial, WeightPlace(path, shape), statement)
    elif known.shape != shape:
        raise Fault(SharedShape(span, path, shape_of(known.shape), shape_of(shape), known.span))
    node = frame.draft.leaf(LeafRole.PARAMETER, path, TensorType(shape))
    return Tensor(frame.draft, node, shape, False, span, maker=path)


def _shape(frame: Frame, statement: Weight) -> tuple[int, ...]:
    dims: list[int] = []
    for dim in statement.shape.dims:
        if isinstance(dim, Leading):
            raise Fault(Misplaced(dim.span, "`..`", "the shape of a weight"))
        dims.append(static.extent(frame, dim))
    if prod(dims) > static.LARGEST_EXTENT:
        raise Fault(TooLarge(statement.shape.span, "elements of a weight", static.LARGEST_EXTENT))
    return tuple(dims)


def _constant(frame: Frame, initial: Expression, shape: tuple[int, ...]) -> Tensor:
    """What stands for a weight whose condition is false: its initial value, not trained."""
    value = static.number(frame.evaluate(initial), "the value of a weight that is left out", initial.span)
    return batching.spread(as_tensor(frame.draft, value, initial.span), shape, False)


def _register(frame: Frame, initial: Expression, place: WeightPlace, statement: Weight) -> None:
    session = frame.session
    session.elements += prod(place.shape)
    if session.elements > static.LARGEST_EXTENT:
        raise Fault(TooLarge(statement.shape.span, "trained numbers", static.LARGEST_EXTENT))
    graph = initial_graph(frame, initial, place)
    session.parameters[place.path] = Parameter(place.path, place.shape, graph, frame.here(statement.name.span))


def initial_graph(frame: Frame, initial: Expression, place: WeightPlace) -> Graph:
    """The initial value as a graph with the output `value`. Raises Fault."""
    draft = Draft(frame.session.fixed)
    kinds = (DefinitionKind.INITIALIZER, DefinitionKind.ACTIVATION)
    inner = replace(frame, draft=draft, totals=None, kinds=kinds, weight=place)
    value: Value = inner.evaluate(initial)
    if isinstance(value, Stage) and isinstance(value.callee, Definition):
        value = inner.call(value.callee, value.arguments, initial.span)
    if isinstance(value, Poison):
        raise Cascade
    inner.locate(initial.span)
    given = operand(value, initial.span)
    if isinstance(given, Tensor) and given.home is not draft:
        raise Fault(NotStatic(initial.span, "the initial value of a weight"))
    tensor = batching.as_real(as_tensor(draft, given, frame.here(initial.span)))
    return draft.graph({"value": batching.spread(tensor, place.shape, False).node})
