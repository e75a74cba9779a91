"""Every metric over a part is its formula in NumPy: weighed rows, missing classes, all right, all wrong.

Each model is one dense layer whose weights are the identity, so that the rows are the predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

import dslc
from dslc.elaborate.prelude import index
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.syntax.ast import DefinitionKind

ROWS = 97
EQUAL = {"rel": 1e-9, "abs": 1e-12}
"""Sums of a hundred float64 values in two orders, and differences of them."""

Formula = Callable[[Array, Array, Array], float]
"""(predictions or decisions or probabilities, targets, weights) -> the metric."""


def mean(values: Array, weight: Array) -> float:
    """Over the rows by weight, over each row's elements alike."""
    return float(np.average(values.reshape(len(values), -1).mean(1), weights=weight))


def part(a: float, whole: float) -> float:
    return a / whole if whole else 0.0


# --- the formulas ---------------------------------------------------------------------------------


def r2(predicted: Array, y: Array, weight: Array) -> float:
    center = mean(y, weight)
    return 1 - mean((predicted - y) ** 2, weight) / mean((y - center) ** 2, weight)


OF_VALUES: Mapping[str, Formula] = {
    "mse": lambda p, y, w: mean((p - y) ** 2, w),
    "mae": lambda p, y, w: mean(np.abs(p - y), w),
    "rmse": lambda p, y, w: mean((p - y) ** 2, w) ** 0.5,
    "mape": lambda p, y, w: mean(np.abs((p - y) / y), w),
    "r2": r2,
}


def counted(found: Array, y: Array, weight: Array) -> tuple[float, float, float, float]:
    """Weights of the true and false positives, the false and true negatives."""
    tp, fp, fn, tn = (float(weight[(found == f) & (y == t)].sum()) for f, t in ((1, 1), (1, 0), (0, 1), (0, 0)))
    return tp, fp, fn, tn


def balanced_accuracy(found: Array, y: Array, weight: Array) -> float:
    tp, fp, fn, tn = counted(found, y, weight)
    return float(np.mean([right / whole for right, whole in ((tp, tp + fn), (tn, tn + fp)) if whole] or [0]))


def precision(found: Array, y: Array, weight: Array) -> float:
    tp, fp, _, _ = counted(found, y, weight)
    return part(tp, tp + fp)


def recall(found: Array, y: Array, weight: Array) -> float:
    tp, _, fn, _ = counted(found, y, weight)
    return part(tp, tp + fn)


def f1(found: Array, y: Array, weight: Array) -> float:
    both = precision(found, y, weight), recall(found, y, weight)
    return part(2 * both[0] * both[1], sum(both))


def iou(found: Array, y: Array, weight: Array) -> float:
    tp, fp, fn, _ = counted(found, y, weight)
    return part(tp, tp + fp + fn)


def mcc(found: Array, y: Array, weight: Array) -> float:
    """The correlation of both."""
    center_f, center_y = mean(found, weight), mean(y, weight)
    deviations = mean((found - center_f) ** 2, weight) * mean((y - center_y) ** 2, weight)
    return part(mean((found - center_f) * (y - center_y), weight), deviations**0.5 if deviations > 1e-12 else 0)


OF_DECISIONS: Mapping[str, Formula] = {
    "accuracy": lambda found, y, w: mean(found == y, w),
    "balanced_accuracy": balanced_accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "iou": iou,
    "mcc": mcc,
}


def true(p: Array, y: Array) -> Array:
    """The probability of the true class."""
    return np.take_along_axis(p, y[..., None], -1)[..., 0]


OF_CHANCES: Mapping[str, Formula] = {
    "log_loss": lambda p, y, w: mean(-np.log(true(p, y)), w),
    "brier": lambda p, y, w: mean(((p - np.eye(p.shape[-1])[y]) ** 2).sum(-1), w),
    "perplexity": lambda p, y, w: float(np.exp(mean(-np.log(true(p, y)), w))),
}


OF_RANKS = ("roc_auc", "average_precision")
"""tests/models/test_ranks.py has these."""


def test_no_metric_is_left_out() -> None:
    assert {*OF_VALUES, *OF_DECISIONS, *OF_CHANCES, *OF_RANKS, "top_k", "confusion"} == {
        name for k, name in index() if k is DefinitionKind.METRIC
    }


# --- the models -----------------------------------------------------------------------------------


def model_of(width: int, target: str, loss: str, watch: Mapping[str, Formula], backend: str = "reference") -> Model:
    model = dslc.compile(
        text=f"data {{ input x: [{width}]; target y{target} }}\nnet {{ x | dense({width}) }}\nloss {loss}\n"
        f"train {{ sgd(0.1); batch 32; watch {', '.join(watch)} }}",
        backend=backend,
        dtype="float64",
    )
    model.set_weights({"dense.w": np.eye(width), "dense.b": np.zeros(width)})
    return model


