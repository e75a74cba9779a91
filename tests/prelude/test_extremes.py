"""Far out, losses and activations stay finite on cpu in float32, and so do their gradients: the compiler sees to it.

Each model is one dense layer whose weights are the identity, so that the rows are the predictions. What is infinite in
float32 by its own meaning, such as exp(100), is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import pytest

import dslc
from dslc.elaborate.prelude import index
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.syntax.ast import Definition, DefinitionKind, Leading, Shape

Row = tuple[Sequence[float], float | Sequence[float]]
"""A prediction and its target."""

FAR = (-1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4)
FARTHEST = (-1e4, 0.0, 1e4)
DISTRIBUTIONS = ((1, 0, 0), (0.5, 0.5, 0), (0.2, 0.3, 0.5))
VECTORS = ((0, 0, 0), (1, 0, 0), (1e4, -1e4, 0), (1e-4, 1e-4, 1e-4))


def values(predictions: Sequence[float] = FAR) -> Iterator[Row]:
    return (((p,), y) for p, y in product(predictions, FAR))


def two_classes() -> Iterator[Row]:
    return (((p,), y) for p, y in product(FAR, (0, 1)))


def of_three(targets: Sequence[float | Sequence[float]]) -> Iterator[Row]:
    return ((p, y) for p, y in product(product(FARTHEST, repeat=3), targets))


def means_and_variances() -> Iterator[Row]:
    """From a variance of 1 / e on; 1 / exp(100) is infinite."""
    return (((mean, log_variance), y) for mean, log_variance, y in product(FAR, FAR[2:], FAR))


LOSSES: Mapping[str, tuple[str, Callable[[], Iterator[Row]]]] = {
    "squared_error": ("", values),
    "absolute_error": ("", values),
    "huber": ("", values),
    "log_cosh": ("", values),
    "pinball": ("", values),
    "poisson": ("", lambda: values(FAR[:5])),
    "gaussian_nll": ("", means_and_variances),
    "cosine": (": [3]", lambda: of_three(VECTORS)),
    "hinge": (": class(2)", two_classes),
    "squared_hinge": (": class(2)", two_classes),
    "binary_cross_entropy": (": class(2)", two_classes),
    "binary_focal": (": class(2)", two_classes),
    "dice": (": class(2)", two_classes),
    "cross_entropy": (": class(3)", lambda: of_three((0, 1, 2))),
    "focal": (": class(3)", lambda: of_three((0, 1, 2))),
    "soft_cross_entropy": (": [3]", lambda: of_three(DISTRIBUTIONS)),
    "kl_divergence": (": [3]", lambda: of_three(DISTRIBUTIONS)),
}
"""By name: the target's type, and rows."""

ON_WEIGHTS = {"l1", "l2"}

OF_CODES = {"contrastive": (2, ": class(2)"), "triplet": (3, None)}
"""Losses of several tensors of the net: how many there are, and the target."""


def model_of(net: str, width: int, loss: str, target: str | None = None) -> Model:
    stated = f"; target y{target}" if target is not None else ""
    model = dslc.compile(
        text=f"data {{ input x: [{width}]{stated} }}\nnet {{ h = x | dense({width}); {net} }}\nloss {loss}\n"
        f"train {{ sgd(0.1); batch 2000 }}"
    )
    model.set_weights({"h.dense.w": np.eye(width), "h.dense.b": np.zeros(width)})
    return model


def of_loss(name: str, rows: Sequence[Row]) -> tuple[Model, Array, Array]:
    predictions, targets = (np.asarray(side) for side in zip(*rows, strict=True))
    return model_of("h", predictions.shape[1], name, LOSSES[name.partition("(")[0]][0]), predictions, targets


def assert_finite(model: Model, x: Array, y: Array | None = None) -> None:
    assert np.isfinite(model.loss(x, y))
    for name, gradient in model.gradients(x, y).items():
        assert np.all(np.isfinite(gradient)), name


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_finite_far_out(name: str) -> None:
    assert_finite(*of_loss(name, list(LOSSES[name][1]())))


