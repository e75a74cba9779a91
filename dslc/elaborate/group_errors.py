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
