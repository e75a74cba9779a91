"""Shape patterns: `x: [.., fan_in]` meets a tensor's trailing axes, `target: class(classes)` a class target.

The first pattern that mentions a name binds it to what it meets; later ones, and parameters of that name,
must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dslc.diagnostics import Label, NotYet
from dslc.elaborate import static
from dslc.elaborate.errors import Fault, NoIds, WrongShape, WrongTarget, WrongWidth
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import SHARES
from dslc.elaborate.numbers import Number
from dslc.elaborate.ranges import KINDS, within
from dslc.elaborate.survey import link_of
from dslc.elaborate.values import Bound, Tensor, Value, kind_of, shape_of
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import Definition, DefinitionKind, Expression, Kind, Leading, Name, Parameter, Shape


def meet(frame: Frame, definition: Definition, arguments: Mapping[str, Bound], site: Span) -> None:
    """Holds every argument against its parameter's type; binds extents in the frame's scope. Raises Fault."""
    for parameter in definition.parameters:
        argument = arguments.get(parameter.name.text) or _default(frame, parameter)
        if parameter.type is None or argument is None:
            continue
        match parameter.type:
            case Shape():
                _meet_shape(frame, definition, parameter, parameter.type, argument, site)
            case Kind(name=Name(text="class")):
                _meet_class(frame, definition, parameter, parameter.type, argument, site)
            case Kind(name=Name(text=name)) if name in KINDS:
                _receive(frame, parameter, within(definition, parameter, parameter.type, argument))
            case Kind(name=name):
                raise Fault(NotYet(name.span, f"a parameter of type `{name.text}`"))


def _default(frame: Frame, parameter: Parameter) -> Bound | None:
    """The default that the scope has by now, where ranges may say what it stands for."""
    value = frame.scope.find(parameter.name.text) if parameter.default is not None else None
    ranged = isinstance(parameter.type, Kind) and parameter.type.name.text in KINDS
    return Bound(None, value, parameter.name.span) if value is not None and ranged else None


def _receive(frame: Frame, parameter: Parameter, value: Value) -> None:
    """What the definition sees; an optimizer's arguments are bound later."""
    if frame.scope.own(parameter.name.text):
        frame.scope.update(parameter.name.text, value)


def _meet_shape(
    frame: Frame, definition: Definition, parameter: Parameter, pattern: Shape, argument: Bound, site: Span
) -> None:
    name, value = definition.name.text, argument.value
    wrong = WrongShape(site, name, parameter.name.text, pattern.span.text, f"gets {kind_of(value)}")
    if not isinstance(value, Tensor):
        raise Fault(wrong)
    leading = [k for k, dim in enumerate(pattern.dims) if isinstance(dim, Leading)]
    if leading not in ([], [0]):
        raise Fault(NotYet(pattern.span, "`..` after the first place of a shape"))
    dims = pattern.dims[len(leading) :]
    given = f"{f'`{value.maker}` gives' if value.maker else 'gets'} {shape_of(value.shape)}"
    wrong = WrongShape(site, name, parameter.name.text, pattern.span.text, given, value.span)
    if len(value.shape) < len(dims) or (not leading and len(value.shape) > len(dims)):
        raise Fault(wrong)
    for place, dim in enumerate(dims, -len(dims)):
        if isinstance(dim, Leading) or not _agrees(frame, dim, value.shape[place], place):
            raise Fault(wrong)


def _agrees(frame: Frame, dim: Expression, extent: int, place: int) -> bool:
    """Whether an axis meets its part of the pattern; an unbound name takes the extent."""
    if isinstance(dim, Name) and not frame.scope.own(dim.text):
        frame.scope.bind(dim.text, Number(extent, axis=place), dim.span)
        return True
    stated = static.extent(frame, dim)
    if isinstance(dim, Name):
        frame.scope.update(dim.text, Number(extent, axis=place))
    return stated == extent


_OF_TARGETS = (DefinitionKind.LOSS, DefinitionKind.METRIC)


def _meet_class(
    frame: Frame, definition: Definition, parameter: Parameter, kind: Kind, argument: Bound, site: Span
) -> None:
    name, value = definition.name.text, argument.value
    if not isinstance(value, Tensor):
        raise Fault(WrongShape(site, name, parameter.name.text, "class", f"gets {kind_of(value)}"))
    target = value.maker or parameter.name.text
    if value.classes is None:
        if value.zero_one and link_of(definition, frame.session.library).name == SHARES:
            return
        if definition.kind in _OF_TARGETS:
            raise Fault(WrongTarget(site, name, "classes", target, "values", value.span))
        raise Fault(NoIds(site, name, f"`{value.maker}`" if value.maker else "its input", value.span))
    if len(kind.arguments) != 1:
        raise Fault(NotYet(kind.span, "a class type without a number of classes"))
    count = kind.arguments[0].value
    if isinstance(count, Name) and not frame.scope.own(count.text):
        frame.scope.bind(count.text, Number(value.classes), count.span)
        return
    wanted = static.whole(frame, frame.evaluate(count), "the number of classes", count.span)
    if isinstance(count, ast.Number) and wanted == value.classes == 2:
        frame.scope.update(parameter.name.text, replace(value, zero_one=True))
    if wanted != value.classes:
        prediction = frame.scope.find("prediction")
        if isinstance(count, Name) and isinstance(prediction, Tensor):
            ends = Label(prediction.span, f"{wanted} outputs"), Label(value.span, f"{value.classes} classes")
            raise Fault(WrongWidth(site, name, wanted, target, value.classes, ends))
        raise Fault(WrongTarget(site, name, f"{wanted} classes", target, f"{value.classes}", value.span))
