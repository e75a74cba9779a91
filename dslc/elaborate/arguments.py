"""Arguments meet parameters: by place, by name, by default, and by what the place implies.

Losses and metrics get `prediction` and `target` unless they are given; an initializer gets `fan_in` and
`fan_out` from the shape of its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from dslc.diagnostics import Label, nearest
from dslc.elaborate import batching
from dslc.elaborate.errors import (
    ExtraArgument,
    Fault,
    MissingArgument,
    NoTarget,
    RepeatedArgument,
    SeveralPredictions,
    UnknownArgument,
    Unpaired,
)
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import PREDICTS_NOTHING, Head
from dslc.elaborate.numbers import Number
from dslc.elaborate.values import Bound, Poison, Tensor, Tensors, Value, shape_of
from dslc.source import Span
from dslc.syntax.ast import Argument, Definition, DefinitionKind, Kind, Shape

PAIR = ("prediction", "target")


def evaluated(frame: Frame, arguments: Sequence[Argument]) -> tuple[Bound, ...]:
    """What a call is given, in the order of the text."""
    return tuple(
        Bound(argument.name.text if argument.name else None, frame.evaluate(argument.value), frame.here(argument.span))
        for argument in arguments
    )


def head_of(frame: Frame, definition: Definition, given: Sequence[Bound]) -> Head | None:
    """The head that a call of a loss or metric is about: the one it is given, or the only one."""
    if definition.kind not in (DefinitionKind.LOSS, DefinitionKind.METRIC):
        return None
    first = next((bound for bound in given if bound.name in (None, "prediction")), None)
    return frame.head_of(first.value) if first else frame.heads[0] if len(frame.heads) == 1 else None


def arguments_of(frame: Frame, definition: Definition, given: Sequence[Bound], span: Span) -> dict[str, Bound]:
    """The value of every parameter but those left to their defaults. Raises Fault.

    `f(y)` of a target `y` is about its prediction.
    """
    head = head_of(frame, definition, given)
    arguments = _given(frame, definition, given)
    about = arguments.get("prediction")
    if head and about and about.value is head.target and "target" not in arguments:
        arguments["prediction"] = about.replaced(value=head.prediction)
    arguments = _implied(frame, definition, head, span) | arguments
    missing = [
        parameter.name.text
        for parameter in definition.parameters
        if parameter.name.text not in arguments and parameter.default is None
    ]
    name = definition.name.text
    if {*PAIR} & {*missing} and len(frame.heads) > 1:
        names = ", ".join(f"`{each.name}`" for each in frame.heads)
        raise Fault(SeveralPredictions(span, name, f"{name}({frame.heads[0].name})", names))
    if "target" in missing and frame.heads:
        raise Fault(NoTarget(span, name))
    if missing:
        advice = PREDICTS_NOTHING if "prediction" in missing and frame.net and not frame.heads else None
        raise Fault(MissingArgument(span, name, ", ".join(f"`{m}`" for m in missing), advice))
    return _paired(frame, definition, arguments, frame.here(span))


def _given(frame: Frame, definition: Definition, given: Sequence[Bound]) -> dict[str, Bound]:
    name = definition.name.text
    names = [parameter.name.text for parameter in definition.parameters]
    places = [n for n in names if n not in PAIR] if _leaves_pair(definition, given) else names
    arguments: dict[str, Bound] = {}
    for k, bound in enumerate(given):
        if bound.name is None and k >= len(places):
            raise Fault(ExtraArgument(bound.span, name, len(names), f"argument{'s' * (len(names) != 1)}"))
        target = places[k] if bound.name is None else bound.name
        if target not in names:
            raise unknown(frame, name, bound, names)
        if target in arguments:
            raise Fault(RepeatedArgument(bound.span, name, target))
        arguments[target] = bound
    return arguments


def unknown(frame: Frame, callee: str, given: Bound, names: Sequence[str]) -> Fault:
    """The argument's name is none of `names`: a slip of the pen, or a comparison written `x = 0`."""
    assert given.name is not None
    compared = given.span.text.replace("=", "==", 1) if frame.scope.find(given.name) is not None else None
    suggestion = nearest(given.name, names) or compared
    takes = ", ".join(f"`{name}`" for name in names) or None
    return Fault(UnknownArgument(given.span, callee, given.name, None if suggestion else takes, suggestion))


