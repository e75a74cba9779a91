"""Several objectives: `loss d = ..` names one, `minimize d over critic with adam(2e-4)` says which weights it moves.

    objective d    d/d critic     -> the optimizer of its statement
    objective g    d/d generator  -> the optimizer of its statement

All gradients are taken at the same weights, from one forward pass: simultaneous gradient descent (Mescheder, Nowozin &
Geiger 2017, equation 3). Each weight is moved by one objective; a weight that none is to move is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dslc.diagnostics import Diagnostic, nearest
from dslc.elaborate.errors import Cascade, Duplicate, Fault, IdleWeight, Taken
from dslc.elaborate.experiment import OBJECTIVE, Metric, Objective
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame
from dslc.elaborate.group_errors import (
    GroupLeftOut,
    GroupMovedTwice,
    MovesNothing,
    NeverMinimized,
    OwnOptimizer,
    UnknownObjective,
    WithoutGroup,
)
from dslc.elaborate.groups import Groups, most_specific, within
from dslc.elaborate.survey import Survey
from dslc.elaborate.train import Plan
from dslc.graph.graph import Graph
from dslc.ops.leaf import Leaf, LeafRole
from dslc.syntax import ast


def check_objectives(frame: Frame, items: Survey, plan: Plan) -> None:
    """Reports objectives and `minimize` statements that do not fit one another, whatever the groups are."""
    frame.session.faults += [*_of_names(items), *_of_statements(items, plan), *_beside(plan)]


def _of_names(items: Survey) -> Iterator[Diagnostic]:
    first: dict[str, ast.Name] = {}
    for name in _names(items):
        if name.text in first:
            yield Duplicate(name.span, f"`loss {name.text}`", first[name.text].span)
        elif name.text == "loss":
            yield Taken(name.span, name.text, "the sum of all objectives")
        first.setdefault(name.text, name)


def _names(items: Survey) -> list[ast.Name]:
    return [objective.name for objective in items.named if objective.name is not None]


def _of_statements(items: Survey, plan: Plan) -> Iterator[Diagnostic]:
    known = [name.text for name in _names(items)]
    sought: set[str] = set()
    for statement in plan.minimizing:
        objective = statement.objective
        text = objective.text if isinstance(objective, ast.Name) else ""
        sought.add(text)
        if text not in known:
            meant = nearest(text, known) if text else None
            yield UnknownObjective(objective.span, objective.span.text, _advice(known, meant))
    unknown = bool(sought - {*known})
    for name in _names(items):
        if name.text not in sought and not unknown:  # what is misspelt is told already
            over = " over GROUP" if len(known) > 1 else ""
            yield NeverMinimized(name.span, name.text, f"write `minimize {name.text}{over} with adam` in `train`")
    bare = next((s for s in plan.minimizing if not s.groups), None)
    other = next((s for s in plan.minimizing if s is not bare), None)
    if bare is not None and other is not None:
        yield WithoutGroup(bare.span, bare.objective.span.text, other.span)


def _advice(known: Sequence[str], meant: str | None) -> str:
    if meant:
        return f"did you mean `{meant}`?"
    listed = ", ".join(f"`{name}`" for name in known)
    return f"the objectives are {listed}" if known else "name one, as in `loss d = ...`"


def _beside(plan: Plan) -> Iterator[Diagnostic]:
    """Optimizers that stand beside `minimize`, whose statements have their own."""
    if not plan.minimizing:
        return
    if plan.own_optimizer:
        yield OwnOptimizer(plan.optimizer.span, plan.optimizer.span.text, plan.minimizing[0].span)
    for statement in plan.on_groups:
        yield OwnOptimizer(statement.span, statement.optimizer.span.text, plan.minimizing[0].span)


def movers(
    frame: Frame, plan: Plan, groups: Groups, weights: Iterable[Parameter], moving: Iterable[Parameter]
) -> dict[str, ast.Minimize]:
    """By weight the statement that moves it, for all `weights` of its groups. Raises Fault, or Cascade.

    `moving` are those that are not frozen for good: each has to have one, and each statement has to move one.
    """
    of_group = _by_group(frame, plan, groups)
    bare = next((statement for statement in plan.minimizing if not statement.groups), None)
    found = {weight.name: most_specific(of_group, weight.name) or bare for weight in weights}
    left = [weight for weight in moving if found[weight.name] is None]
    if left and groups.sure:
        raise Fault(GroupLeftOut(left[0].span, left[0].name, plan.minimizing[0].span))
    if left:
        raise Cascade
    moved = {id(found[weight.name]) for weight in moving}
    for statement in plan.minimizing:
        if groups.sure and id(statement) not in moved:
            raise Fault(MovesNothing(statement.span, statement.objective.span.text, "that are all frozen"))
    return {name: statement for name, statement in found.items() if statement is not None}


def _by_group(frame: Frame, plan: Plan, groups: Groups) -> dict[str, ast.Minimize]:
    """By path the statement over the group. Raises Cascade where there are faults, which are then reported."""
    found: dict[str, tuple[ast.Name, ast.Minimize]] = {}
    faulty = False
    for statement in plan.minimizing:
        for name in statement.groups:
            try:
                path = groups.find(name)
                for other, (first, _) in found.items():
                    if within(path, other) or within(other, path):
                        both = f"both `{first.text}` and `{name.text}`" if path != other else f"`{name.text}`"
                        raise Fault(GroupMovedTwice(name.span, both, first.span))
                found[path] = name, statement
            except Cascade:
                faulty = True
            except Fault as fault:
                frame.report(fault)
                faulty = True
    if faulty:
        raise Cascade
    return {path: statement for path, (_, statement) in found.items()}


def objectives_of(found: Mapping[str, ast.Minimize]) -> tuple[Objective, ...]:
    """What each statement minimizes, with the weights that it moves."""
    statements = {id(statement): statement for statement in found.values()}
    return tuple(
        Objective(
            statement.objective.span.text,
            tuple(name for name, mover in found.items() if mover is statement),
            statement.span,
        )
        for statement in statements.values()
    )


def unmoved(forward: Graph, objectives: Sequence[Objective], weights: Sequence[Parameter]) -> Iterator[Diagnostic]:
    """Weights that their own objective does not depend on; an error where that are all that a statement is over."""
    by_name = {weight.name: weight for weight in weights}
    for objective in objectives:
        if OBJECTIVE + objective.name not in forward.outputs:  # told already
            continue
        reached = reached_by(forward, OBJECTIVE + objective.name)
        idle = [by_name[name] for name in objective.weights if name in by_name and name not in reached]
        if len(idle) == len(objective.weights):
            yield MovesNothing(objective.span, objective.name, "that it does not depend on")
        else:
            yield from (IdleWeight(weight.span, weight.name) for weight in idle)


def reached_by(forward: Graph, output: str) -> set[str]:
    """The parameters that an output depends on."""
    reached = {forward.outputs[output]}
    for node in reversed(forward.nodes):
        if node.id in reached:
            reached.update(node.inputs)
    ops = (forward.nodes[k].op for k in reached)
    return {op.name for op in ops if isinstance(op, Leaf) and op.role is LeafRole.PARAMETER}


def columns_of(items: Survey) -> list[Metric]:
    """Each named objective as a column of the history."""
    return [Metric(name.text, False, name.span) for name in _names(items)]


def no_twins(columns: Sequence[Metric], metrics: Sequence[Metric]) -> Iterator[Diagnostic]:
    """Objectives and watched metrics of one name, which would be one column."""
    named = {column.name: column.span for column in columns}
    for metric in metrics:
        if metric.name in named:
            yield Duplicate(metric.span, f"`{metric.name}`", named[metric.name])
