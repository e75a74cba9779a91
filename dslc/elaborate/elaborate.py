"""A module and the data's schema to an `Experiment`: six graphs and the loop around them.

The net is elaborated three times: for training (`forward`), for sums over a part (`evaluate`), and for
`predict`; weights meet by their paths. Every independent fault is reported before anything is returned.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from dslc.data.schema import Schema, Task
from dslc.diagnostics import Diagnostic, ModelError, Severity, in_order
from dslc.elaborate import batching
from dslc.elaborate.base_model import TakenOver
from dslc.elaborate.calls import call_definition
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Exhausted, Fault, IdleWeight, NotALoss, Taken, TooDeep, Unused
from dslc.elaborate.experiment import Experiment, Metric, Threshold
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.expression import evaluate
from dslc.elaborate.frame import Derive, Frame, Session
from dslc.elaborate.groups import Groups
from dslc.elaborate.heads import SHARES, Head
from dslc.elaborate.health import dead_units
from dslc.elaborate.lets import Override, aliases, evaluate_lets
from dslc.elaborate.library import Library
from dslc.elaborate.lints import flipped_labels, lints
from dslc.elaborate.load import run_base
from dslc.elaborate.loop import loop_of
from dslc.elaborate.metrics import linked, metric_frame, watch, whole_part_frame
from dslc.elaborate.net import net_frame, run_net
from dslc.elaborate.objective import data_loss, data_losses, loss_frame, objective, objectives
from dslc.elaborate.objectives import check_objectives, columns_of, no_twins, reached_by, unmoved
from dslc.elaborate.predict import predict_outputs
from dslc.elaborate.survey import (
    Losses,
    MainLoss,
    Survey,
    about_values,
    main_losses,
    references,
    survey,
    targets_of,
    unused,
)
from dslc.elaborate.threshold import best_threshold, decided_by, weights_of
from dslc.elaborate.totals import Totals
from dslc.elaborate.train import Plan, is_on, read_train, watched_metrics
from dslc.elaborate.updates import updates_of
from dslc.elaborate.values import Poison
from dslc.elaborate.whole_part import needs_whole_part
from dslc.frozen import Frozen
from dslc.graph.graph import Graph, NodeId, Role
from dslc.ops.leaf import UPDATE
from dslc.scalar import functions
from dslc.source import BUILT_IN, Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

NO_BASES: Mapping[str, TakenOver] = {}

FRAMES = 12_000
"""Python frames that 64 nested calls of deeply nested expressions may take."""


def tasks_of(
    module: ast.Module, overrides: Mapping[str, Override] | None = None, targets: Sequence[str] = ()
) -> dict[str, Task]:
    """By target: whether the objective's first loss over it takes classes or values.

    Where no known loss looks at a target, what `data` declares it to be counts. `targets` are those of the data,
    inputs that are reconstructed among them.
    """
    items = survey(module)
    stated = targets_of(items.data)
    targets = targets or stated
    losses = main_losses(targets, items.objective, Library(module), aliases(items.lets, overrides or {}))
    statements = items.data.statements if items.data else ()
    kinds = [s for s in statements if isinstance(s, ast.Target) and isinstance(s.type, ast.Kind)]
    declared = {name.text for statement in kinds for name in statement.names}
    return {
        name: _task(losses.by_head[name], name in declared) if name in stated else _own_task(losses.by_head[name])
        for name in targets
    }


def _own_task(loss: MainLoss) -> Task:
    """What the loss takes the numbers of an input for that is its own target."""
    return Task.SHARES if loss.link.name == SHARES else Task.VALUES


def _task(loss: MainLoss, declared: bool) -> Task:
    return Task.CLASSES if loss.link.classes or (declared and not loss.name) else Task.VALUES


def elaborate(
    module: ast.Module,
    schema: Schema,
    overrides: Mapping[str, Override],
    name: str,
    bases: Mapping[str, TakenOver] = NO_BASES,
    derive: Derive | None = None,
) -> Experiment:
    """The experiment, its warnings included. Raises ModelError with every independent fault.

    `overrides` are values for lets by name, as `--set` gives them (texts) or as Python does; `bases` are the saved
    models that it loads, by the path as it is written; `derive` makes what `derivative` stands for.
    """
    items = survey(module)
    session = _open(module, items, bases, derive)
    session.inputs = tuple(field.name for field in schema.inputs)
    session.targets = tuple(target.name for target in schema.targets)
    tables = {field.name for field in schema.inputs if field.columns}
    session.faults += flipped_labels(items.data)
    session.faults += [Taken(t.span, t.name, "all input columns") for t in schema.targets if t.name in tables]
    session.carried = tuple(field.name for field in schema.carried)
    experiment: Experiment | None = None
    with _deep_recursion(session):
        experiment = _elaborate(session, module, items, schema, overrides, name)
    errors = _errors(session)
    if errors or experiment is None:
        raise ModelError(errors)
    return experiment


def faults_beside_data(
    module: ast.Module,
    overrides: Mapping[str, Override],
    bases: Mapping[str, TakenOver] = NO_BASES,
    derive: Derive | None = None,
) -> list[Diagnostic]:
    """What is wrong with a module whose data block is at fault: what shows without a schema, and no consequences."""
    items = survey(module)
    session = _open(module, items, bases, derive, data_known=False)
    with _deep_recursion(session):
        _elaborate(session, module, items, Schema((), (), BUILT_IN), overrides, "")
    return [*_errors(session), *flipped_labels(items.data)]


def _open(
    module: ast.Module,
    items: Survey,
    bases: Mapping[str, TakenOver],
    derive: Derive | None,
    data_known: bool = True,
) -> Session:
    library = Library(module)
    faults = [*items.faults, *library.faults]
    session = Session(
        module.span.source, library, evaluate, call_definition, derive, faults=faults, data_known=data_known
    )
    session.bases, session.run_base = bases, run_base
    return session


def _errors(session: Session) -> list[Diagnostic]:
    return in_order(d for d in session.faults if d.severity is Severity.ERROR)


def _elaborate(
    session: Session, module: ast.Module, items: Survey, schema: Schema, overrides: Mapping[str, Override], name: str
) -> Experiment | None:
    """The experiment; None where a part is missing, which is then reported."""
    top = Frame(session, session.root, Draft(), False, tuple(DefinitionKind))
    lets = evaluate_lets(top, items.lets, overrides)
    named, plan = aliases(items.lets, overrides), read_train(top, items.train)
    losses = _losses(top, items, schema, named, plan)
    forward = _forward(session, module, items, schema, losses)
    trained, idle = _reached(forward, session)
    updates = updates_of(session, plan, Groups(items.net, session, forward is not None), trained or (STAND_IN,))
    evaluated = _evaluate(session, module, items, schema, losses, plan, named)
    validated, own = _validated(session, items.data), tuple(column.name for column in columns_of(items))
    loop = loop_of(top, plan, losses.by_head, evaluated.metrics, own, updates.full_batch, validated)
    predict = _predict(session, module, items, schema, losses)
    session.faults += [*unused(module, session.used), *_unread(module, schema), *map(_idle, idle)]
    if forward is None or evaluated.evaluate is None or predict is None:
        return None
    session.faults += unmoved(forward, updates.objectives, trained)
    return Experiment(
        name,
        schema,
        tuple(chosen.setting(session.fixed) for chosen in lets),
        (*session.parameters.values(), *weights_of(evaluated.threshold)),
        updates.states,
        evaluated.metrics,
        loop,
        forward,
        updates.graph,
        evaluated.evaluate,
        evaluated.finish,
        predict,
        evaluated.whole,
        losses.span,
        updates.prunings,
        tuple(in_order(d for d in session.faults if d.severity is not Severity.ERROR)),
        session.tensors | dict(predict.outputs) | _of_only_head(predict, schema.heads),
        evaluated.threshold,
        updates.objectives,
        own,
    )


def _losses(frame: Frame, items: Survey, schema: Schema, named: Mapping[str, str], plan: Plan) -> Losses:
    session = frame.session
    check_objectives(frame, items, plan)
    targets = session.targets if session.data_known else targets_of(items.data)
    losses = about_values(main_losses(targets, items.objective, session.library, named), schema)
    try:
        return decided_by(losses, plan.threshold)
    except Fault as fault:
        frame.report(fault)
        return losses


def _unread(module: ast.Module, schema: Schema) -> Iterator[Diagnostic]:
    """A warning for each carried column that nothing names: neither loss nor metrics, nor a definition of the file."""
    read = {name for item in module.items if not isinstance(item, ast.Data) for name in references(item)}
    for field in schema.carried:
        by_name = field.span.text.strip("`") == field.name  # `carry lab_*` brings more than it means to
        if by_name and field.name not in read:
            yield Unused(field.span, "the carried column", field.name)


def _idle(parameter: Parameter) -> Diagnostic:
    return IdleWeight(parameter.span, parameter.name)


STAND_IN = Parameter("weight", (1,), Graph((), {}), BUILT_IN)
"""A parameter for the optimizer's own faults to show where the net has none."""


