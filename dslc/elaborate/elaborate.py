"""A module and the data's schema to an `Experiment`: five graphs and the loop around them.

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
from dslc.elaborate.calls import call_definition
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Exhausted, Fault, IdleWeight, NotALoss, TooDeep
from dslc.elaborate.experiment import Experiment, Metric
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.expression import evaluate
from dslc.elaborate.frame import Frame, Session
from dslc.elaborate.lets import Override, aliases, evaluate_lets
from dslc.elaborate.library import Library
from dslc.elaborate.loop import loop_of
from dslc.elaborate.metrics import watch
from dslc.elaborate.net import net_frame, run_net
from dslc.elaborate.objective import data_loss, loss_frame, objective
from dslc.elaborate.optimizer import optimize
from dslc.elaborate.predict import predict_outputs
from dslc.elaborate.survey import MainLoss, Survey, main_loss, references, survey, unused, walk
from dslc.elaborate.totals import Totals
from dslc.elaborate.train import read_train, watched_metrics
from dslc.elaborate.values import Poison, Tensor
from dslc.graph.graph import Graph, Role
from dslc.ops.leaf import Leaf, LeafRole
from dslc.scalar import functions
from dslc.source import BUILT_IN, Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

FRAMES = 12_000
"""Python frames that 64 nested calls of deeply nested expressions may take."""


def task_of(module: ast.Module, overrides: Mapping[str, Override] | None = None) -> Task:
    """Whether the objective's first loss over the target takes classes or values. Needs no data.

    Where no known loss looks at the target, what `data` declares it to be counts.
    """
    items = survey(module)
    loss = main_loss(items.objective, Library(module), aliases(items.lets, overrides or {}))
    declared = any(isinstance(part, ast.Target) and isinstance(part.type, ast.Kind) for part in walk(module))
    return Task.CLASSES if loss.link.classes or (declared and not loss.name) else Task.VALUES


def elaborate(module: ast.Module, schema: Schema, overrides: Mapping[str, Override], name: str) -> Experiment:
    """The experiment, its warnings included. Raises ModelError with every independent fault.

    `overrides` are values for lets by name, as `--set` gives them (texts) or as Python does.
    """
    items = survey(module)
    session = _open(module, items)
    session.target = schema.target.name if schema.target else None
    experiment: Experiment | None = None
    with _deep_recursion(session):
        experiment = _elaborate(session, module, items, schema, overrides, name)
    errors = _errors(session)
    if errors or experiment is None:
        raise ModelError(errors)
    return experiment


def faults_beside_data(module: ast.Module, overrides: Mapping[str, Override]) -> list[Diagnostic]:
    """The errors of a module whose data block is at fault: those that show without a schema, and no consequences."""
    items = survey(module)
    session = _open(module, items, data_known=False)
    with _deep_recursion(session):
        _elaborate(session, module, items, Schema((), None, BUILT_IN), overrides, "")
    return _errors(session)


def _open(module: ast.Module, items: Survey, data_known: bool = True) -> Session:
    library = Library(module)
    faults = [*items.faults, *library.faults]
    return Session(module.span.source, library, evaluate, call_definition, faults=faults, data_known=data_known)


def _errors(session: Session) -> list[Diagnostic]:
    return in_order(d for d in session.faults if d.severity is Severity.ERROR)


def _elaborate(
    session: Session,
    module: ast.Module,
    items: Survey,
    schema: Schema,
    overrides: Mapping[str, Override],
    name: str,
) -> Experiment | None:
    """The experiment; None where a part is missing, which is then reported."""
    top = Frame(session, session.root, Draft(), False, tuple(DefinitionKind))
    lets = evaluate_lets(top, items.lets, overrides)
    loss = main_loss(items.objective, session.library, aliases(items.lets, overrides))
    plan = read_train(top, items.train)
    forward = _forward(session, module, items, schema, loss)
    trained, idle = _reached(forward, session)
    updates = optimize(session, plan.optimizer, trained or (STAND_IN,))
    evaluated, finish, metrics = _evaluate(session, module, items, schema, loss, watched_metrics(plan, session.library))
    loop = loop_of(top, plan, metrics, updates.full_batch, _validated(items.data) or not session.data_known)
    predict = _predict(session, module, items, schema, loss)
    session.faults += [*unused(module, session.used), *(IdleWeight(p.span, p.name) for p in idle)]
    if forward is None or evaluated is None or predict is None:
        return None
    return Experiment(
        name,
        schema,
        tuple(chosen.setting(session.fixed) for chosen in lets),
        tuple(session.parameters.values()),
        updates.states,
        metrics,
        loop,
        forward,
        updates.graph,
        evaluated,
        finish,
        predict,
        loss.span,
        tuple(in_order(d for d in session.faults if d.severity is not Severity.ERROR)),
        session.tensors | dict(predict.outputs),
    )


STAND_IN = Parameter("weight", (1,), Graph((), {}), BUILT_IN)
"""A parameter for the optimizer's own faults to show where the net has none."""


