"""The closed set of functions that Python knows; everything else is a definition of the language.

Elementwise functions, reductions, shapes, random numbers, and what the loss's link makes of a prediction.
"""

from __future__ import annotations

from functools import reduce as fold
from math import prod

from dslc.elaborate import batching, static
from dslc.elaborate.arithmetic import as_tensor, operand, operate
from dslc.elaborate.base_errors import BaseFailed
from dslc.elaborate.base_model import Vectors
from dslc.elaborate.calls import call_definition
from dslc.elaborate.derivative import derivative
from dslc.elaborate.errors import Cascade, Fault, Misplaced, NotStatic, Required, Unexpected, WrongTarget
from dslc.elaborate.experiment import THRESHOLD
from dslc.elaborate.frame import Frame, WeightPlace
from dslc.elaborate.numbers import Number
from dslc.elaborate.reductions import reduced, tail_sum, tensor
from dslc.elaborate.values import (
    Axes,
    Bound,
    Builtin,
    Callable_,
    Instance,
    Kept,
    SizeOf,
    Tensor,
    Value,
    Words,
    kind_of,
    shape_of,
)
from dslc.elaborate.whole_part import RANKS
from dslc.graph.graph import TensorType
from dslc.ops.leaf import LeafRole
from dslc.ops.random import Distribution, Random, RandomOrthonormal
from dslc.ops.reduce import ReduceKind
from dslc.ops.stop import StopGradient
from dslc.scalar import functions
from dslc.scalar.functions import ScalarFunction
from dslc.scalar.random import stream
from dslc.scalar.types import DType
from dslc.source import Span
from dslc.syntax.ast import DefinitionKind

# --- elementwise ----------------------------------------------------------------------------------


