"""The training loop's settings, each with its value, its range, and its default."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from dslc.diagnostics import nearest
from dslc.elaborate.errors import Cascade, Fault, NoValidation, UnknownColumn, WithoutStop
from dslc.elaborate.experiment import LARGEST_BATCH, KeepBest, Loop, Metric, StopRule
from dslc.elaborate.frame import Frame
from dslc.elaborate.library import Library
from dslc.elaborate.numbers import Number
from dslc.elaborate.train import (
    PARTS,
    Plan,
    is_on,
    part_of,
    quantity_of,
    stated_number,
    whole_epochs,
    wrong_setting,
    wrong_value,
)
from dslc.elaborate.values import Poison
from dslc.frozen import Frozen
from dslc.syntax import ast
from dslc.syntax.ast import BinaryOp, DefinitionKind

SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}

Read = TypeVar("Read")


class Columns(Frozen):
    """What a history will have, for stop and keep to follow; `known` is what it could have; `trained` has a
    column of the training rows."""

    higher: dict[str, bool]
    known: frozenset[str]
    validated: bool
    trained: tuple[str, ...]


def loop_of(
    frame: Frame,
    plan: Plan,
    heads: Collection[str],
    metrics: Sequence[Metric],
    objectives: Sequence[str],
    full_batch: bool,
    validated: bool,
) -> Loop:
    """Every setting with its value; reports those out of range.

    `heads`: the names of the targets that the net predicts; `objectives`: those with names; `full_batch`: what the
    optimizer asks for; `validated`: there is a validation part.
    """
    higher = {"loss": False} | {metric.name: metric.higher for metric in metrics}
    prefixes = [f"{head}." for head in heads] if len(heads) > 1 else [""]
    metric_names = _followed(frame.session.library)
    possible = {prefix + metric for metric in metric_names for prefix in prefixes}
    columns = Columns(higher, frozenset({*higher, *possible}), validated, ("loss", *objectives))
    stop = _tried(frame, lambda: _stop(frame, plan.stop, columns))
    return Loop(
        _tried(frame, lambda: _batch(frame, plan, full_batch)),
        _tried(frame, lambda: _whole(frame, plan, "epochs", 1, 2**31)) or 0,
        _tried(frame, lambda: _whole(frame, plan, "seed", 0, 2**32 - 1)) or 0,
        is_on(frame, plan, "shuffle"),
        is_on(frame, plan, "health"),
        stop,
        _tried(frame, lambda: _keep(plan.keep, plan.stop, stop, columns)),
        _tried(frame, lambda: _limit(plan.limit)),
    )


def _followed(library: Library) -> set[str]:
    """The metrics that a rule could follow: those that are numbers."""
    names = library.names([DefinitionKind.METRIC])
    found = {name: library.find(name, (DefinitionKind.METRIC,), True) for name in names}
    return {name for name, definition in found.items() if definition is not None and not definition.table}


def _tried(frame: Frame, read: Callable[[], Read]) -> Read | None:
    """What is read, None where it has a fault, which is then reported."""
    try:
        return read()
    except Cascade:
        return None
    except Fault as fault:
        frame.report(fault)
        return None


def _batch(frame: Frame, plan: Plan, full_batch: bool) -> int | None:
    value = plan.settings["batch"].value
    if (full_batch and not plan.own_batch) or (isinstance(value, ast.Name) and value.text == "all"):
        return None
    return _whole(frame, plan, "batch", 1, LARGEST_BATCH, " or `all`")


def _whole(frame: Frame, plan: Plan, name: str, low: int, high: int, more: str = "") -> int:
    setting = plan.settings[name]
    value = stated_number(frame, setting.value)
    if value is None or isinstance(value.value, bool) or value.value != int(value.value):
        raise wrong_setting(setting, f"a whole number{more}", value)
    if not low <= value.value <= high:
        raise wrong_setting(setting, f"from {low} to {high}{more}", value)
    if name == "batch":
        frame.session.fixed.update(value.lets)
    return int(value.value)


# --- stop and keep --------------------------------------------------------------------------------


def _stop(frame: Frame, stop: ast.StopWhen | None, columns: Columns) -> StopRule | None:
    if stop is None:
        return None
    if stop.patience is not None:
        name, higher = _column(stop.condition, columns)
        return StopRule(name, higher, whole_epochs(stop.patience, "stalls"), None, stop.span)
    match stop.condition:
        case ast.Binary(op=BinaryOp.LESS | BinaryOp.LESS_EQUAL | BinaryOp.GREATER | BinaryOp.GREATER_EQUAL as op):
            name, _ = _column(stop.condition.left, columns)
            limit = frame.evaluate(stop.condition.right)
            if isinstance(limit, Poison):
                raise Cascade
            if not isinstance(limit, Number) or isinstance(limit.value, bool):
                raise wrong_value("stop when", stop.condition.right, "a comparison with a number")
            return StopRule(name, op in (BinaryOp.GREATER, BinaryOp.GREATER_EQUAL), None, float(limit.value), stop.span)
        case condition:
            raise wrong_value("stop when", condition, "a comparison such as `train.loss < 0.01`")


def _keep(
    keep: ast.KeepBest | None, stated: ast.StopWhen | None, stop: StopRule | None, columns: Columns
) -> KeepBest | None:
    if keep is None:
        return None
    if keep.metric is not None:
        name, higher = _column(keep.metric, columns)
        return KeepBest(name, higher, keep.span)
    if stop is None and stated is not None:
        raise Cascade
    if stop is None:
        raise Fault(WithoutStop(keep.span))
    return KeepBest(stop.column, columns.higher[stop.column.partition(".")[2]], keep.span)


def _column(member: ast.Expression, columns: Columns) -> tuple[str, bool]:
    """`val.loss`, and whether higher is better."""
    span, text = member.span, member.span.text
    if not isinstance(member, ast.Member) or part_of(member) not in PARTS:
        raise Fault(UnknownColumn(span, text, "a column is `val.loss`, `train.loss`, `val.` and a metric, ..."))
    name = ".".join(quantity_of(member))
    text = f"{part_of(member)}.{name}"
    close = name if name in columns.higher else nearest(name, columns.known)
    if part_of(member) == "train" and name not in columns.trained:
        told = "its loss alone" if len(columns.trained) == 1 else ", ".join(f"`train.{n}`" for n in columns.trained)
        advice = f"; follow `val.{close}`" if close else ""
        raise Fault(UnknownColumn(span, text, f"training reports {told}{advice}"))
    if name not in columns.higher:
        raise Fault(UnknownColumn(span, text, f"did you mean `{part_of(member)}.{close}`?" if close else None))
    if part_of(member) == "val" and not columns.validated:
        raise Fault(NoValidation(span, text))
    return text, columns.higher[name]


def _limit(limit: ast.StopAfter | None) -> float | None:
    if limit is None:
        return None
    unit = limit.limit.unit.text.rstrip("s")
    if unit not in SECONDS or not 0 < limit.limit.count < math.inf:
        raise wrong_value("stop after", limit.limit, "a time such as `10 minutes`")
    return float(limit.limit.count) * SECONDS[unit]
