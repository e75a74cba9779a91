"""What is wrong with statements about groups of weights: frozen, pruned, each with an optimizer of its own."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label
from dslc.source import Span


class UnknownGroup(Diagnostic):
    """`freeze`, `unfreeze` and an optimizer's `on` name what no weight of the net belongs to.

    A group is a name that `net` binds or predicts, with all weights whose path begins with it; or, in backticks, a path
    itself: `body.dense` is a layer, `dense.w` one weight.
    """

    code: ClassVar = "unknown-group"
    message: ClassVar = "`{name}` is no group of weights"
    help: ClassVar = "{advice_text}"
    name: str
    advice_text: str


class EmptyGroup(Diagnostic):
    """A name of the net without weights of its own.

    A layer that is bound to a name has its weights there, whoever uses it; what only reads another part has none.
    """

    code: ClassVar = "empty-group"
    message: ClassVar = "`{name}` has no weights of its own"
    help: ClassVar = "the weights behind it belong to {owners}"
    name: str
    owners: str | None
    bound: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.bound, "bound here"),)


class SeveralLayers(Diagnostic):
    """A layer's name that several calls of the net share, as a group of weights.

    The calls are told apart by their paths, `dense`, `dense_2`, ..., which change when a layer is put in between.
    """

    code: ClassVar = "several-layers"
    message: ClassVar = "`{name}` does not say which of several layers"
    help: ClassVar = "bind the layer to a name in `net`, or name its weights: `{weight}`"
    name: str
    weight: str


class AllFrozen(Diagnostic):
    """Every weight is frozen, for good or for the first epochs: there is nothing to train."""

    code: ClassVar = "all-frozen"
    message: ClassVar = "every weight is frozen{until}"
    until: str
    places: tuple[Span, ...]

    def others(self) -> tuple[Label, ...]:
        return tuple(Label(place, "and here") for place in self.places)


class IdleOptimizer(Diagnostic):
    """An optimizer for weights that are all frozen for good, or that more specific groups take for theirs."""

    code: ClassVar = "idle-optimizer"
    message: ClassVar = "`{name}` updates no weight{of}"
    name: str
    of: str
    takers: tuple[Label, ...]

    def others(self) -> tuple[Label, ...]:
        return self.takers


class NothingToPrune(Diagnostic):
    """`prune` of what has no weight of two axes or more: biases and scales are not pruned."""

    code: ClassVar = "nothing-to-prune"
    message: ClassVar = "{group} has no weight of two axes or more"
    group: str


class BatchDiffers(Diagnostic):
    """One optimizer asks for `batch all` and another does not: they make their updates from the same rows."""

    code: ClassVar = "batch-differs"
    message: ClassVar = "`{whole}` updates once for all rows, and `{other}` for each batch"
    help: ClassVar = "state the batch for both: `batch all`, or `batch 32`"
    whole: str
    other: str
    other_span: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.other_span, "the other optimizer"),) if self.other_span.source.text else ()


class UnknownObjective(Diagnostic):
    """`minimize d over critic with adam` says by its name which objective is minimized: `loss d = ...` names one."""

    code: ClassVar = "unknown-objective"
    message: ClassVar = "`{name}` is no objective"
    help: ClassVar = "{advice_text}"
    name: str
    advice_text: str


class NeverMinimized(Diagnostic):
    """An objective with a name is minimized where `train` says so, over the weights that it says."""

    code: ClassVar = "never-minimized"
    message: ClassVar = "nothing minimizes `{name}`"
    help: ClassVar = "{advice_text}"
    name: str
    advice_text: str


class WithoutGroup(Diagnostic):
    """`minimize d with adam` is about all weights, so that it is the only one; of several each says over which group.

    All objectives are minimized in the same step, each over weights of its own.
    """

    code: ClassVar = "minimize-what"
    message: ClassVar = "of several `minimize` each needs its group of weights"
    help: ClassVar = "write `minimize {name} over GROUP with ...`"
    name: str
    other: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.other, "another one"),)


class GroupMovedTwice(Diagnostic):
    """Two `minimize` over one group of weights, or over a group and a part of it: a weight follows one objective.

    To follow both, the group has one objective that is their sum.
    """

    code: ClassVar = "moved-twice"
    message: ClassVar = "two objectives are minimized over weights of {groups}"
    help: ClassVar = "minimize an objective that is their sum"
    groups: str
    first: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, "first here"),)


class GroupLeftOut(Diagnostic):
    """Where `minimize` names groups, a weight in none of them would keep its first value, which `freeze` says."""

    code: ClassVar = "left-out"
    message: ClassVar = "nothing is minimized over the weight `{path}`"
    help: ClassVar = "name its group in a `minimize`, or `freeze` it"
    path: str
    first: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, "this is over other weights"),)


class MovesNothing(Diagnostic):
    """`minimize d over critic` where all weights of `critic` are frozen, or `d` depends on none of them."""

    code: ClassVar = "moves-nothing"
    message: ClassVar = "`{name}` is minimized over weights {which}"
    name: str
    which: str


class OwnOptimizer(Diagnostic):
    """Each `minimize` has its own optimizer, so that nothing is left for one that stands by itself."""

    code: ClassVar = "own-optimizer"
    message: ClassVar = "`{name}` stands beside `minimize`, which has its own optimizer"
    help: ClassVar = "write `minimize ... with {name}`"
    name: str
    first: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, "the `minimize`"),)


class MixedObjectives(Diagnostic):
    """`loss d = ...` names an objective; any other `loss` is the only one."""

    code: ClassVar = "mixed-objectives"
    message: ClassVar = "this objective has no name, and others have"
    help: ClassVar = "name it, as in `loss total = ...`"
    named: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.named, "one with a name"),)