def _elementwise(name: str, function: ScalarFunction, arity: int = 1) -> Builtin:
    def run(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
        return operate(frame, function, [argument.value for argument in arguments], span)

    return Builtin(name, run, arity, arity, piped=arity == 1)


def _extremum(name: str, function: ScalarFunction, kind: ReduceKind) -> Builtin:
    """Of several values element by element, or of one value over its axes."""

    def run(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
        if len(arguments) > 1:
            values = [argument.value for argument in arguments]
            return fold(lambda a, b: operate(frame, function, (a, b), span), values)
        return reduced(frame, kind, arguments[0], over, span)

    return Builtin(name, run, 1, 100, over=True)


# --- reductions -----------------------------------------------------------------------------------


def _reduction(name: str, kind: ReduceKind | None) -> Builtin:
    """`kind` None is the mean."""

    def run(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
        return reduced(frame, kind, arguments[0], over, span)

    return Builtin(name, run, over=True, of_tensor=True)


def _tail_sum(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    return tail_sum(frame, arguments[0], arguments[1], over, span)


# --- shapes ---------------------------------------------------------------------------------------


def _shape(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    return SizeOf(tensor(arguments[0]).shape)


def _count(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    return Number(prod(tensor(arguments[0]).shape))


def _reshape(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    value = tensor(arguments[0])
    dims = [static.size(frame, argument.value, "an extent", argument.span) for argument in arguments[1:]]
    frame.locate(span)
    return batching.reshape(value, tuple(extent for part in dims for extent in part), frame.here(span))


def _filled(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """A number everywhere."""
    dims = [static.size(frame, argument.value, "an extent", argument.span) for argument in arguments[1:]]
    frame.locate(span)
    value = as_tensor(frame.draft, operand(arguments[0].value, arguments[0].span), frame.here(span))
    return batching.spread(value, tuple(extent for part in dims for extent in part), value.batched)


def _index(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """`index(n)`: 0, 1, .. n - 1, as numbers."""
    count = static.whole(frame, arguments[0].value, "the extent of `index`", arguments[0].span)
    frame.locate(span)
    return batching.index(frame.draft, count, frame.here(span))


def _another(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """A layer of the same form as one that is a parameter, with weights of its own."""
    match arguments[0].value:
        case Instance(stage=stage):
            return stage
        case value if isinstance(value, Callable_):
            return value
        case value:
            raise Fault(Unexpected(arguments[0].span, kind_of(value), "a layer without its input"))


def _one_hot(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """`one_hot(target)`, `one_hot(decide(prediction), 10)`."""
    ids = tensor(arguments[0])
    count = ids.classes
    if len(arguments) > 1:
        count = static.whole(frame, arguments[1].value, "the number of classes", arguments[1].span)
    if ids.dtype is not DType.INT or count is None:
        raise Fault(
            Unexpected(arguments[0].span, kind_of(arguments[0].value), "a class target, or ids and their number")
        )
    frame.locate(span)
    return batching.one_hot(ids, count, frame.here(span))


def _concat(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    frame.locate(span)
    return batching.concat([tensor(argument) for argument in arguments], frame.here(span))


def _require(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """`require(condition, "{} cells do not fit into {}", reach, n)`: a fault of the call where it does not hold."""
    condition, text, *numbers = arguments
    if not isinstance(text.value, Words):
        raise Fault(Unexpected(text.span, kind_of(text.value), "a text"))
    if static.truth(frame, condition.value, condition.span):
        return Number(True)
    found = [static.number(number.value, "a number of the text", number.span).value for number in numbers]
    first, *rest = text.value.text.split("{}")
    raise Fault(Required(span, first + "".join(f"{k:g}{part}" for k, part in zip(found, rest, strict=False))))


def _argmax(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    frame.locate(span)
    return batching.argmax(tensor(arguments[0]), frame.here(span))


# --- weights from files ---------------------------------------------------------------------------


def _stored(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """`stored("vectors.safetensors")`: what the weight whose initial value it is begins with."""
    path = arguments[0].value
    if not isinstance(path, Words):
        raise Fault(Unexpected(arguments[0].span, kind_of(path), "the path of a safetensors file"))
    if frame.weight is None:
        raise Fault(Misplaced(span, "`stored`", "anything but the initial value of a weight"))
    found = frame.session.bases.get(path.text)
    if not isinstance(found, Vectors):
        said = "its path is no text behind `from =`" if found is None else "`load` takes a model from it"
        raise Fault(BaseFailed(frame.here(span), path.text, said))
    return Kept(found.value, path.text)


# --- randomness and gradients ---------------------------------------------------------------------


def _random(name: str, distribution: Distribution, mean: float) -> Builtin:
    """Drawn while training; its mean in predictions; drawn once for an initial value."""

    def run(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
        shape = static.size(frame, arguments[0].value, "a random tensor's extent", arguments[0].span)
        frame.locate(span)
        if frame.weight:
            op = Random(distribution, _initial_stream(frame, frame.weight), shape)
            return batching.draw_once(frame.draft, op, frame.here(span))
        if frame.training:
            path = frame.below(frame.unique("random")) + frame.use
            return batching.draw(frame.draft, distribution, path, shape, frame.here(span))
        average = batching.constant(frame.draft, mean, frame.here(span))
        return batching.spread(average, shape, False)

    return Builtin(name, run, piped=False)


def _initial_stream(frame: Frame, weight: WeightPlace) -> int:
    """The next stream of numbers that a weight begins with."""
    drawn = sum(isinstance(node.op, Random | RandomOrthonormal) for node in frame.draft.builder.nodes)
    return stream(f"weight {weight.path}" + (f" {drawn + 1}" if drawn else ""))


def _random_orthonormal(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    shape = static.size(frame, arguments[0].value, "a random tensor's extent", arguments[0].span)
    if frame.weight is None:
        raise Fault(Misplaced(span, "`random_orthonormal`", "what is computed again for every batch"))
    if len(shape) < 2:
        raise Fault(Required(span, f"a weight of shape {shape_of(shape)} has no columns to be orthonormal"))
    frame.locate(span)
    op = RandomOrthonormal(_initial_stream(frame, frame.weight), shape)
    return batching.draw_once(frame.draft, op, frame.here(span))


def _stop_gradient(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    frame.locate(span)
    return batching.unary(StopGradient(), tensor(arguments[0]), frame.here(span))


# --- what the loss's link makes of a prediction -----------------------------------------------------


def probability(frame: Frame, prediction: Tensor, span: Span) -> Value:
    """The prediction after its loss's link."""
    frame = frame.about(frame.head_of(prediction))
    if frame.link.name not in ("sigmoid", "softmax"):
        return prediction
    definition = frame.session.library.find(frame.link.name, (DefinitionKind.ACTIVATION,), False)
    if definition is None:
        raise Fault(NotStatic(span, f"the link `{frame.link.name}`"))
    return call_definition(frame, definition, (Bound(None, prediction, span),), span)


def decide(frame: Frame, prediction: Tensor, span: Span) -> Value:
    """The likeliest class, whether a probability is above one half, the sign; a value as it is."""
    frame = frame.about(frame.head_of(prediction))
    frame.locate(span)
    if not frame.link.classes:
        return probability(frame, prediction, span)
    if frame.link.name in ("softmax", "identity"):
        return batching.argmax(prediction, frame.here(span))
    threshold: Value = Number(0.5 if frame.link.name == "sigmoid" else 0)
    if frame.link.chosen:
        leaf = frame.draft.leaf(LeafRole.PARAMETER, THRESHOLD, TensorType(()))
        threshold = batching.scalar(frame.draft, leaf, frame.here(span))
    above = operate(frame, functions.greater, (probability(frame, prediction, span), threshold), span)
    if not isinstance(above, Tensor):
        raise Cascade
    return batching.as_int(above)


def _probability(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    return probability(frame, tensor(arguments[0]), span)


def _decide(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    value = tensor(arguments[0])
    if value.dtype is DType.INT:
        return value
    head = frame.head_of(value)
    if head and not head.link.classes:
        target = head.target.span if isinstance(head.target, Tensor) else span
        raise Fault(
            WrongTarget(span, frame.stack[-1] if frame.stack else "decide", "classes", head.name, "values", target)
        )
    return decide(frame, value, span)


BUILTINS = {
    builtin.name: builtin
    for builtin in (
        _elementwise("exp", functions.exp),
        _elementwise("log", functions.log),
        _elementwise("log1p", functions.log1p),
        _elementwise("expm1", functions.expm1),
        _elementwise("sqrt", functions.sqrt),
        _elementwise("sin", functions.sin),
        _elementwise("cos", functions.cos),
        _elementwise("erf", functions.erf),
        _elementwise("abs", functions.absolute),
        _elementwise("sign", functions.sign),
        _elementwise("floor", functions.floor),
        _elementwise("where", functions.where, 3),
        _extremum("max", functions.maximum, ReduceKind.MAX),
        _extremum("min", functions.minimum, ReduceKind.MIN),
        _reduction("sum", ReduceKind.SUM),
        _reduction("mean", None),
        Builtin(RANKS, _tail_sum, 2, 2, over=True, piped=False),
        Builtin("argmax", _argmax, of_tensor=True),
        Builtin("shape", _shape, of_tensor=True),
        Builtin("count", _count, of_tensor=True),
        Builtin("reshape", _reshape, 2, 100, of_tensor=True),
        Builtin("require", _require, 2, 10, piped=False),
        Builtin("filled", _filled, 2, 100, piped=False),
        Builtin("index", _index, piped=False),
        Builtin("another", _another, piped=False),
        Builtin("one_hot", _one_hot, 1, 2, of_tensor=True),
        Builtin("concat", _concat, 2, 100, of_tensor=True),
        _random("random_uniform", Distribution.UNIFORM, 0.5),
        _random("random_normal", Distribution.NORMAL, 0.0),
        Builtin("random_orthonormal", _random_orthonormal, piped=False),
        Builtin("stored", _stored, piped=False),
        Builtin("stop_gradient", _stop_gradient, of_tensor=True),
        Builtin("derivative", derivative, 2, 2, piped=False),
        Builtin("probability", _probability, of_tensor=True),
        Builtin("decide", _decide, of_tensor=True),
    )
}
"""All of them by name."""
