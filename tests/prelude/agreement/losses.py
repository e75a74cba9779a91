"""Losses of each example beside `torch.nn.functional` with reduction="none", averaged over an example's elements.

What PyTorch has under no name is a formula of its functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .case import Case, Peer

PAIR = {"prediction": (4,), "target": (4,)}
CLASSES = {"prediction": (5,), "target": ()}
STEPS = {"prediction": (2, 5), "target": (2,)}
DISTRIBUTIONS = {"prediction": (2, 5), "target": (2, 5)}
LIKELY = {"target": (0.1, 1.0)}
"""Above 0, as what stands in a distribution."""

Tensors = Mapping[str, Any]


def mean(function: Callable[[Any, Tensors], Any]) -> Peer:
    """Over the elements of each example."""
    return lambda torch, t: function(torch.nn.functional, t).flatten(1).mean(1)


def side(t: Tensors) -> Any:
    """Two classes as -1 and +1."""
    return 2 * t["target"].double() - 1


def pinball(F: Any, t: Tensors) -> Any:
    e = t["target"] - t["prediction"]
    return F.relu(0.8 * e) + F.relu(-0.2 * e)


def cross_entropy(smoothing: float) -> Peer:
    """PyTorch has the classes before the steps."""
    return mean(
        lambda F, t: F.cross_entropy(
            t["prediction"].movedim(-1, 1), t["target"], reduction="none", label_smoothing=smoothing
        )
    )


def cosine(eps: float) -> Peer:
    def peer(torch: Any, t: Tensors) -> Any:
        p, y = t["prediction"], t["target"]
        long = [(v**2).sum(-1).clamp(min=eps) for v in (p, y)]
        return (1 - (p * y).sum(-1) / torch.sqrt(long[0] * long[1])).mean(1)

    return peer


def focal(torch: Any, t: Tensors) -> Any:
    surprise = torch.nn.functional.cross_entropy(t["prediction"].movedim(-1, 1), t["target"], reduction="none")
    return ((1 - torch.exp(-surprise)) ** 1.5 * surprise).mean(1)


def binary_focal(F: Any, t: Tensors) -> Any:
    surprise = F.binary_cross_entropy_with_logits(t["prediction"], t["target"].double(), reduction="none")
    return (1 - (-surprise).exp()) ** 1.5 * surprise


def dice(torch: Any, t: Tensors) -> Any:
    p, y = torch.sigmoid(t["prediction"]).flatten(1), t["target"].double().flatten(1)
    return 1 - (2 * (p * y).sum(1) + 0.1) / ((p**2).sum(1) + (y**2).sum(1) + 0.1)


def kl_divergence(F: Any, t: Tensors) -> Any:
    return F.kl_div(F.log_softmax(t["prediction"], -1), t["target"], reduction="none").sum(-1)


def contrastive(torch: Any, t: Mapping[str, Any]) -> Any:
    """PyTorch has none: the formula, by its own distance."""
    distance = torch.nn.functional.pairwise_distance(t["first"], t["second"], eps=0.0)
    same = t["target"].double()
    return same * distance**2 + (1 - same) * torch.clamp(2.0 - distance, min=0) ** 2


CASES = (
    Case("loss squared_error", mean(lambda F, t: F.mse_loss(t["prediction"], t["target"], reduction="none")), PAIR),
    Case("loss absolute_error", mean(lambda F, t: F.l1_loss(t["prediction"], t["target"], reduction="none")), PAIR),
    Case(
        "loss huber",
        mean(lambda F, t: F.huber_loss(t["prediction"], t["target"], reduction="none", delta=0.7)),
        PAIR,
        {"delta": 0.7},
    ),
    Case("loss log_cosh", mean(lambda F, t: (t["prediction"] - t["target"]).cosh().log()), PAIR),
    Case("loss pinball", mean(pinball), PAIR, {"q": 0.8}),
    Case(
        "loss poisson",
        mean(lambda F, t: F.poisson_nll_loss(t["prediction"], t["target"], log_input=True, reduction="none")),
        PAIR,
        within={"target": (0, 5)},
    ),
    Case(
        "loss gaussian_nll",
        mean(
            lambda F, t: F.gaussian_nll_loss(
                t["prediction"][..., 0], t["target"], t["prediction"][..., 1].exp(), reduction="none"
            )
        ),
        {"prediction": (4, 2), "target": (4,)},
    ),
    Case(
        "loss cosine",
        lambda torch, t: torch.nn.functional.cosine_embedding_loss(
            t["prediction"], t["target"], torch.ones(3), reduction="none"
        ),
        PAIR,
    ),
    Case("loss cosine", cosine(5), {"prediction": (4, 4), "target": (4, 4)}, {"eps": 5}, variant="short"),
    Case("loss hinge", mean(lambda F, t: F.relu(1 - side(t) * t["prediction"])), PAIR, classes=2),
    Case("loss squared_hinge", mean(lambda F, t: F.relu(1 - side(t) * t["prediction"]) ** 2), PAIR, classes=2),
    Case(
        "loss binary_cross_entropy",
        mean(lambda F, t: F.binary_cross_entropy_with_logits(t["prediction"], t["target"].double(), reduction="none")),
        PAIR,
        classes=2,
    ),
    Case(
        "loss cross_entropy",
        lambda torch, t: torch.nn.functional.cross_entropy(t["prediction"], t["target"], reduction="none"),
        CLASSES,
        classes=5,
    ),
    Case("loss cross_entropy", cross_entropy(0), STEPS, classes=5, variant="steps"),
    Case("loss cross_entropy", cross_entropy(0.1), STEPS, {"smoothing": 0.1}, classes=5, variant="smoothed"),
    Case(
        "loss soft_cross_entropy",
        mean(
            lambda F, t: F.cross_entropy(t["prediction"].movedim(-1, 1), t["target"].movedim(-1, 1), reduction="none")
        ),
        DISTRIBUTIONS,
        within=LIKELY,
    ),
    Case("loss kl_divergence", mean(kl_divergence), DISTRIBUTIONS, within=LIKELY),
    Case("loss focal", focal, STEPS, {"gamma": 1.5}, classes=5),
    Case("loss binary_focal", mean(binary_focal), PAIR, {"gamma": 1.5}, classes=2),
    Case("loss dice", dice, {"prediction": (3, 4), "target": (3, 4)}, {"eps": 0.1}, classes=2),
    Case("loss l1", lambda torch, t: t["t"].abs().sum((1, 2)), {"t": (3, 4)}),
    Case("loss l2", lambda torch, t: t["t"].pow(2).sum((1, 2)), {"t": (3, 4)}),
    Case(
        "loss contrastive",
        contrastive,
        {"first": (4,), "second": (4,), "target": ()},
        {"margin": 2.0},
        classes=2,
        low=-1.0,
        high=1.0,
    ),
    Case(
        "loss triplet",
        lambda torch, t: torch.nn.functional.triplet_margin_loss(
            t["anchor"], t["positive"], t["negative"], margin=1.0, eps=0.0, reduction="none"
        ),
        {"anchor": (4,), "positive": (4,), "negative": (4,)},
    ),
)
