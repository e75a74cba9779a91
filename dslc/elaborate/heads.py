"""What the net predicts: a head for each target, or one where there is none.

A head brings together a prediction, the target that it is held against, and the loss's link between the two. In `loss`
and metrics the only head is what a bare `huber` is about; of several each goes by its target's name: `huber(heating)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dslc.elaborate.values import Poison, Tensor, Value
from dslc.frozen import Frozen
from dslc.source import Span


class Link(Frozen):
    """How the raw prediction becomes what the loss speaks about, and whether the target is a class.

    `chosen`: the probability above which the second of two classes is decided is the weight THRESHOLD.
    """

    name: str  # identity, sigmoid, softmax, none
    classes: bool
    chosen: bool = False


IDENTITY = Link("identity", False)

SHARES = "sigmoid"
"""The link of a loss about two classes that speaks of the share of the second: where the target is an input of its own,
it may lie anywhere from 0 to 1."""


PREDICTS_NOTHING = "the net predicts nothing: let its last line be a value"
"""What is said to who asks for the prediction of a net that only binds names."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """`stated`: `predict NAME` gave it, so that its name in `loss` and metrics is the prediction."""

    name: str
    prediction: Tensor | Poison
    target: Tensor | Poison | None
    link: Link
    stated: bool = False


@dataclass(slots=True)
class Predicted:
    """What the `predict` statements of a net have found; `widths` says what `outputs` is in each, None if not known."""

    widths: Mapping[str, int | None]
    found: dict[str, tuple[Value, Span]] = field(default_factory=dict)
