"""What one step of training does to every weight: its optimizer, what is frozen, how gradients are clipped.

    gradient -- clip --> -- the optimizer's formulas --> -- unless frozen --> -- unless pruned --> -- average -->

    leaves    parameter dense.w, gradient dense.w, state m.dense.w, clock iteration, progress and epoch, settings
    outputs   update.dense.w, update.m.dense.w: the new value of whatever changes

A weight that is frozen for good has no update and no gradient. One that is frozen for the first epochs keeps itself and
its states until then, and its optimizer counts its updates from there on, as if training began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dslc.diagnostics import Label
from dslc.elaborate import batching
from dslc.elaborate.arithmetic import clock
from dslc.elaborate.average import average_of, averaged, read_decay
from dslc.elaborate.clip import clipped, read_clip
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Fault
from dslc.elaborate.experiment import Objective, Pruning
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame, Session
from dslc.elaborate.group_errors import AllFrozen, BatchDiffers, IdleOptimizer
from dslc.elaborate.groups import Groups, by_group, most_specific
from dslc.elaborate.numbers import Number
from dslc.elaborate.objectives import movers, objectives_of
from dslc.elaborate.optimizer import Change, Chosen, WeightUpdate, choose, leaf_of, update
from dslc.elaborate.prune import mask_of, masked, read_prunings
from dslc.elaborate.scope import Scope
from dslc.elaborate.train import Plan, whole_epochs
from dslc.elaborate.values import Tensor
from dslc.frozen import Frozen
from dslc.graph.graph import Graph, NodeId, Role
from dslc.ops.leaf import UPDATE, Constant, LeafRole
from dslc.scalar import functions
from dslc.scalar.types import DType
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind


class Updates(Frozen):
    """The graph of all updates, and the states they keep; `full_batch`: each wants all training rows at once."""

    graph: Graph
    states: tuple[Parameter, ...]
    prunings: tuple[Pruning, ...] = ()
    full_batch: bool = False
    objectives: tuple[Objective, ...] = ()


class Freeze(Frozen):
    """What is said of a group: frozen for good, or for the first `epochs`."""

    epochs: int | None
    span: Span


class Delay(Frozen):
    """A group that is frozen at first: `frozen` says whether it still is, `count` how many updates it has had."""

    frozen: Tensor
    count: Tensor
    state: Parameter


def updates_of(session: Session, plan: Plan, groups: Groups, weights: Sequence[Parameter]) -> Updates:
    """The updates of these weights; faults are reported once, and leave no updates."""
    draft = Draft()
    frame = Frame(session, Scope(session.root), draft, True, (DefinitionKind.OPTIMIZER,), role=Role.UPDATE)
    try:
        return _updates(frame, plan, groups, weights)
    except Cascade:
        pass
    except Fault as fault:
        frame.report(fault)
    return Updates(draft.graph({}), ())


def update_of(frame: Frame, chosen: Chosen, weight: Parameter) -> Graph:
    """The graph of one weight's update by itself. Raises Fault, or Cascade."""
    gradient = leaf_of(frame.draft, LeafRole.GRADIENT, weight, chosen.span)
    return frame.draft.graph(_outputs(update(frame, chosen, weight, gradient).changes))


