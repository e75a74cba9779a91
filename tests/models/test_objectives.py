"""Several objectives in one step: each moves its own weights, and all gradients are taken at the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dslc
from dslc.diagnostics import DataError

MODELS = Path(__file__).resolve().parents[2] / "models"
Reals = npt.NDArray[np.float64]

GAME = """
data { input x: [3] }
net {
  maker = dense(3)
  judge = dense(4) | tanh | dense(1)
  drawn = maker(x)
}
loss d = softplus(-judge(x)) + softplus(judge(drawn)) + 0.01 * l2(weights)
loss g = softplus(-judge(drawn))
train { minimize d over judge with sgd(0.1); minimize g over maker with adam(0.02); batch 8; epochs 1; seed 3 }
"""
"""A judge tells rows from what the maker makes of them. The penalty of `d` is about all weights, of which it moves the
judge's alone."""

ONE = """
data { input x: [3]; target y; split 60/20/20 }
net { body = x | dense(4) | tanh; body | dense(outputs) }
loss fit = squared_error
train { minimize fit with adam(1e-2); batch 8; epochs 3; seed 3 }
"""


def rows(count: int = 24) -> Reals:
    return np.random.default_rng(4).normal(size=(count, 3))


def sigmoid(x: Reals) -> Reals:
    return np.asarray(1 / (1 + np.exp(-x)))


def judged(w: dict[str, Reals], x: Reals) -> tuple[Reals, Reals]:
    """The judge's hidden layer and its number."""
    hidden = np.tanh(x @ w["judge.dense.w"] + w["judge.dense.b"])
    return hidden, hidden @ w["judge.dense_2.w"] + w["judge.dense_2.b"]


def back(w: dict[str, Reals], x: Reals, slope: Reals) -> tuple[dict[str, Reals], Reals]:
    """The gradients of the judge's weights, and of x, for the gradient `slope` [rows, 1] of its number."""
    hidden, _ = judged(w, x)
    inner = (slope @ w["judge.dense_2.w"].T) * (1 - hidden**2)
    found = {
        "judge.dense_2.w": hidden.T @ slope,
        "judge.dense_2.b": slope.sum(0),
        "judge.dense.w": x.T @ inner,
        "judge.dense.b": inner.sum(0),
    }
    return found, inner @ w["judge.dense.w"].T


def gradients(w: dict[str, Reals], x: Reals) -> dict[str, Reals]:
    """By hand: of d for the judge, of g for the maker, both at `w`."""
    drawn = x @ w["maker.dense.w"] + w["maker.dense.b"]
    (_, real), (_, made) = judged(w, x), judged(w, drawn)
    of_real, _ = back(w, x, -sigmoid(-real) / len(x))
    of_made, _ = back(w, drawn, sigmoid(made) / len(x))
    found = {name: of_real[name] + of_made[name] for name in of_real}
    for name in ("judge.dense.w", "judge.dense_2.w"):
        found[name] = found[name] + 0.02 * w[name]
    _, of_drawn = back(w, drawn, -sigmoid(-made) / len(x))
    return found | {"maker.dense.w": x.T @ of_drawn, "maker.dense.b": of_drawn.sum(0)}


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_step_is_the_one_by_hand(backend: str) -> None:
    """Gradient descent for the judge, Adam for the maker, from gradients at the same weights."""
    model = dslc.compile(text=GAME, backend=backend, dtype="float64")
    x, before = rows(8), dict(model.weights)
    expected = gradients(before, x)
    found = model.gradients(x)
    assert found.keys() == expected.keys()
    for name, g in found.items():
        np.testing.assert_allclose(g, expected[name], rtol=1e-9, atol=1e-12)
    history = model.fit(x, shuffle=False)
    for name, weight in model.weights.items():
        g = expected[name]
        step = 0.1 * g if name.startswith("judge") else 0.02 * g / (np.sqrt(g**2) + 1e-8)
        np.testing.assert_allclose(weight, before[name] - step, rtol=0, atol=1e-9)
    (row,) = history.epochs
    drawn = x @ before["maker.dense.w"] + before["maker.dense.b"]
    real, made = judged(before, x)[1], judged(before, drawn)[1]
    d, g = np.mean(np.logaddexp(0, -real) + np.logaddexp(0, made)), np.mean(np.logaddexp(0, -made))
    assert [row[f"train.{name}"] for name in ("loss", "d", "g")] == pytest.approx([d + g, d, g], rel=1e-9)


def test_each_weights_gradient_is_that_of_the_objective_alone() -> None:
    """As a model of one objective has it, from the same weights."""
    model = dslc.compile(text=GAME, backend="reference", dtype="float64")
    x, found = rows(), model.gradients(rows())
    before, _, losses = GAME.partition("loss d = ")
    d, g, _ = losses.replace("loss g = ", "").split("\n", maxsplit=2)
    for loss, group in ((d, "judge"), (g, "maker")):
        alone = f"{before}loss {loss}\n"
        one = dslc.compile(text=alone, backend="reference", dtype="float64")
        one.set_weights(model.weights)
        for name, gradient in one.gradients(x).items():
            if name.startswith(group):
                np.testing.assert_allclose(found[name], gradient, rtol=1e-12, atol=1e-15)


