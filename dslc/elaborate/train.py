"""The train block by statement: settings, optimizers, what is frozen, clipped, watched; when to stop, what to keep."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import assert_never

from dslc.diagnostics import nearest
from dslc.elaborate.errors import BadSetting, Cascade, Duplicate, Fault, UnknownSetting
from dslc.elaborate.frame import Frame
from dslc.elaborate.library import Library
from dslc.elaborate.numbers import Number
from dslc.elaborate.prelude import defaults
from dslc.elaborate.values import Poison
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast

PARTS = ("train", "val")

MOST_EPOCHS = 2**31


class Plan(Frozen):
    """The train block by kind of statement; what it leaves out has its default.

    `own_batch`: it states `batch`; `own_optimizer`: it states the optimizer of what `on_groups` leave.
    """

    settings: Mapping[str, ast.Setting]
    own_batch: bool
    optimizer: ast.Name | ast.Call
    own_optimizer: bool
    on_groups: tuple[ast.Optimize, ...]
    freezing: tuple[ast.Freeze, ...]
    pruning: tuple[ast.Prune, ...]
    clip: ast.Clip | None
    watched: tuple[ast.Name | ast.Call, ...]
    stop: ast.StopWhen | None
    limit: ast.StopAfter | None
    keep: ast.KeepBest | None
    threshold: ast.ThresholdBest | None
    minimizing: tuple[ast.Minimize, ...] = ()


def read_train(frame: Frame, train: ast.Train | None) -> Plan:
    """Sorts the statements; reports what is stated twice, unknown, or not built yet."""
    default = defaults().statements
    first: dict[str, ast.TrainStatement] = {}
    statements = train.statements if train else ()
    for statement in statements:
        try:
            key = _key(statement, frame.session.library)
            if key in first:
                raise Fault(Duplicate(statement.span, key, first[key].span))
            if key:
                first[key] = statement
        except Fault as fault:
            frame.report(fault)
    head = train.span if train else Span(frame.session.source, 0, 0)
    optimize, clip, watched = first.get("the optimizer"), first.get("`clip`"), first.get("`watch`")
    stop, limit, keep = first.get("`stop when`"), first.get("`stop after`"), first.get("`keep best`")
    threshold = first.get("`threshold best`")
    (usual,) = (s.optimizer.replaced(span=head) for s in default if isinstance(s, ast.Optimize))
    return Plan(
        _settings(default) | _settings(first.values()),
        "`batch`" in first,
        optimize.optimizer if isinstance(optimize, ast.Optimize) else usual,
        optimize is not None,
        tuple(s for s in statements if isinstance(s, ast.Optimize) and s.groups),
        tuple(s for s in statements if isinstance(s, ast.Freeze)),
        tuple(s for s in statements if isinstance(s, ast.Prune)),
        clip if isinstance(clip, ast.Clip) else None,
        watched.metrics if isinstance(watched, ast.Watch) else (),
        stop if isinstance(stop, ast.StopWhen) else None,
        limit if isinstance(limit, ast.StopAfter) else None,
        keep if isinstance(keep, ast.KeepBest) else None,
        threshold if isinstance(threshold, ast.ThresholdBest) else None,
        tuple(s for s in statements if isinstance(s, ast.Minimize)),
    )


def _settings(statements: Iterable[ast.TrainStatement]) -> dict[str, ast.Setting]:
    return {statement.name.text: statement for statement in statements if isinstance(statement, ast.Setting)}


def stated_number(frame: Frame, value: ast.Plain | None) -> Number | None:
    """A number, or that of the let that a name stands for; None for anything else. Raises Cascade."""
    match value:
        case ast.Number(value=number) if math.isfinite(number):
            return Number(number)
        case ast.Name(text="true" | "false" as word):
            return Number(word == "true")
        case ast.Name():
            found = frame.evaluate(value)
            if isinstance(found, Poison):
                raise Cascade
            return found if isinstance(found, Number) else None
        case _:
            return None


def wrong_setting(setting: ast.Setting, wanted: str, number: Number | None = None) -> Fault:
    """A setting whose value is not what is `wanted`; `number` is what it stands for, as far as it is known."""
    if setting.value is None:
        return Fault(BadSetting(setting.span, setting.name.text, wanted, "left out"))
    return wrong_value(setting.name.text, setting.value, wanted, number)


def wrong_value(name: str, value: ast.Syntax, wanted: str, number: Number | None = None) -> Fault:
    """Likewise of another statement, which a message calls `name`."""
    text = value.span.text
    known = str(number.value).lower() if number is not None and isinstance(value, ast.Name) else text
    found = f"`{text}`" if known == text else f"`{text}`, which is {known}"
    return Fault(BadSetting(value.span, name, wanted, found))


def is_on(frame: Frame, plan: Plan, name: str) -> bool:
    """Whether a switch is on; one that is stated wrongly is reported, and is."""
    setting = plan.settings[name]
    try:
        number = stated_number(frame, setting.value)
    except Cascade:
        return True
    if number is None or not isinstance(number.value, bool):
        frame.report(wrong_setting(setting, "`true` or `false`", number))
        return True
    return number.value


def whole_epochs(duration: ast.Duration, setting: str) -> int:
    """The number of epochs that `setting` is given. Raises Fault for other units, fractions, or none at all."""
    whole = 1 <= duration.count <= MOST_EPOCHS and int(duration.count) == duration.count
    if duration.unit.text.rstrip("s") != "epoch" or not whole:
        wanted = f"a whole number of epochs from 1 to {MOST_EPOCHS}"
        raise wrong_value(setting, duration, wanted)
    return int(duration.count)


def _key(statement: ast.TrainStatement, library: Library) -> str:
    """What may be stated once, "" for what may be stated again. Raises Fault for what is unknown or not built yet."""
    match statement:
        case ast.Setting(name=name):
            known = _settings(defaults().statements)
            if name.text not in known:
                called = library.find(name.text, (ast.DefinitionKind.OPTIMIZER,), True) and statement.value
                meant = f"{name.text}({statement.value.span.text})" if called and statement.value else None
                raise Fault(UnknownSetting(name.span, name.text, meant or nearest(name.text, known)))
            return f"`{name.text}`"
        case ast.Optimize(groups=groups):
            return "" if groups else "the optimizer"
        case ast.StopWhen():
            return "`stop when`"
        case ast.StopAfter():
            return "`stop after`"
        case ast.KeepBest():
            return "`keep best`"
        case ast.ThresholdBest():
            return "`threshold best`"
        case ast.Watch():
            return "`watch`"
        case ast.Clip():
            return "`clip`"
        case ast.Freeze() | ast.Prune() | ast.Minimize():
            return ""
        case _:
            assert_never(statement)


def watched_metrics(plan: Plan, library: Library, heads: Collection[str]) -> tuple[ast.Name | ast.Call, ...]:
    """What is watched, and what `stop` and `keep` follow besides, as far as it is known.

    `heads` are the names of the targets that the net predicts; another name shows when its column is looked for.
    """
    names = [name for use in plan.watched for name in _quantities(use, len(heads) > 1)]
    followed: list[ast.Name | ast.Call] = []
    for column in _columns(plan):
        name, quantity = column.name.text, quantity_of(column)
        known = library.find(name, (ast.DefinitionKind.METRIC,), True)
        if known and quantity[0] in (name, *heads) and quantity not in names and (name,) not in names:
            followed.append(_use(column))
            names.append(quantity)
    return (*plan.watched, *followed)


def _quantities(use: ast.Name | ast.Call, several: bool) -> list[tuple[str, ...]]:
    """The columns that a watched metric makes: `mae`, or among several predictions `heating.mae` of `mae(heating)`."""
    if isinstance(use, ast.Name) or not several:
        return [(use.text if isinstance(use, ast.Name) else use.callee.text,)]
    return [(a.value.text, use.callee.text) for a in use.arguments if isinstance(a.value, ast.Name)]


def _use(column: ast.Member) -> ast.Name | ast.Call:
    """The metric that a column shows: `mae(heating)` for `val.heating.mae`."""
    if not isinstance(column.value, ast.Member):
        return column.name
    head = column.value.name
    return ast.Call(column.span, column.name, (ast.Argument(head.span, None, head),), ())


def _columns(plan: Plan) -> list[ast.Member]:
    """The well-formed columns that stop and keep follow."""
    stop = plan.stop.condition if plan.stop else None
    followed = stop.left if isinstance(stop, ast.Binary) else stop
    keep = plan.keep.metric if plan.keep else None
    return [m for m in (followed, keep) if isinstance(m, ast.Member) and part_of(m) in PARTS]


def part_of(member: ast.Member) -> str:
    """`val` of `val.loss` and of `val.heating.mae`; empty if something else stands there."""
    if isinstance(member.value, ast.Member):
        return part_of(member.value)
    return member.value.text if isinstance(member.value, ast.Name) else ""


def quantity_of(member: ast.Member) -> tuple[str, ...]:
    """`loss` of `val.loss`; `heating`, `mae` of `val.heating.mae`."""
    before = quantity_of(member.value) if isinstance(member.value, ast.Member) else ()
    return (*before, member.name.text)