def _forward(session: Session, module: ast.Module, items: Survey, schema: Schema, loss: MainLoss) -> Graph | None:
    frame = net_frame(session, module, schema, loss, Draft(), training=True)
    prediction = run_net(frame, items.net, loss)
    if items.objective is None:
        return None
    inner = loss_frame(frame, schema, prediction, references(items.objective))
    outputs = objective(inner, items.objective.value)
    if isinstance(prediction, Tensor) and outputs and not session.parameters:
        frame.report(Fault(NotALoss(prediction.span, "the net has no weights to train")))
    return frame.draft.graph(outputs) if outputs else None


def _reached(forward: Graph | None, session: Session) -> tuple[list[Parameter], list[Parameter]]:
    """The parameters that the objective depends on, and the others."""
    parameters = list(session.parameters.values())
    if forward is None:
        return parameters, []
    reached = {forward.outputs["objective"]}
    for node in reversed(forward.nodes):
        if node.id in reached:
            reached.update(node.inputs)
    ops = (forward.nodes[k].op for k in reached)
    names = {op.name for op in ops if isinstance(op, Leaf) and op.role is LeafRole.PARAMETER}
    return [p for p in parameters if p.name in names], [p for p in parameters if p.name not in names]


def _evaluate(
    session: Session,
    module: ast.Module,
    items: Survey,
    schema: Schema,
    loss: MainLoss,
    watched: Sequence[ast.Name | ast.Call],
) -> tuple[Graph | None, Graph, tuple[Metric, ...]]:
    """The graphs `evaluate` and `finish`, and the metrics."""
    totals = Totals(Draft())
    frame = net_frame(session, module, schema, loss, totals.examples, training=False)
    prediction = run_net(frame, items.net, loss)
    mentioned = references(items.objective) if items.objective else set[str]()
    inner = loss_frame(frame, schema, prediction, mentioned)
    inner = replace(inner, totals=totals, role=Role.METRIC)
    sums = data_loss(inner, items.objective.value) if items.objective else None
    inner.locate(loss.span)
    mean = batching.map_(
        functions.divide, (totals.leaf("loss", loss.span), totals.leaf("weight", loss.span)), loss.span
    )
    finish = {"loss": mean.node}
    metrics = watch(inner, totals, watched, finish)
    outputs = (sums or {}) | {f"sums.{k}": node for k, node in enumerate(totals.sums, 1)}
    evaluated = totals.examples.graph(outputs) if sums else None
    return evaluated, totals.draft.graph(finish), tuple(metrics)


def _predict(session: Session, module: ast.Module, items: Survey, schema: Schema, loss: MainLoss) -> Graph | None:
    frame = net_frame(session, module, schema, loss, Draft(), training=False)
    prediction = run_net(frame, items.net, loss)
    if isinstance(prediction, Poison):
        return None
    session.tensors = dict(frame.draft.named)
    try:
        return frame.draft.graph(predict_outputs(frame, schema, prediction, loss.span))
    except Fault as fault:
        frame.report(fault)
        return None


def _validated(data: ast.Data | None) -> bool:
    """Whether there is, or may be, a validation part: three shares, folds, or rows that Python brings."""
    for statement in data.statements if data else ():
        match statement:
            case ast.Input():
                return True
            case ast.Split(shares=shares, folds=folds):
                return folds is not None or (len(shares) > 2 and shares[1] > 0) or not shares
            case _:
                pass
    return False


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