def _leaves_pair(definition: Definition, given: Sequence[Bound]) -> bool:
    """`huber(0.5)` says something about the loss, and leaves prediction and target to what they are."""
    if definition.kind not in (DefinitionKind.LOSS, DefinitionKind.METRIC) or not given:
        return False
    return not isinstance(given[0].value, Tensor | Tensors | Poison)


def _implied(frame: Frame, definition: Definition, head: Head | None, span: Span) -> dict[str, Bound]:
    """What the place supplies, under the names of the definition's parameters."""
    supplied: dict[str, Value] = {}
    if head:
        pair = zip(PAIR, (head.prediction, head.target), strict=True)
        supplied = {name: value for name, value in pair if value is not None}
    if definition.kind is DefinitionKind.INITIALIZER and frame.weight:
        fan_in, fan_out = fans(frame.weight.shape)
        supplied = {"fan_in": Number(fan_in), "fan_out": Number(fan_out)}
    names = {parameter.name.text for parameter in definition.parameters}
    return {name: Bound(name, value, span) for name, value in supplied.items() if name in names}


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs one unit has: the last two axes times the product of those before (as Keras)."""
    if len(shape) < 2:
        return prod(shape), prod(shape)
    window = prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def _paired(frame: Frame, definition: Definition, arguments: dict[str, Bound], site: Span) -> dict[str, Bound]:
    """Prediction and target of a loss or metric, which must meet: as a shape that the definition asks for,
    or else element by element, where a trailing [1] of the prediction meets a scalar target. Raises Fault."""
    if definition.kind not in (DefinitionKind.LOSS, DefinitionKind.METRIC) or not set(PAIR) <= arguments.keys():
        return arguments
    prediction, target = (arguments[name].value for name in PAIR)
    types = {parameter.name.text: parameter.type for parameter in definition.parameters}
    if not isinstance(prediction, Tensor) or not isinstance(target, Tensor):
        return arguments
    if isinstance(types["prediction"], Shape):
        if isinstance(types["target"], Kind) and prediction.shape[:-1] != target.shape:
            raise _apart(frame, definition, prediction, target, (*target.shape, *prediction.shape[-1:]), site)
        return arguments
    squeezed = meeting(prediction, target.shape)
    if (target.classes is None or types["target"] is not None) and squeezed.shape != target.shape:
        raise _apart(frame, definition, prediction, target, target.shape, site)
    return arguments | {"prediction": arguments["prediction"].replaced(value=squeezed)}


def _apart(
    frame: Frame, definition: Definition, prediction: Tensor, target: Tensor, wanted: tuple[int, ...], site: Span
) -> Fault:
    """The prediction's shape does not suit the target's."""
    shape = shape_of(wanted) if wanted else "one number"
    given = f"{f'`{prediction.maker}` gives' if prediction.maker else 'gets'} {shape_of(prediction.shape)}"
    axes_too_many = len(prediction.shape) > len(target.shape) + 1
    advice = "end the net in `flatten | dense(outputs)`" if axes_too_many else "end the net in `dense(outputs)`"
    own = any(prediction is head.prediction and target is head.target for head in frame.heads)
    ends = Label(prediction.span, "the prediction"), Label(target.span, "the target")
    return Fault(Unpaired(site, definition.name.text, shape, target.maker, given, advice if own else None, ends))


def meeting(prediction: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The prediction without its trailing [1] if that makes it meet the target's shape."""
    if prediction.shape != (*shape, 1):
        return prediction
    return replace(batching.reshape(prediction, shape, prediction.span), maker=prediction.maker)
