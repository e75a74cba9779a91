"""What a name stands for: bindings first, then constants, functions, and definitions of the wanted kinds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dslc.diagnostics import Diagnostic, nearest
from dslc.elaborate.builtins import BUILTINS
from dslc.elaborate.errors import (
    CarriedInNet,
    Fault,
    NoTarget,
    SeveralOutputs,
    SeveralPredictions,
    TargetInNet,
    UnknownName,
    Unseen,
    WrongKind,
)
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import PREDICTS_NOTHING
from dslc.elaborate.numbers import Number
from dslc.elaborate.ranges import PADDINGS
from dslc.elaborate.values import Stage, Value, Words
from dslc.elaborate.whole_part import WholePart
from dslc.syntax.ast import DefinitionKind, Name

OF_PREDICTIONS = (DefinitionKind.LOSS, DefinitionKind.METRIC)

CONSTANTS: Mapping[str, Value] = {
    "pi": Number(math.pi),
    "true": Number(True),
    "false": Number(False),
    **{word: Words(word) for word in PADDINGS},
}


def resolve(frame: Frame, name: Name) -> Value:
    """The value of a name at this place. Raises Fault where it has none."""
    found = look_up(frame, name)
    if found is None:
        raise Fault(_unknown(frame, name))
    return found


def look_up(frame: Frame, name: Name) -> Value | None:
    """The value of a name at this place; None where it has none."""
    found = frame.scope.find(name.text)
    if found is not None:
        return found
    if name.text == "training":
        return Number(frame.training)
    if name.text in CONSTANTS:
        return CONSTANTS[name.text]
    definition = frame.session.library.find(name.text, frame.kinds, frame.own, name.span.source)
    if definition:
        frame.session.used.add((definition.kind, name.text))
        return Stage(definition, (), frame.here(name.span))
    if name.text in BUILTINS:
        return Stage(BUILTINS[name.text], (), frame.here(name.span))
    return None


def _unknown(frame: Frame, name: Name) -> Diagnostic:
    targets = frame.session.targets
    if isinstance(frame.totals, WholePart) and name.text in frame.totals.unseen:
        return Unseen(name.span, name.text)
    if len(frame.heads) > 1 and name.text in ("prediction", "target"):
        return SeveralPredictions(
            name.span,
            name.text,
            frame.heads[0].name if name.text == "prediction" else None,
            ", ".join(f"`{n}`" for n in targets),
        )
    if frame.net and not frame.heads and name.text == "prediction" and {*frame.kinds} & {*OF_PREDICTIONS}:
        return UnknownName(name.span, name.text, PREDICTS_NOTHING)
    if frame.net and not frame.stack and name.text in ("target", *targets):
        return TargetInNet(name.span, name.text) if targets else NoTarget(name.span, name.text)
    if frame.net and not frame.heads and name.text in frame.session.carried:
        return CarriedInNet(name.span, name.text)
    if frame.net and name.text == "outputs" and len(targets) > 1:
        return SeveralOutputs(name.span, ", ".join(f"`{n}`" for n in targets))
    if frame.net and name.text == "outputs":
        return NoTarget(name.span, name.text)
    others = frame.session.library.kinds_of(name.text)
    if others:
        return WrongKind(name.span, name.text, with_article(others[0].value), wanted(frame.kinds))
    meant = nearest(name.text, visible(frame))
    if meant:
        return UnknownName(name.span, name.text, f"did you mean `{meant}`?")
    within = frame.net and not frame.heads and not frame.stack and frame.session.inputs
    inputs = " and ".join(f"`{name}`" for name in frame.session.inputs)
    return UnknownName(name.span, name.text, f"the net reads {inputs}" if within else None)


def visible(frame: Frame) -> set[str]:
    """Every name that would mean something here; what is watched or optimizes is a definition, no function."""
    named = {*frame.scope.names(), *frame.session.library.names(frame.kinds)}
    only_definitions = frame.kinds in ((DefinitionKind.METRIC,), (DefinitionKind.OPTIMIZER,))
    return named if only_definitions else {*named, *CONSTANTS, *BUILTINS, "training"}


def wanted(kinds: tuple[DefinitionKind, ...]) -> str:
    """`a layer or an activation`."""
    return " or ".join(with_article(kind.value) for kind in kinds)


def with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
