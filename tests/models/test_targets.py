"""Several targets: each is predicted, weighed and measured by itself, whatever way its rows come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.model import Model

TWO = """
data { input x: [3]; target hot; target kind: class(3) }
net { trunk = x | dense(8) | tanh
      predict hot = trunk | dense(outputs)
      predict kind = trunk | dense(outputs) }
loss huber(hot) + 0.5 * cross_entropy(kind)
train { adam(1e-2); batch 16; epochs 30; seed 3; watch rmse(hot), accuracy(kind) }
"""
DRAW = np.random.default_rng(5)
X = DRAW.normal(size=(120, 3))
HOT = X[:, 0] - 0.5 * X[:, 1]
KIND = np.argmax(X, axis=1)
Y = {"hot": HOT, "kind": KIND}


def trained() -> Model:
    model = dslc.compile(text=TWO)
    model.fit(X, Y)
    return model


def test_every_target_is_learnt_and_answered_in_its_own_terms(tmp_path: Path) -> None:
    model = trained()
    decided, chances, raw = model.predict(X), model.predict_proba(X), model.forward(X)
    assert isinstance(decided, dict) and isinstance(chances, dict) and isinstance(raw, dict)
    assert list(decided) == list(raw) == ["hot", "kind"] and list(chances) == ["kind"]
    assert decided["hot"].shape == (120,) and set(decided["kind"].tolist()) <= {0, 1, 2}
    assert np.allclose(chances["kind"].sum(1), 1, atol=1e-6) and raw["kind"].shape == (120, 3)
    assert model.classes == {"hot": None, "kind": (0, 1, 2)}
    found = model.evaluate(X, Y)
    assert list(found) == ["loss", "hot.rmse", "kind.accuracy"]
    assert found["hot.rmse"] == pytest.approx(np.sqrt(np.mean((decided["hot"] - HOT) ** 2)), rel=1e-5)
    assert found["kind.accuracy"] == pytest.approx(np.mean(decided["kind"] == KIND), rel=1e-6)
    assert found["hot.rmse"] < 0.3 and found["kind.accuracy"] > 0.8
    model.save(tmp_path / "two.dslm")
    again = dslc.load(tmp_path / "two.dslm").predict(X)
    assert isinstance(again, dict)
    assert all(np.array_equal(again[name], decided[name]) for name in decided)


def test_the_gradient_is_the_sum_of_the_losses_gradients() -> None:
    def alone(loss: str) -> dict[str, np.ndarray]:
        text = TWO.replace("huber(hot) + 0.5 * cross_entropy(kind)", loss)
        model = dslc.compile(text=text, backend="reference", dtype="float64")
        return dict(model.gradients(X, Y))

    whole, hot, kind = (alone(f"{a} * huber(hot) + {b} * cross_entropy(kind)") for a, b in ((1, 0.5), (1, 0), (0, 0.5)))
    assert set(whole) == {
        "trunk.dense.w",
        "trunk.dense.b",
        "hot.dense.w",
        "hot.dense.b",
        "kind.dense.w",
        "kind.dense.b",
    }
    for name, gradient in whole.items():
        np.testing.assert_allclose(gradient, hot[name] + kind[name], rtol=1e-10, atol=1e-14)
    assert np.abs(whole["trunk.dense.w"]).max() > 0


def test_targets_come_as_columns_too(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    text = TWO.replace("input x: [3]; target hot; target kind: class(3)", 'csv "a.csv"; target hot, kind')
    text = text.replace("x | dense", "inputs | dense")
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "hot": HOT, "kind": [f"k{k}" for k in KIND]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    model = dslc.compile(text=text, data=tmp_path / "a.csv")
    model.fit()
    model.fit(frame, epochs=1)
    model.fit(frame[["a", "b", "c"]], {"hot": HOT, "kind": frame["kind"]}, epochs=1)
    decided = model.predict(frame)
    assert isinstance(decided, dict) and set(decided["kind"].tolist()) <= {"k0", "k1", "k2"}


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ({"hot": HOT}, 'no values for the target "kind"'),
        ({"hot": HOT, "kid": KIND}, 'no target is named "kid"; did you mean "kind"?'),
        (HOT, "2 targets take a mapping by name: hot, kind"),
        ({"hot": HOT, "kind": KIND[:-1]}, 'array "kind": has 119 rows, but the inputs have 120'),
        ({"hot": HOT, "kind": KIND + 1}, 'array "kind", row '),
    ],
)
def test_targets_that_do_not_fit_are_named(y: object, message: str) -> None:
    model = dslc.compile(text=TWO)
    with pytest.raises(dslc.DataError, match=message.replace("?", r"\?")):
        model.fit(X, y)  # type: ignore[arg-type] # a wrong argument is the point


def test_what_is_carried_reaches_loss_and_metrics_and_no_input() -> None:
    text = """
    data { input x: [3]; input amount: [1]; target y; carry amount; split 50/50 }
    metric paid(prediction, target) lower = sum(abs(prediction - target) * amount)
    net { x | dense(1) }
    loss amount * squared_error(y)
    train { sgd(0.05); batch 10; epochs 4; seed 1; watch paid }
    """
    amount = DRAW.uniform(0.5, 2, size=(120, 1))
    model = dslc.compile(text=text, backend="reference", dtype="float64")
    assert model.weights["dense.w"].shape == (3, 1)
    rows = {"x": X, "amount": amount}
    raw = model.forward(X)
    assert not isinstance(raw, dict)
    error = raw[:, 0] - HOT
    assert model.loss(rows, HOT) == pytest.approx(float(np.mean(amount[:, 0] * error**2)), rel=1e-12)
    model.fit(rows, HOT)
    assert model.evaluate(rows, HOT)["paid"] < float(np.mean(np.abs(error) * amount[:, 0]))
    with pytest.raises(dslc.DataError, match='"amount" is carried beside the input: give a mapping by name: x, amount'):
        model.fit(X, HOT)
    assert np.array_equal(model.predict(rows), model.predict(X))
    model.fit({"inputs": X, "amount": amount}, HOT, epochs=1)


def test_a_split_may_keep_the_shares_of_a_carried_array() -> None:
    text = "data { input x: [3]; input g: [1]; target y; carry g; split 50/50 stratified y }"
    model = dslc.compile(text=f"{text}\nnet {{ x | dense(1) }}\nloss squared_error * g\n", backend="reference")
    side = np.tile([0.0, 1.0], 60)
    model.fit({"x": X, "g": side[:, None]}, side, epochs=1)
    assert side[model.dataset.train].sum() == side[model.dataset.test].sum() == 30


def test_rows_to_validate_on_are_of_the_trainings_kind(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n1,2\n2,4\n3,6\n")
    text = 'data { csv "a.csv"; target y }\nnet { inputs | dense(1) }\nloss squared_error\n'
    model = dslc.compile(text=text, backend="reference", data=tmp_path / "a.csv")
    with pytest.raises(dslc.DataError, match='validation column "y" holds text, and numbers in training'):
        model.fit({"a": [1.0, 2]}, [1.0, 2], validation=({"a": [1.0, 2]}, ["low", "high"]))


def test_a_carried_column_is_read_in_a_loss_of_the_files_own() -> None:
    text = """
    loss paid(prediction, target) = amount * abs(prediction - target)
    data { input x: [4]; input amount: [1]; target y; carry amount }
    net { x | dense(outputs) }
    loss paid
    train { adam }
    """
    assert dslc.check(text) == []


PER_CELL = """
data {{ npz "cells.npz" {{ image: [6, 5, 1] = image; cell{declared} = cell }}; target cell; split 60/20/20 }}
net {{ image | conv(8) | relu | conv(outputs, 1) }}
loss {loss}
train {{ adam(2e-2); batch 16; epochs 30; seed 1; watch accuracy }}
"""


@pytest.mark.parametrize(("loss", "classes"), [("cross_entropy", 3), ("cross_entropy", 2), ("binary_cross_entropy", 2)])
@pytest.mark.parametrize("declared", [False, True])
def test_each_cell_has_a_class(loss: str, classes: int, declared: bool, tmp_path: Path) -> None:
    image = np.random.default_rng(5).uniform(0, 1, (120, 6, 5, 1))
    cell = np.minimum((image[..., 0] * classes).astype(np.int64), classes - 1)
    labels = cell if declared else cell * 10 + 7
    np.savez(tmp_path / "cells.npz", image=image, cell=labels)
    (tmp_path / "m.dsl").write_text(PER_CELL.format(loss=loss, declared=f": class({classes})" if declared else ""))
    model = dslc.compile(tmp_path / "m.dsl")
    model.fit()
    predicted = model.predict(image)
    assert isinstance(predicted, np.ndarray) and predicted.shape == cell.shape
    assert np.mean(predicted == labels) > 0.85
    chances = model.predict_proba(image)
    assert isinstance(chances, np.ndarray) and chances.shape == (*cell.shape, classes)
    np.testing.assert_allclose(chances.sum(-1), 1, rtol=1e-5)
    found = model.evaluate(image, labels)
    assert found["accuracy"] == pytest.approx(np.mean(predicted == labels), abs=1e-6)


def test_a_cell_of_no_class_is_named_by_its_row(tmp_path: Path) -> None:
    image, cell = np.zeros((20, 6, 5, 1)), np.zeros((20, 6, 5))
    cell[:, 0, 0], cell[7, 2, 3] = 1, 2.5
    np.savez(tmp_path / "cells.npz", image=image, cell=cell)
    (tmp_path / "m.dsl").write_text(PER_CELL.format(loss="cross_entropy", declared=""))
    with pytest.raises(dslc.DataError, match=r'array "cell", row 7: 2.5 is not a class \(a whole number\)'):
        dslc.compile(tmp_path / "m.dsl")