def weights(kind: str) -> Array:
    draw = np.random.default_rng(3)
    return {
        "one": np.ones(ROWS),
        "some are 0": draw.integers(0, 3, ROWS) * 1.0,
        "large": draw.exponential(size=ROWS) * 1e3,
    }[kind]


each_weighing = pytest.mark.parametrize("kind", ["one", "some are 0", "large"])
each_backend = pytest.mark.parametrize("backend", ["reference", "cpu"])


def softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def assert_equal(found: Mapping[str, float], formulas: Mapping[str, Formula], p: Array, y: Array, w: Array) -> None:
    expected = {name: formula(p, y, w) for name, formula in formulas.items()}
    assert {name: found[name] for name in formulas} == pytest.approx(expected, **EQUAL)


@each_weighing
@each_backend
def test_of_values(kind: str, backend: str) -> None:
    draw, w = np.random.default_rng(0), weights(kind)
    y = draw.normal(5, 2, ROWS)
    predicted = np.where(np.arange(ROWS) % 5, draw.normal(5, 2, ROWS), y)
    found = model_of(1, "", "huber", OF_VALUES, backend).evaluate(predicted[:, None], y, sample_weight=w)
    assert_equal(found, OF_VALUES, predicted, y, w)


@each_weighing
def test_of_several_values_together(kind: str) -> None:
    draw, w = np.random.default_rng(1), weights(kind)
    y, predicted = draw.normal(1, 2, (ROWS, 3)), draw.normal(1, 2, (ROWS, 3))
    found = model_of(3, ": [3]", "huber", OF_VALUES).evaluate(predicted, y, sample_weight=w)
    assert_equal(found, OF_VALUES, predicted, y, w)


def test_no_target_varies() -> None:
    y = np.full(ROWS, 2.0)
    assert model_of(1, "", "huber", OF_VALUES).evaluate(y[:, None] + 1, y)["r2"] == 0


def test_a_target_of_0_has_a_size() -> None:
    found = dslc.compile(
        text="data { input x: [1]; target y }\nnet { x | dense(1) }\nloss huber\ntrain { sgd; watch mape(eps = 0.5) }",
        backend="reference",
    )
    found.set_weights({"dense.w": np.ones((1, 1)), "dense.b": np.zeros(1)})
    assert found.evaluate([[1.0], [3.0]], [0.0, -2.0])["mape"] == pytest.approx((1 / 0.5 + 5 / 2) / 2)


MARGINS: Mapping[str, Callable[[Array], Array]] = {
    "some of either": lambda y: np.random.default_rng(4).normal(0, 2, len(y)),
    "all right": lambda y: np.where(y == 1, 1.5, -0.5),
    "all wrong": lambda y: np.where(y == 1, -1.5, 0.5),
    "all found": lambda y: np.full(len(y), 0.5),
    "none found": lambda y: np.full(len(y), -0.5),
}
TARGETS: Mapping[str, Array] = {
    "both": np.random.default_rng(5).integers(0, 2, ROWS),
    "only the first": np.zeros(ROWS, np.int64),
    "only the second": np.ones(ROWS, np.int64),
}


@each_weighing
@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_focal", "hinge"])
def test_of_decisions_between_two_classes(loss: str, kind: str, backend: str) -> None:
    """By one number, under a sigmoid or as a margin."""
    model, w = model_of(1, ": class(2)", loss, OF_DECISIONS, backend), weights(kind)
    for y in TARGETS.values():
        for margins in MARGINS.values():
            margin = margins(y)
            found = model.evaluate(margin[:, None], y, sample_weight=w)
            assert_equal(found, OF_DECISIONS, (margin > 0).astype(np.int64), y, w)


@each_weighing
def test_of_decisions_by_two_numbers(kind: str) -> None:
    model, w = model_of(2, ": class(2)", "cross_entropy", OF_DECISIONS), weights(kind)
    for y in TARGETS.values():
        for margins in MARGINS.values():
            margin = margins(y)
            found = model.evaluate(np.stack([1 - margin, 1 + margin], 1), y, sample_weight=w)
            assert_equal(found, OF_DECISIONS, (margin > 0).astype(np.int64), y, w)


@each_weighing
@each_backend
@pytest.mark.parametrize("present", [(0, 1, 2), (0, 2), (1,)])
def test_of_the_chances_of_classes(present: tuple[int, ...], kind: str, backend: str) -> None:
    draw, w = np.random.default_rng(7), weights(kind)
    logits, y = draw.normal(0, 2, (ROWS, 3)), draw.choice(present, ROWS)
    found = model_of(3, ": class(3)", "focal", OF_CHANCES, backend).evaluate(logits, y, sample_weight=w)
    assert_equal(found, OF_CHANCES, softmax(logits), y, w)