@pytest.mark.parametrize("name", OF_CODES)
def test_losses_of_codes_are_finite_far_out(name: str) -> None:
    """Of codes that are equal, too."""
    count, target = OF_CODES[name]
    codes = "; ".join(f"code{k} = h[{k}..{k + 1}]" for k in range(count))
    model = model_of(f"{codes}; h", count, f"{name}({', '.join(f'code{k}' for k in range(count))})", target)
    rows = np.array(list(product(FAR, repeat=count)))
    assert_finite(model, rows, None if target is None else np.arange(len(rows)) % 2)


def test_no_loss_is_left_out() -> None:
    assert {*LOSSES, *ON_WEIGHTS, *OF_CODES} == {name for kind, name in index() if kind is DefinitionKind.LOSS}


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "value"),
    [
        ("squared_error", (1e4,), -1e4, 4e8),
        ("absolute_error", (1e4,), -1e4, 2e4),
        ("huber(delta = 2)", (1e4,), -1e4, 2 * (2e4 - 1)),
        ("log_cosh", (1e4,), -1e4, 2e4 - np.log(2)),
        ("pinball(q = 0.9)", (1e4,), -1e4, 2e3),
        ("poisson", (-1e4,), 3, 3e4),
        ("gaussian_nll", (1e4, 100), -1e4, 50),
        ("cosine", (1e4, 1e4, 0), (-1e-4, 0, 0), 1 + np.sqrt(0.5)),
        ("hinge", (-1e4,), 1, 10_001),
        ("squared_hinge", (-1e4,), 1, 10_001**2),
        ("binary_cross_entropy", (-1e4,), 1, 1e4),
        ("binary_cross_entropy", (1e4,), 1, 0),
        ("binary_focal", (1e4,), 0, 1e4),
        ("binary_focal", (-1e4,), 0, 0),
        ("dice", (-1e4,), 0, 0),
        ("dice", (-1e4,), 1, 1),
        ("cross_entropy", (-1e4, 1e4, 0), 0, 2e4),
        ("cross_entropy(smoothing = 0.3)", (-1e4, 1e4, 0), 1, 0.1 * (2e4 + 1e4)),
        ("soft_cross_entropy", (-1e4, 1e4, 0), (0.5, 0.5, 0), 1e4),
        ("kl_divergence", (-1e4, 1e4, 0), (0.5, 0.5, 0), 1e4 - np.log(2)),
        ("focal", (-1e4, 1e4, 0), 0, 2e4),
        ("focal", (-1e4, 1e4, 0), 1, 0),
    ],
)
def test_a_loss_far_out_is_what_its_formula_tends_to(
    loss: str, prediction: Sequence[float], target: float | Sequence[float], value: float
) -> None:
    model, x, y = of_loss(loss, [(prediction, target)])
    assert model.loss(x, y) == pytest.approx(value, rel=2e-6, abs=1e-6)


def takes_any_shape(definition: Definition) -> bool:
    """Given nothing but `x`, elementwise or along the last axis."""
    x, *others = definition.parameters
    along = isinstance(x.type, Shape) and isinstance(x.type.dims[0], Leading)
    return x.name.text == "x" and (x.type is None or along) and all(o.default is not None for o in others)


ACTIVATIONS = sorted(
    name
    for (kind, name), entry in index().items()
    if kind is DefinitionKind.ACTIVATION and takes_any_shape(entry.parsed())
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_finite_far_out(name: str) -> None:
    assert_finite(model_of(f"h | {name}", 4, "sum(prediction^2)"), drawn(4))


FORMULAS = ("h + 1", "h / 3", "h - 1", "1 - h", "-h", "2 * h")


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "gelu", "softmax", "log_softmax", "logsumexp"])
def test_activations_of_a_formula_are_finite_far_out(name: str) -> None:
    of = (formula.replace("h", "prediction") for formula in FORMULAS)
    assert_finite(model_of("h", 4, " + ".join(f"sum({name}({formula})^2)" for formula in of)), drawn(4))


@pytest.mark.parametrize("of", FORMULAS)
def test_tanh_of_a_formula_is_finite_far_out(of: str) -> None:
    assert_finite(model_of(f"tanh({of})", 1, "sum(prediction^2)"), drawn(1))


def drawn(width: int) -> Array:
    """Rows of far numbers."""
    return np.random.default_rng(0).choice(FAR, (300, width))
