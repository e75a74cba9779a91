"""Losses and metrics are scikit-learn's to 1e-12 in float64: weighed rows, ties and classes without a row included.

Each model is one dense layer whose weights are the identity, so that the rows are the predictions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as theirs

import dslc
from dslc.model import Model

Reals = npt.NDArray[np.float64]

ROWS = 157
EQUAL = {"rel": 1e-12, "abs": 1e-15}
"""Sums of a few hundred float64 values in two orders."""

BACKENDS = ("reference", "cpu")


def model_of(width: int, target: str, loss: str, watch: str, backend: str) -> Model:
    """Predicts what it is given, [width] a row."""
    model = dslc.compile(
        text=f"data {{ input x: [{width}]; {target} }}\nnet {{ x | dense(outputs) }}\nloss {loss}\n"
        f"train {{ sgd(0.1); batch 32; watch {watch} }}",
        backend=backend,
        dtype="float64",
    )
    model.set_weights({"dense.w": np.eye(width), "dense.b": np.zeros(width)})
    return model


def weights(kind: str) -> Reals | None:
    draw = np.random.default_rng(3)
    match kind:
        case "none":
            return None
        case "some are 0":
            return draw.integers(0, 3, ROWS).astype(np.float64)
        case _:
            return draw.exponential(size=ROWS) * 1e3


WEIGHTS = ("none", "some are 0", "large")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", WEIGHTS)
def test_metrics_of_values(kind: str, backend: str) -> None:
    draw = np.random.default_rng(0)
    weight, y = weights(kind), draw.normal(5, 100, ROWS)
    predicted = np.where(np.arange(ROWS) % 5, draw.normal(5, 100, ROWS), y)
    model = model_of(1, "target y", "squared_error", "mse, mae, rmse", backend)
    found = model.evaluate(predicted[:, None], y, sample_weight=weight)
    squared = theirs.mean_squared_error(y, predicted, sample_weight=weight)
    assert found == pytest.approx(
        {
            "loss": squared,
            "mse": squared,
            "mae": theirs.mean_absolute_error(y, predicted, sample_weight=weight),
            "rmse": theirs.root_mean_squared_error(y, predicted, sample_weight=weight),
        },
        **EQUAL,
    )


@pytest.mark.parametrize("kind", WEIGHTS)
def test_metrics_of_several_values(kind: str) -> None:
    draw = np.random.default_rng(1)
    weight, y, predicted = weights(kind), draw.normal(size=(ROWS, 3)), draw.normal(size=(ROWS, 3))
    found = model_of(3, "target y: [3]", "absolute_error", "mse, mae", "reference").evaluate(
        predicted, y, sample_weight=weight
    )
    absolute = theirs.mean_absolute_error(y, predicted, sample_weight=weight)
    squared = theirs.mean_squared_error(y, predicted, sample_weight=weight)
    assert found == pytest.approx({"loss": absolute, "mse": squared, "mae": absolute}, **EQUAL)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("present", [(0, 1, 2, 3, 4), (0, 2, 3), (4,)])
def test_classes_some_of_which_have_no_row(present: tuple[int, ...], kind: str, backend: str) -> None:
    draw = np.random.default_rng(2)
    weight, y = weights(kind), draw.choice(present, ROWS)
    logits = draw.normal(0, 2, (ROWS, 5))
    found = model_of(5, "target y: class(5)", "cross_entropy", "accuracy", backend).evaluate(
        logits, y, sample_weight=weight
    )
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    assert found == pytest.approx(
        {
            "loss": theirs.log_loss(y, chances, sample_weight=weight, labels=range(5)),
            "accuracy": theirs.accuracy_score(y, logits.argmax(1), sample_weight=weight),
        },
        **EQUAL,
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "hinge"])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_two_classes(kind: str, loss: str, backend: str) -> None:
    draw = np.random.default_rng(4)
    weight, y, margin = weights(kind), draw.integers(0, 2, ROWS), draw.normal(0, 2, ROWS)
    found = model_of(1, "target y: class(2)", loss, "accuracy", backend).evaluate(
        margin[:, None], y, sample_weight=weight
    )
    expected = {
        "binary_cross_entropy": theirs.log_loss(y, 1 / (1 + np.exp(-margin)), sample_weight=weight),
        "hinge": theirs.hinge_loss(2 * y - 1, margin, sample_weight=weight),
    }[loss]
    accuracy = theirs.accuracy_score(y, margin > 0, sample_weight=weight)
    assert found == pytest.approx({"loss": expected, "accuracy": accuracy}, **EQUAL)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_tie_goes_to_the_first_class(backend: str) -> None:
    """As NumPy's argmax, and as scikit-learn's classifiers decide at a margin of 0."""
    logits = np.array([[1.0, 1, 0], [0, 2, 2], [3, 3, 3], [-1, -2, -1]])
    model = model_of(3, "target y: class(3)", "cross_entropy", "accuracy", backend)
    assert model.predict(logits).tolist() == logits.argmax(1).tolist()
    found = model.evaluate(logits, [0, 1, 2, 2])
    assert found["accuracy"] == theirs.accuracy_score([0, 1, 2, 2], logits.argmax(1))
    for loss in ("binary_cross_entropy", "hinge"):
        binary = model_of(1, "target y: class(2)", loss, "accuracy", backend)
        assert binary.predict(np.array([[0.0], [-0.0], [1e-9], [-1e-9]])).tolist() == [0, 0, 1, 0]
        assert binary.evaluate(np.zeros((4, 1)), [0, 1, 1, 1])["accuracy"] == 0.25


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_row(backend: str) -> None:
    found = model_of(1, "target y", "squared_error", "mse, mae, rmse", backend).evaluate([[2.0]], [5.0])
    assert found == {"loss": 9, "mse": 9, "mae": 3, "rmse": 3}


def test_the_divergence_from_a_distribution() -> None:
    special = pytest.importorskip("scipy.special")
    draw = np.random.default_rng(5)
    y, logits = draw.dirichlet(np.ones(4), ROWS), draw.normal(size=(ROWS, 4))
    y[:9] = np.eye(4)[draw.integers(0, 4, 9)]
    model = model_of(4, "target y: [4]", "kl_divergence", "mse", "reference")
    expected = special.rel_entr(y, special.softmax(logits, 1)).sum(1)
    for kind in WEIGHTS:
        found = model.evaluate(logits, y, sample_weight=weights(kind))
        assert found["loss"] == pytest.approx(np.average(expected, weights=weights(kind)), **EQUAL)


def test_huber_is_squared_near_and_absolute_far() -> None:
    special = pytest.importorskip("scipy.special")
    draw = np.random.default_rng(6)
    y, predicted = draw.normal(0, 2, ROWS), draw.normal(0, 2, ROWS)
    found = model_of(1, "target y", "huber(delta = 0.7)", "mae", "reference").evaluate(predicted[:, None], y)
    assert found["loss"] == pytest.approx(special.huber(0.7, y - predicted).mean(), **EQUAL)