def _updates(frame: Frame, plan: Plan, groups: Groups, weights: Sequence[Parameter]) -> Updates:
    frozen = _frozen(frame, plan, groups, weights)
    moving = [weight for weight in weights if (held := frozen.get(weight.name)) is None or held.epochs is not None]
    moved = movers(frame, plan, groups, weights, moving) if plan.minimizing else {}
    chosen = _of_movers(frame, moved, moving) if plan.minimizing else _optimizers(frame, plan, groups, moving)
    delays = _delays(frame, frozen, moving)
    gradients = {w.name: leaf_of(frame.draft, LeafRole.GRADIENT, w, chosen[w.name].span) for w in moving}
    if plan.clip is not None:
        held_now = {name: delay.frozen for name, delay in delays.items()}
        clipping, apart = read_clip(frame, plan.clip), gradients
        for names in [set(o.weights) for o in objectives_of(moved)] or [set(gradients)]:
            gradients |= clipped(frame, clipping, {n: g for n, g in apart.items() if n in names}, held_now)
    prunings = read_prunings(frame, groups, plan.pruning, weights)
    pruned = {name for pruning in prunings for name in pruning.weights}
    decay = read_decay(frame, plan)
    outputs: dict[str, NodeId] = {}
    states: list[Parameter] = []
    for weight in moving:
        made = _update(frame, chosen[weight.name], weight, gradients[weight.name], delays.get(weight.name))
        if weight.name in pruned:
            made = _masked(frame, weight, made)
        outputs |= _outputs(made.changes)
        states += made.states
        if decay is not None:
            outputs |= _outputs([_averaged(frame, decay, weight, made.changes[0])])
    counts = {delay.state.name: delay for delay in delays.values()}
    outputs |= _outputs([_counted(frame, delay) for delay in counts.values()])
    outputs |= {UPDATE + name: node for name, node in frame.draft.updates.items()}
    states += [*(delay.state for delay in counts.values()), *frame.session.states.values()]
    whole = _full_batch(plan, chosen.values())
    return Updates(frame.draft.graph(outputs), tuple(states), prunings, whole, objectives_of(moved))


def _outputs(changes: Iterable[Change]) -> dict[str, NodeId]:
    return {UPDATE + change.name: change.after.node for change in changes}


def _update(frame: Frame, chosen: Chosen, weight: Parameter, gradient: Tensor, delay: Delay | None) -> WeightUpdate:
    """The update of one weight, which does nothing while the weight is frozen."""
    if delay is None:
        return update(frame, chosen, weight, gradient)
    made = update(frame, chosen, weight, gradient, _plus_one(delay.count, chosen.span))
    return made.replaced(changes=tuple(_unless(delay.frozen, change, chosen.span) for change in made.changes))


def _unless(frozen: Tensor, change: Change, span: Span) -> Change:
    after = batching.map_(functions.where, (frozen, change.before, change.after), span)
    return change.replaced(after=replace(after, maker=change.after.maker))


def _masked(frame: Frame, weight: Parameter, made: WeightUpdate) -> WeightUpdate:
    mask = mask_of(weight)
    first, *others = made.changes
    return WeightUpdate((masked(frame, mask, first), *others), (*made.states, mask))


def _averaged(frame: Frame, decay: Number, weight: Parameter, change: Change) -> Change:
    """The average's change; from now on it is a parameter, and predicts in the weight's place."""
    average = average_of(weight)
    frame.session.parameters[average.name] = average
    frame.session.averages[weight.name] = average.name
    return averaged(frame, decay, clock(frame.draft, "iteration", average.span), change, average)


# --- which optimizer ------------------------------------------------------------------------------


def _optimizers(frame: Frame, plan: Plan, groups: Groups, weights: Sequence[Parameter]) -> dict[str, Chosen]:
    """The optimizer of each weight, by the weight's name. Raises Fault, or Cascade."""
    stated = [(statement.groups, statement.optimizer) for statement in plan.on_groups]
    of_group = by_group(frame, groups, stated, lambda use: choose(frame, use), "an optimizer on `{}`")
    found = {weight.name: most_specific(of_group, weight.name) for weight in weights}
    rest = [name for name, optimizer in found.items() if optimizer is None]
    usual = choose(frame, plan.optimizer) if rest or plan.own_optimizer else None
    used = {optimizer.span for optimizer in found.values() if optimizer is not None}
    idle = {optimizer.span for optimizer in of_group.values()} - used
    for statement in plan.on_groups:
        if groups.sure and statement.optimizer.span in idle:
            of = " of " + " and ".join(f"`{name.text}`" for name in statement.groups)
            raise Fault(IdleOptimizer(statement.span, statement.optimizer.span.text, of, ()))
    if groups.sure and usual is not None and not rest:
        takers = tuple(Label(statement.span, "this takes its own") for statement in plan.on_groups)
        raise Fault(IdleOptimizer(plan.optimizer.span, plan.optimizer.span.text, "", takers))
    return {name: optimizer or _sure(usual) for name, optimizer in found.items()}