def test_each_objective_clips_its_own_gradients() -> None:
    text = GAME.replace("adam(0.02)", "sgd(0.1)").replace("batch 8;", "clip norm 0.01; batch 8;")
    model = dslc.compile(text=text, backend="reference", dtype="float64")
    x, before = rows(8), dict(model.weights)
    expected = gradients(before, x)
    model.fit(x, shuffle=False)
    for group in ("judge", "maker"):
        norm = np.sqrt(sum(np.sum(g**2) for name, g in expected.items() if name.startswith(group)))
        assert norm > 0.01
        for name, weight in model.weights.items():
            if name.startswith(group):
                step = 0.1 * expected[name] * 0.01 / norm
                np.testing.assert_allclose(weight, before[name] - step, rtol=0, atol=1e-12)


def test_a_history_has_a_column_for_each_objective() -> None:
    text = GAME.replace("epochs 1", "epochs 6; stop when val.g stalls 9 epochs; keep best val.d")
    model = dslc.compile(text=text)
    history = model.fit(rows(), validation=(rows(9), None))
    columns = [column for column in history.epochs[-1] if not column.startswith("gradient.")]
    assert columns == ["train.loss", "train.d", "train.g", "val.loss", "val.d", "val.g"]
    for part in ("train", "val"):
        sums = np.add(history[f"{part}.d"], history[f"{part}.g"])
        np.testing.assert_allclose(history[f"{part}.loss"], sums, rtol=1e-5)
    assert history.best_epoch == int(np.argmin(history["val.d"])) + 1
    found = model.evaluate(rows(9))
    assert list(found) == ["loss", "d", "g"] and found["d"] == pytest.approx(min(history["val.d"]), rel=1e-5)


@pytest.mark.parametrize("rule", ["stop when train.d < 100", "stop when val.d < 100"])
def test_a_rule_follows_an_objective(rule: str) -> None:
    model = dslc.compile(text=GAME.replace("epochs 1", f"epochs 6; {rule}"))
    assert len(model.fit(rows(), validation=(rows(9), None))) == 1


def test_one_objective_with_a_name_is_as_one_without() -> None:
    plain = ONE.replace("fit =", "").replace("minimize fit with ", "")
    x = rows()
    named, other = (dslc.compile(text=text, dtype="float64") for text in (ONE, plain))
    first, second = named.fit(x, x[:, 0]), other.fit(x, x[:, 0])
    assert first["train.loss"] == second["train.loss"] == first["train.fit"]
    assert all(np.array_equal(named.weights[name], weight) for name, weight in other.weights.items())


def test_one_objective_over_a_group_leaves_the_frozen_rest() -> None:
    text = ONE.replace("fit with", "fit over body with").replace("batch 8", "freeze dense; batch 8")
    model = dslc.compile(text=text)
    before, x = dict(model.weights), rows()
    model.fit(x, x[:, 0])
    moved = {name for name, weight in model.weights.items() if not np.array_equal(weight, before[name])}
    assert moved == {"body.dense.w", "body.dense.b"}


def test_a_training_with_objectives_goes_on_from_a_file(tmp_path: Path) -> None:
    x = rows()
    whole, halves = (dslc.compile(text=GAME, dtype="float64") for _ in range(2))
    whole.fit(x, epochs=4)
    halves.fit(x, epochs=2)
    halves.save(tmp_path / "half.dslm")
    again = dslc.load(tmp_path / "half.dslm")
    again.fit(x, epochs=2)
    assert all(np.array_equal(again.weights[name], weight) for name, weight in whole.weights.items())


def test_a_net_that_only_binds_predicts_nothing_and_shows_its_tensors() -> None:
    model = dslc.compile(text=GAME)
    x = rows()
    model.fit(x)
    for ask in (model.predict, model.predictions, model.forward):
        with pytest.raises(DataError, match="predicts nothing"):
            ask(x)
    drawn = model.forward(x, at=["drawn"])["drawn"]
    np.testing.assert_allclose(
        drawn, x @ model.weights["maker.dense.w"] + model.weights["maker.dense.b"], rtol=1e-4, atol=1e-5
    )


def test_critic_and_generator_hold_each_other_up() -> None:
    """Neither wins: at the balance the critic's error is log 4, the generator's log 2 (Goodfellow et al. 2014)."""
    model = dslc.compile(MODELS / "gan.dsl")
    history = model.fit()
    assert len(history) == 50
    late = {name: np.array(history[f"train.{name}"][-10:]) for name in ("d", "g")}
    assert np.all((late["d"] > 0.5) & (late["d"] < 1.5))
    assert np.all((late["g"] > 0.5) & (late["g"] < 1.6))