@each_weighing
@each_backend
def test_of_the_chances_of_two_classes(kind: str, backend: str) -> None:
    """Brier's distance is that of one number, half of that of two."""
    draw, w = np.random.default_rng(8), weights(kind)
    margin, y = draw.normal(0, 2, ROWS), draw.integers(0, 2, ROWS)
    found = model_of(1, ": class(2)", "binary_focal", OF_CHANCES, backend).evaluate(margin[:, None], y, sample_weight=w)
    chances = softmax(np.stack([np.zeros(ROWS), margin], 1))
    assert_equal({**found, "brier": 2 * found["brier"]}, OF_CHANCES, chances, y, w)


@each_weighing
@each_backend
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_true_class_among_the_likeliest(k: int, kind: str, backend: str) -> None:
    draw, w = np.random.default_rng(10), weights(kind)
    logits, y = draw.normal(0, 2, (ROWS, 5)), draw.integers(0, 5, ROWS)
    order = np.argsort(-logits, 1)
    model = model_of(5, ": class(5)", "cross_entropy", {f"top_k({k})": r2}, backend)
    expected = mean((order[:, :k] == y[:, None]).any(1), w)
    assert model.evaluate(logits, y, sample_weight=w)["top_k"] == pytest.approx(expected, **EQUAL)


def test_surprises_far_out_are_finite() -> None:
    found = model_of(1, ": class(2)", "binary_focal", OF_CHANCES).evaluate([[1e4], [-1e4], [1e4]], [1, 1, 0])
    assert found["log_loss"] == pytest.approx(2e4 / 3) and found["brier"] == pytest.approx(2 / 3)
    found = model_of(3, ": class(3)", "focal", OF_CHANCES).evaluate([[1e4, 0, -1e4]] * 2, [0, 2])
    assert found["log_loss"] == pytest.approx(1e4) and found["brier"] == pytest.approx(1)


def by_class(formula: Callable[[float, float, float], float], every: bool = False) -> Formula:
    """The mean of a formula of (hits, found, there) over the classes that are seen, or that are there."""

    def score(found: Array, y: Array, weight: Array) -> float:
        values = []
        for k in range(3):
            hits, f, t = (float(weight[chosen].sum()) for chosen in ((found == k) & (y == k), found == k, y == k))
            if t or (f and not every):
                values.append(formula(hits, f, t))
        return float(np.mean(values or [0]))

    return score


def correlation(found: Array, y: Array, weight: Array) -> float:
    """Gorodkin 2004, equation 8: of the columns of two indicator matrices."""
    f, t = np.eye(3)[found], np.eye(3)[y]
    covariance = [[np.average((a - np.average(a, 0, weight)) * (b - np.average(b, 0, weight)), 0, weight).sum()
                   for b in (f, t)] for a in (f, t)]  # fmt: skip
    deviations = covariance[0][0] * covariance[1][1]
    return part(covariance[0][1], deviations**0.5 if deviations > 1e-12 else 0)


OF_THREE: Mapping[str, Formula] = {
    "accuracy": lambda found, y, w: mean(found == y, w),
    "balanced_accuracy": by_class(lambda hits, f, t: part(hits, t), every=True),
    "precision": by_class(lambda hits, f, t: part(hits, f)),
    "recall": by_class(lambda hits, f, t: part(hits, t)),
    "f1": by_class(lambda hits, f, t: part(2 * hits, f + t)),
    "iou": by_class(lambda hits, f, t: part(hits, f + t - hits)),
    "mcc": correlation,
}


@each_weighing
@each_backend
@pytest.mark.parametrize("there", [(0, 1, 2), (0, 2), (1,)])
@pytest.mark.parametrize("found", [(0, 1, 2), (1, 2), (0,), "as they are"])
def test_of_decisions_among_three_classes(
    there: tuple[int, ...], found: tuple[int, ...] | str, kind: str, backend: str
) -> None:
    draw, w = np.random.default_rng(9), weights(kind)
    y = draw.choice(there, ROWS)
    decided = y if isinstance(found, str) else draw.choice(found, ROWS)
    model = model_of(3, ": class(3)", "cross_entropy", OF_THREE, backend)
    assert_equal(model.evaluate(np.eye(3)[decided], y, sample_weight=w), OF_THREE, decided, y, w)


@pytest.mark.parametrize("name", [*OF_DECISIONS, *OF_CHANCES, *OF_RANKS])
def test_values_are_no_classes(name: str) -> None:
    with pytest.raises(dslc.ModelError, match=r"takes classes|a class target"):
        model_of(1, "", "huber", dict.fromkeys([name], r2))