def _of_movers(frame: Frame, moved: Mapping[str, ast.Minimize], weights: Sequence[Parameter]) -> dict[str, Chosen]:
    """The optimizer of each weight where objectives have theirs: one of a statement for all of its groups."""
    statements = {id(statement): statement for statement in moved.values()}
    chosen = {key: choose(frame, statement.optimizer) for key, statement in statements.items()}
    return {weight.name: chosen[id(moved[weight.name])] for weight in weights}


def _sure(usual: Chosen | None) -> Chosen:
    if usual is None:
        raise Cascade
    return usual


def _full_batch(plan: Plan, chosen: Iterable[Chosen]) -> bool:
    """Whether the optimizers want all rows at once. Raises Fault where they differ and `batch` does not say."""
    optimizers = list(chosen)
    whole = next((optimizer for optimizer in optimizers if optimizer.full_batch), None)
    other = next((optimizer for optimizer in optimizers if not optimizer.full_batch), None)
    if whole and other and not plan.own_batch:
        names = whole.definition.name.text, other.definition.name.text
        raise Fault(BatchDiffers(whole.span, *names, other.span))
    return whole is not None


# --- what is frozen -------------------------------------------------------------------------------


def _frozen(frame: Frame, plan: Plan, groups: Groups, weights: Sequence[Parameter]) -> dict[str, Freeze]:
    """What is frozen, by the weight's name: `unfreeze` says until when. Raises Fault where nothing is left to train."""
    for_good = [(statement.groups, statement) for statement in plan.freezing if statement.until is None]
    at_first = [(statement.groups, statement) for statement in plan.freezing if statement.until is not None]
    of_group = by_group(frame, groups, for_good, _freeze, "`freeze {}`")
    of_group |= by_group(frame, groups, at_first, _freeze, "`unfreeze {}`")
    found = {weight.name: most_specific(of_group, weight.name) for weight in weights}
    frozen = {name: freeze for name, freeze in found.items() if freeze is not None}
    if groups.sure and weights and len(frozen) == len(weights):
        epochs = [freeze.epochs for freeze in frozen.values() if freeze.epochs is not None]
        until = f" for the first {min(epochs)} epochs" if len(epochs) == len(frozen) else ""
        first, *others = dict.fromkeys(freeze.span for freeze in frozen.values())
        raise Fault(AllFrozen(first, until, tuple(others)))
    return frozen


def _freeze(statement: ast.Freeze) -> Freeze:
    """Raises Fault."""
    epochs = None if statement.until is None else whole_epochs(statement.until, "unfreeze")
    return Freeze(epochs, statement.span)


def _delays(frame: Frame, frozen: Mapping[str, Freeze], weights: Sequence[Parameter]) -> dict[str, Delay]:
    """By weight, for those that are frozen at first; weights that are unfrozen together share a count."""
    made: dict[int, Delay] = {}
    found: dict[str, Delay] = {}
    for weight in weights:
        if (freeze := frozen.get(weight.name)) is not None and freeze.epochs is not None:
            if freeze.epochs not in made:
                made[freeze.epochs] = _delay(frame, freeze.epochs, freeze.span)
            found[weight.name] = made[freeze.epochs]
    return found


def _delay(frame: Frame, epochs: int, span: Span) -> Delay:
    frame.locate(span)
    epoch = batching.as_real(batching.scalar(frame.draft, frame.draft.clock("epoch", DType.INT), span))
    frozen = batching.map_(functions.less, (epoch, batching.constant(frame.draft, epochs, span)), span)
    state = Parameter(f"updates.after_{epochs}", (), _zero(), frame.here(span))
    return Delay(frozen, leaf_of(frame.draft, LeafRole.STATE, state, span), state)


def _zero() -> Graph:
    draft = Draft()
    return draft.graph({"value": draft.add(Constant(0.0, DType.REAL))})


def _counted(frame: Frame, delay: Delay) -> Change:
    frame.locate(delay.state.span)
    change = Change(delay.state.name, delay.count, _plus_one(delay.count, delay.state.span))
    return _unless(delay.frozen, change, delay.state.span)


def _plus_one(count: Tensor, span: Span) -> Tensor:
    return batching.map_(functions.add, (count, batching.constant(count.home, 1, span)), span)
