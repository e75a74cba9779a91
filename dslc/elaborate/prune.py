"""`prune 50% of body after 5 epochs`: the smallest elements of each weight become 0, and stay 0.

Magnitude pruning, each weight by itself (Han et al. 2015, "Learning both weights and connections", section 3; PyTorch
`prune.l1_unstructured`, TensorFlow's `prune_low_magnitude`). Weights of rank 2 and more; biases and scales stay whole.
What is pruned is chosen between two epochs (runtime/pruning.py); the training graph multiplies by the mask:

    weight w : [fan_in, units]     state mask.w : [fan_in, units], 1 or 0     update.w = w' where mask > 0, else 0
"""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate import batching
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Duplicate, Fault
from dslc.elaborate.experiment import MASK, Pruning
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame
from dslc.elaborate.group_errors import NothingToPrune
from dslc.elaborate.groups import Groups, within
from dslc.elaborate.optimizer import Change, leaf_of
from dslc.elaborate.train import whole_epochs, wrong_value
from dslc.ops.leaf import LeafRole
from dslc.scalar import functions
from dslc.syntax import ast


def read_prunings(
    frame: Frame, groups: Groups, stated: Sequence[ast.Prune], weights: Sequence[Parameter]
) -> tuple[Pruning, ...]:
    """What is pruned, and when, in the order of the epochs; faults are reported."""
    found: dict[tuple[int, str], Pruning] = {}
    for statement in stated:
        try:
            epoch = 0 if statement.after is None else whole_epochs(statement.after, "prune")
            for group, chosen in _chosen(groups, statement, weights):
                if (epoch, group) in found:
                    raise Fault(
                        Duplicate(statement.span, f"what to prune after {epoch} epochs", found[epoch, group].span)
                    )
                found[epoch, group] = Pruning(_share(statement), chosen, epoch, statement.span)
        except Cascade:
            continue
        except Fault as fault:
            frame.report(fault)
    return tuple(sorted(found.values(), key=lambda pruning: pruning.epoch))


def _chosen(groups: Groups, statement: ast.Prune, weights: Sequence[Parameter]) -> list[tuple[str, tuple[str, ...]]]:
    """The groups with the names of their weights; without a group, all. Raises Fault where one has none to prune."""
    wide = [weight.name for weight in weights if len(weight.shape) >= 2]
    paths = [(name, groups.find(name)) for name in statement.groups]
    of_group = [(name.span, path, tuple(w for w in wide if within(w, path))) for name, path in paths]
    for span, path, chosen in of_group or [(statement.span, "", tuple(wide))]:
        if not chosen and groups.sure:
            raise Fault(NothingToPrune(span, f"`{path}`" if path else "the net"))
    return [(path, chosen) for _, path, chosen in of_group] or [("", tuple(wide))]


def _share(statement: ast.Prune) -> float:
    if 0 < statement.share.value < 1:
        return statement.share.value
    raise wrong_value("prune", statement.share, "a share between 0% and 100%")


def mask_of(weight: Parameter) -> Parameter:
    """The state that masks a weight; at first nothing is pruned."""
    draft = Draft()
    one = batching.constant(draft, 1, weight.span)
    return Parameter(
        MASK + weight.name,
        weight.shape,
        draft.graph({"value": batching.spread(one, weight.shape, False).node}),
        weight.span,
    )


def masked(frame: Frame, mask: Parameter, change: Change) -> Change:
    """The weight's change with 0 where it is pruned."""
    frame.locate(mask.span)
    left = leaf_of(frame.draft, LeafRole.STATE, mask, mask.span)
    zero = batching.constant(frame.draft, 0, mask.span)
    kept = batching.map_(functions.greater, (left, zero), mask.span)
    return change.replaced(after=batching.map_(functions.where, (kept, change.after, zero), mask.span))