def _forward(session: Session, module: ast.Module, items: Survey, schema: Schema, losses: Losses) -> Graph | None:
    frame = net_frame(session, module, schema, losses, Draft(), training=True)
    heads = run_net(frame, items.net, schema, losses)
    if items.objective is None:
        return None
    mentioned, made = references(items.objective), len(session.parameters)
    inner = loss_frame(frame, schema, heads, mentioned)
    outputs = objectives(inner, items.named) if items.named else objective(inner, items.objective.value)
    first = heads[0].prediction if heads else None
    if outputs and not session.parameters and not isinstance(first, Poison):
        place = first.span if first else losses.span
        frame.report(Fault(NotALoss(place, "the net has no weights to train")))
    if not outputs:
        return None
    if len(session.parameters) > made and mentioned & {"weights", "parameters"}:
        # What only the loss calls has its weights by now, of which the lists are to have all.
        return _forward(session, module, items, schema, losses)
    states = {UPDATE + path: node for path, node in frame.draft.updates.items()}
    forward = frame.draft.graph(outputs | states)
    session.faults += lints(frame.draft, heads, losses.by_head)
    if session.parameters and not _reached(forward, session)[0]:
        frame.report(Fault(NotALoss(losses.span, "the loss depends on no weight of the net")))
    return forward


