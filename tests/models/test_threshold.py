"""`threshold best f1`: the best on the validation rows, read by every decision, saved, and of no use to training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from runtime.stop_after import StopAfter
from sklearn import metrics as theirs

import dslc
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.runtime.history import History
from dslc.runtime.rows import Rows
from dslc.runtime.threshold import MOST, candidates

DRAW = np.random.default_rng(9)
X = DRAW.normal(size=(200, 4))
Y = (X @ [1.0, -2.0, 0.5, 0.0] + DRAW.normal(0, 1.5, 200) > 2).astype(np.int64)
WEIGHT = DRAW.uniform(0.2, 3, 200)
VAL = slice(120, 200)

each_backend = pytest.mark.parametrize("backend", ["reference", "cpu"])


def model_of(train: str = "threshold best f1; watch f1, accuracy", backend: str = "reference", own: str = "") -> Model:
    return dslc.compile(
        text="data { input x: [4]; target y: class(2) }\nnet { x | dense(6) | tanh | dense(outputs) }\n"
        f"loss binary_cross_entropy\n{own}\ntrain {{ adam(0.05); batch 16; epochs 6; seed 3; {train} }}",
        backend=backend,
    )


def fit(model: Model, weight: Array | None = None) -> History:
    return model.fit(X[:120], Y[:120], validation=(X[VAL], Y[VAL]), sample_weight=weight)


def chances(model: Model) -> Array:
    """The second class's, of the validation rows."""
    return model.predict_proba(X[VAL])[:, 1].astype(np.float64)


@each_backend
def test_no_other_threshold_is_better(backend: str) -> None:
    model = model_of(backend=backend)
    history, p = fit(model), chances(model)
    scores = {t: theirs.f1_score(Y[VAL], p > t) for t in [0.0, *np.sort(p)]}
    best = max(scores.values())
    assert best > theirs.f1_score(Y[VAL], p > 0.5)
    assert history.threshold == model.weights["threshold"]
    assert theirs.f1_score(Y[VAL], p > history.threshold) == best
    lower = [t for t in p if t < history.threshold]
    assert all(theirs.f1_score(Y[VAL], p > t) < best for t in lower if t < max(lower))
    assert model.evaluate(X[VAL], Y[VAL])["f1"] == pytest.approx(best, rel=1e-6)
    assert model.predict(X[VAL]).tolist() == (p > history.threshold).astype(np.int64).tolist()


def test_training_is_the_same_without() -> None:
    with_it, without = model_of(), model_of("watch f1, accuracy")
    first, second = fit(with_it), fit(without)
    assert (first.epochs, second.threshold) == (second.epochs, None)
    assert "threshold" not in without.weights
    assert all(np.array_equal(with_it.weights[name], weight) for name, weight in without.weights.items())


def test_it_is_saved_and_goes_back_with_the_other_weights(tmp_path: Path) -> None:
    model = model_of()
    chosen = fit(model).threshold
    model.save(tmp_path / "model.dslm")
    loaded = dslc.load(tmp_path / "model.dslm", backend="reference")
    assert loaded.predict(X).tolist() == model.predict(X).tolist()
    assert loaded.weights["threshold"] == chosen
    assert loaded.evaluate(X, Y) == model.evaluate(X, Y)
    model.set_weights({"threshold": np.asarray(0.0)})
    assert model.predict(X).tolist() == [1] * len(X)


def test_it_is_chosen_with_the_weights_that_are_kept() -> None:
    model = model_of("threshold best f1; keep best val.roc_auc; watch f1")
    history, p = fit(model), chances(model)
    assert history.best_epoch is not None and history.best_epoch < 6
    best = max(theirs.f1_score(Y[VAL], p > t) for t in p)
    assert theirs.f1_score(Y[VAL], p > history.threshold) == best


def test_of_costs_the_lowest_counts_by_weight() -> None:
    own = "metric cost(prediction, target: class(2)) lower = where(decide(prediction) == target, 0, 1 + 4 * target)"
    model = model_of("threshold best cost", own=own)
    rows = Rows({"x": X}, {"y": Y}, weight=WEIGHT)
    found, p = model.session.train(rows, np.arange(120), np.arange(120, 200)).threshold, chances(model)
    costs = {t: np.sum(WEIGHT[VAL] * np.where((p > t) == Y[VAL], 0, 1 + 4 * Y[VAL])) for t in [0.0, *p, found]}
    assert costs[found] == pytest.approx(min(costs.values()))


def test_an_interrupted_training_has_none_yet() -> None:
    rows, train, val = Rows({"x": X}, {"y": Y}), np.arange(120), np.arange(120, 200)
    whole, model = model_of().session, model_of().session
    expected = whole.train(rows, train, val)
    model.executable = StopAfter(model.program, 20, model.request_stop)
    assert model.train(rows, train, val).threshold is None
    assert model.parameters["threshold"] == 0.5
    assert model.resume().threshold == expected.threshold


def test_a_metric_that_is_no_number_leaves_it_as_it_was() -> None:
    own = "metric odd(prediction, target: class(2)) higher = 0 * log(0 * target - decide(prediction) - 1)"
    model = model_of("threshold best odd", own=own)
    assert fit(model).threshold is None
    assert model.weights["threshold"] == 0.5


def test_one_of_several_predictions_has_it() -> None:
    model = dslc.compile(
        text="data { input x: [4]; target y: class(2); target z: class(2) }\n"
        "net { h = x | dense(6) | tanh\npredict y = h | dense(outputs)\npredict z = h | dense(outputs) }\n"
        "loss binary_cross_entropy(y) + binary_cross_entropy(z)\n"
        "train { adam(0.05); batch 16; epochs 4; threshold best f1(z); watch f1, roc_auc }",
        backend="reference",
    )
    truth = {"y": 1 - Y, "z": Y}
    parts = ({name: values[:120] for name, values in truth.items()}, {name: v[VAL] for name, v in truth.items()})
    history = model.fit(X[:120], parts[0], validation=(X[VAL], parts[1]))
    p, found = model.predict_proba(X[VAL]), model.predict(X[VAL])
    assert isinstance(p, dict) and isinstance(found, dict) and history.threshold is not None
    assert found["y"].tolist() == (p["y"][:, 1] > 0.5).astype(np.int64).tolist()
    assert found["z"].tolist() == (p["z"][:, 1] > history.threshold).astype(np.int64).tolist()


def test_rows_to_choose_it_on_are_needed() -> None:
    with pytest.raises(dslc.DataError, match=r"model\.dsl:5:49: the threshold is chosen on validation rows"):
        model_of().fit(X, Y)


def test_candidates_lie_between_probabilities() -> None:
    assert candidates(np.array([0.5, 0.25, 0.5, np.nan])).tolist() == [0.125, 0.375, 0.75]
    assert candidates(np.array([0.0, 1.0])).tolist() == [0.0, 0.5, 1.0]
    many = candidates(np.random.default_rng(0).uniform(size=50_000))
    assert len(many) == MOST + 1
    assert np.all(np.diff(many) > 0)