def _reached(forward: Graph | None, session: Session) -> tuple[list[Parameter], list[Parameter]]:
    """The parameters that the objective depends on, and the others."""
    parameters = [parameter for parameter in session.parameters.values() if parameter.trained]
    if forward is None:
        return parameters, []
    names = reached_by(forward, "objective")
    return [p for p in parameters if p.name in names], [p for p in parameters if p.name not in names]


class Evaluated(Frozen):
    """The graphs of an evaluation, None for `evaluate` where the loss is at fault, and what they are to yield."""

    evaluate: Graph | None
    finish: Graph
    whole: Graph
    metrics: tuple[Metric, ...]
    threshold: Threshold | None


def _evaluate(
    session: Session,
    module: ast.Module,
    items: Survey,
    schema: Schema,
    losses: Losses,
    plan: Plan,
    named: Mapping[str, str],
) -> Evaluated:
    """What is reported of a part; `named` are the lets that stand for a name."""
    totals = Totals(Draft())
    frame = net_frame(session, module, schema, losses, totals.examples, training=False)
    heads = run_net(frame, items.net, schema, losses)
    watched = watched_metrics(plan, session.library, losses.by_head)
    chosen = (plan.threshold,) if plan.threshold else ()
    read = (*((items.objective,) if items.objective else ()), *watched, *chosen)
    mentioned = {name for node in read for name in references(node)}
    inner = loss_frame(frame, schema, heads, mentioned)
    inner = replace(inner, totals=totals, role=Role.METRIC)
    sums = data_loss(inner, items.objective.value) if items.objective else None
    span = losses.span
    inner.locate(span)
    mean = batching.map_(functions.divide, (totals.leaf("loss", span), totals.leaf("weight", span)), span)
    own = data_losses(inner, items.named, totals) if sums else None
    seen = linked(inner)
    measured = inner if seen == inner.heads else replace(loss_frame(frame, schema, seen, mentioned), totals=totals)
    summed, finish = metric_frame(measured, totals), {"loss": mean.node} | (own or {})
    part, ranked = whole_part_frame(frame, schema, heads, mentioned), dict[str, NodeId]()

    def place(use: ast.Name | ast.Call) -> tuple[Frame, dict[str, NodeId]]:
        return (part, ranked) if needs_whole_part(use, session.library, named) else (summed, finish)

    metrics, own_columns = watch(place, watched), columns_of(items)
    session.faults += no_twins(own_columns, metrics)
    finish |= dead_units(totals) if is_on(inner, plan, "health") else {}
    outputs = (sums or {}) | {f"sums.{k}": node for k, node in enumerate(totals.sums, 1)}
    evaluated = totals.examples.graph(outputs) if sums else None
    whole = part.draft.graph(ranked) if ranked else Graph((), {})
    threshold = _threshold(frame, items, schema, heads, mentioned, plan)
    return Evaluated(evaluated, totals.draft.graph(finish), whole, (*own_columns, *metrics), threshold)


def _threshold(
    net: Frame, items: Survey, schema: Schema, heads: Sequence[Head], mentioned: set[str], plan: Plan
) -> Threshold | None:
    if plan.threshold is None:
        return None
    part = whole_part_frame(net, schema, heads, mentioned)
    try:
        return best_threshold(part, plan.threshold, _validated(net.session, items.data))
    except Cascade:
        return None
    except Fault as fault:
        part.report(fault)
        return None


def _predict(session: Session, module: ast.Module, items: Survey, schema: Schema, losses: Losses) -> Graph | None:
    frame = net_frame(session, module, schema, losses, Draft(), training=False)
    heads = run_net(frame, items.net, schema, losses)
    session.tensors = dict(frame.draft.named)
    try:
        outputs = [predict_outputs(frame, schema, head, losses.span) for head in heads]
        return frame.draft.graph({name: node for of_head in outputs for name, node in of_head.items()})
    except Cascade:
        return None
    except Fault as fault:
        frame.report(fault)
        return None


def _validated(session: Session, data: ast.Data | None) -> bool:
    """Whether there is, or may be, a validation part: three shares, folds, rows that Python brings; data at fault."""
    if not session.data_known:
        return True
    for statement in data.statements if data else ():
        match statement:
            case ast.Input():
                return True
            case ast.Split(shares=shares, folds=folds):
                return folds is not None or (len(shares) > 2 and shares[1] > 0) or not shares
            case _:
                pass
    return False


def _of_only_head(predict: Graph, heads: Sequence[str]) -> dict[str, NodeId]:
    """`prediction`, `probability` and `decision` without the name of a head that is the only one."""
    if len(heads) > 1:
        return {}
    return {name.removesuffix(f".{heads[0]}"): node for name, node in predict.outputs.items()}


@contextmanager
def _deep_recursion(session: Session) -> Iterator[None]:
    """Room for deep expressions; what still does not fit is a fault like any other."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, FRAMES))
    try:
        yield
    except RecursionError:
        session.faults.append(TooDeep(Span(session.source, 0, 0)))
    except Exhausted:
        pass
    finally:
        sys.setrecursionlimit(limit)
