"""Metrics that rank all rows of a part: they are scikit-learn's, stop and keep follow them, no interrupt changes them.

Each model of the first part is one dense layer whose weights are the identity, so that the rows are the predictions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from runtime.stop_after import StopAfter
from sklearn import metrics as theirs

import dslc
from dslc.elaborate.definition import Sample, elaborate_definition
from dslc.elaborate.prelude import index
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.ops.leaf import Leaf
from dslc.runtime.health import is_health
from dslc.runtime.history import History, Status
from dslc.runtime.rows import Rows
from dslc.runtime.session import Session
from dslc.runtime.whole_part import whole_part
from dslc.syntax.ast import DefinitionKind

ROWS = 157
EQUAL = {"rel": 1e-12, "abs": 1e-13, "nan_ok": True}
"""Sums of a few hundred float64 values in two orders."""

each_backend = pytest.mark.parametrize("backend", ["reference", "cpu"])
each_weighing = pytest.mark.parametrize("kind", ["none", "some are 0", "large"])
each_scores = pytest.mark.parametrize("ties", [False, True])


def model_of(width: int, classes: int, loss: str, backend: str, watch: str = "roc_auc, average_precision") -> Model:
    """Predicts what it is given, [width] a row."""
    model = dslc.compile(
        text=f"data {{ input x: [{width}]; target y: class({classes}) }}\nnet {{ x | dense(outputs) }}\nloss {loss}\n"
        f"train {{ sgd(0.1); batch 32; watch {watch} }}",
        backend=backend,
        dtype="float64",
    )
    model.set_weights({"dense.w": np.eye(width), "dense.b": np.zeros(width)})
    return model


def weights(kind: str) -> Array | None:
    draw = np.random.default_rng(3)
    match kind:
        case "none":
            return None
        case "some are 0":
            return draw.integers(0, 3, ROWS) * 1.0
        case _:
            return draw.exponential(size=ROWS) * 1e3


def scores(draw: np.random.Generator, ties: bool, *shape: int) -> Array:
    return draw.integers(-2, 3, shape) * 1.0 if ties else draw.normal(0, 2, shape)


def of_classes(score: Callable[..., float], there: Array, scored: Array, weight: Array, both: bool) -> float:
    """The mean over the classes that some row has, and if `both` some has not, by weight; NaN if there are none."""
    found = [
        score(own, key, sample_weight=weight)
        for own, key in zip(there.T, scored.T, strict=True)
        if weight[own].sum() > 0 and (not both or weight[~own].sum() > 0)
    ]
    return float(np.mean(found)) if found else np.nan


# --- scikit-learn's -------------------------------------------------------------------------------


@each_backend
@each_weighing
@each_scores
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "hinge", "cross_entropy"])
def test_two_classes(loss: str, ties: bool, kind: str, backend: str) -> None:
    draw, weight = np.random.default_rng(1), weights(kind)
    y, margin = draw.integers(0, 2, ROWS), scores(draw, ties, ROWS)
    wide = loss == "cross_entropy"
    x = np.stack([1 - margin / 2, 1 + margin / 2], 1) if wide else margin[:, None]
    found = model_of(1 + wide, 2, loss, backend).evaluate(x, y, sample_weight=weight)
    margin = x[:, 1] - x[:, 0] if wide else margin
    assert found["roc_auc"] == pytest.approx(theirs.roc_auc_score(y, margin, sample_weight=weight), **EQUAL)
    expected = theirs.average_precision_score(y, margin, sample_weight=weight)
    assert found["average_precision"] == pytest.approx(expected, **EQUAL)


@each_backend
@each_weighing
@each_scores
@pytest.mark.parametrize("present", [(0, 1, 2, 3), (0, 2), (3,)])
def test_several_classes(present: tuple[int, ...], ties: bool, kind: str, backend: str) -> None:
    draw, weight = np.random.default_rng(2), weights(kind)
    y, logits = draw.choice(present, ROWS), scores(draw, ties, ROWS, 4)
    found = model_of(4, 4, "cross_entropy", backend).evaluate(logits, y, sample_weight=weight)
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    there, w = np.eye(4, dtype=np.bool_)[y], np.ones(ROWS) if weight is None else weight
    expected = of_classes(theirs.roc_auc_score, there, chances, w, both=True)
    assert found["roc_auc"] == pytest.approx(expected, **EQUAL)
    expected = of_classes(theirs.average_precision_score, there, chances, w, both=False)
    assert found["average_precision"] == pytest.approx(expected, **EQUAL)
    if len(present) == 4:
        each = theirs.roc_auc_score(y, chances, multi_class="ovr", average="macro", sample_weight=weight)
        assert found["roc_auc"] == pytest.approx(each, **EQUAL)


def test_steps_are_ranked_together() -> None:
    """An example's weight is shared among its steps."""
    draw, weight = np.random.default_rng(3), weights("large")
    assert weight is not None
    given = {"prediction": draw.normal(size=(ROWS, 3)), "target": draw.integers(0, 2, (ROWS, 3)), "": weight}
    for name, score in (("roc_auc", theirs.roc_auc_score), ("average_precision", theirs.average_precision_score)):
        definition = index()[DefinitionKind.METRIC, name].parsed()
        graph = elaborate_definition(definition, Sample({"prediction": (3,), "target": (3,)}, {}, 2)).graph
        leaves = {node.id: given[node.op.name] for node in graph.nodes if isinstance(node.op, Leaf)}
        (found,) = evaluate(graph, leaves, ROWS, [graph.outputs["value"]]).values()
        y, x = given["target"].ravel(), given["prediction"].ravel()
        assert found == pytest.approx(score(y, x, sample_weight=np.repeat(weight, 3)), **EQUAL)


@pytest.mark.parametrize("only", [0, 1])
def test_one_class_alone_has_no_rank(only: int) -> None:
    found = model_of(1, 2, "binary_cross_entropy", "reference").evaluate([[1.0], [-1.0]], [only, only])
    assert np.isnan(found["roc_auc"])
    assert found["average_precision"] == pytest.approx(1.0 if only else np.nan, nan_ok=True)


def test_far_out_scores_still_differ() -> None:
    """Their probabilities are 1 in every number type."""
    x, y = np.array([[400.0], [500.0], [600.0], [700.0]]), [0, 1, 0, 1]
    assert model_of(1, 2, "binary_cross_entropy", "reference").evaluate(x, y)["roc_auc"] == 0.75
    found = model_of(2, 2, "cross_entropy", "reference").evaluate(np.hstack([-x, x]), y)
    assert found["roc_auc"] == 0.75


def test_a_prediction_that_is_no_number_leaves_none() -> None:
    """Infinity has a rank, and the margin between two infinities has none."""
    model, y = model_of(2, 2, "cross_entropy", "reference"), [0, 1, 0]
    model.set_weights({"dense.w": np.eye(2) * 1e308})
    assert model.evaluate([[0.0, 1.0], [0.0, 10.0], [10.0, 0.0]], y)["roc_auc"] == 1
    assert np.isnan(model.evaluate([[0.0, 1.0], [10.0, 10.0], [10.0, 0.0]], y)["roc_auc"])


def test_an_own_metric_may_rank() -> None:
    """Gini's coefficient of a value's ranking, and a variance about the mean over all examples."""
    own = """
    metric spread(prediction, target) lower {
      center = mean(prediction over examples)
      mean((prediction - center)^2 over examples) + 0 * tail_sum(1, prediction)
    }
    metric above(prediction, target) higher = tail_sum(target, prediction)
    """
    model = dslc.compile(
        text=f"data {{ input x: [1]; target y }}\nnet {{ x | dense(1) }}\nloss huber\n{own}\n"
        "train { sgd; watch mse, above, spread }",
        backend="reference",
        dtype="float64",
    )
    model.set_weights({"dense.w": np.eye(1), "dense.b": np.zeros(1)})
    draw = np.random.default_rng(4)
    x, y = draw.normal(size=ROWS), draw.normal(size=ROWS)
    found = model.evaluate(x[:, None], y)
    assert list(found) == ["loss", "mse", "above", "spread"]
    assert found["above"] == pytest.approx(np.mean([y[x >= each].sum() for each in x]), **EQUAL)
    assert found["spread"] == pytest.approx(np.var(x), **EQUAL)


HEADS = """
let rank = roc_auc in [roc_auc, accuracy]
let most = 20%
data { input x: [3]; input cost: [1]; target y: class(2); target z: class(3); carry cost }
metric captured(prediction, target: class(2), part: share = 10%) higher {
  best = tail_sum(1, prediction) <= part * sum(target >= 0 over examples)
  sum(best * target * sum(cost) over examples) / sum(target * sum(cost) over examples)
}
net { predict y = x | part_of(0)
      predict z = x | part_of(1) }
layer part_of(x, k) { weight w: [3, 3] = 1;  if k == 0 then (x @ w)[.., 0..1] else x @ w }
loss binary_cross_entropy(y) + cross_entropy(z)
train { sgd; batch 16; keep best val.z.average_precision; watch accuracy, rank, captured(y, part = most) }
"""


def test_each_prediction_has_ranks_of_its_own() -> None:
    """By a let, of a carried column, and for `keep` alone."""
    model = dslc.compile(text=HEADS, backend="reference", dtype="float64")
    model.set_weights({name: np.eye(3) for name in model.weights})
    draw = np.random.default_rng(5)
    x, cost = draw.normal(size=(100, 3)), draw.uniform(size=100)
    y, z = draw.integers(0, 2, 100), draw.integers(0, 3, 100)
    found = model.evaluate({"x": x, "cost": cost[:, None]}, {"y": y, "z": z})
    ranks = ["y.rank", "z.rank", "y.captured", "z.average_precision"]
    assert list(found) == ["loss", "y.accuracy", "z.accuracy", *ranks]
    assert found["y.rank"] == pytest.approx(theirs.roc_auc_score(y, x[:, 0]), **EQUAL)
    chances = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    assert found["z.rank"] == pytest.approx(theirs.roc_auc_score(z, chances, multi_class="ovr"), **EQUAL)
    best = np.argsort(-x[:, 0])[:20]
    assert found["y.captured"] == pytest.approx((y * cost)[best].sum() / (y * cost).sum(), **EQUAL)


# --- in training ----------------------------------------------------------------------------------

DATA = np.random.default_rng(9)
X = DATA.normal(size=(120, 4))
Y = (X @ [1.0, -2.0, 0.5, 0.0] + DATA.normal(0, 1.5, 120) > 0).astype(np.int64)
RULES = "stop when val.roc_auc stalls 3 epochs; keep best; watch roc_auc, accuracy"


def training(rules: str = RULES, backend: str = "reference", dtype: str = "float32", epochs: int = 12) -> Model:
    return dslc.compile(
        text="data { input x: [4]; target y: class(2) }\nnet { x | dense(6) | tanh | dense(outputs) }\n"
        f"loss binary_cross_entropy\ntrain {{ adam(0.05); batch 16; epochs {epochs}; seed 3; {rules} }}",
        backend=backend,
        dtype=dtype,
    )


def fit(model: Model, callback: Callable[[Status], bool | None] | None = None) -> History:
    return model.fit(X[:80], Y[:80], validation=(X[80:], Y[80:]), callback=callback)


@each_backend
def test_stop_and_keep_follow_a_rank(backend: str) -> None:
    model = training(backend=backend)
    found: list[float] = []

    def scored(status: Status) -> None:
        found.append(theirs.roc_auc_score(Y[80:], model.forward(X[80:])[:, 0].astype(np.float64)))

    history = fit(model, scored)
    columns = [name for name in history.epochs[0] if not is_health(name)]
    assert columns == ["train.loss", "val.loss", "val.accuracy", "val.roc_auc"]
    assert history["val.roc_auc"] == pytest.approx(found, **EQUAL)
    best = int(np.argmax(found))
    assert history.best_epoch == best + 1
    if history.stopped != "finished":
        assert history.stopped == "val.roc_auc stalled for 3 epochs" and len(history) == best + 4
    assert model.evaluate(X[80:], Y[80:])["roc_auc"] == pytest.approx(found[best], **EQUAL)


@each_backend
def test_watching_a_rank_changes_no_weight(backend: str) -> None:
    first, second = training("watch roc_auc", backend), training("watch accuracy", backend)
    assert fit(first)["val.loss"] == fit(second)["val.loss"]
    assert weights_of(first) == weights_of(second)


def test_without_ranks_nothing_is_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No entry more is compiled; nor is one for a rank that no validation rows are there for."""

    def refused(*given: object) -> None:
        raise AssertionError

    monkeypatch.setattr("dslc.runtime.session.predictor", refused)
    plain = training("watch accuracy")
    fit(plain)
    plain.evaluate(X, Y)
    history = training("watch roc_auc").fit(X, Y)
    assert [name for name in history.epochs[0] if not is_health(name)] == ["train.loss"]


def weights_of(model: Model) -> dict[str, bytes]:
    return {name: weight.tobytes() for name, weight in model.weights.items()}


# --- interrupted ----------------------------------------------------------------------------------

ROWS_OF_DATA = Rows({"x": X}, {"y": Y}, weight=np.random.default_rng(2).uniform(0.5, 2, 120))
TRAIN, VAL = np.arange(80), np.arange(80, 120)


def left(session: Session) -> tuple[bytes, ...]:
    """Weights and optimizer state, bit for bit."""
    return tuple(value.tobytes() for value in (*session.parameters.values(), *session.states.values()))


@each_backend
def test_an_interrupt_while_the_host_ranks_changes_nothing(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, model = training(backend=backend).session, training(backend=backend).session
    expected = whole.train(ROWS_OF_DATA, TRAIN, VAL)
    calls = 0

    def interrupted(*given: object) -> dict[str, float]:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise KeyboardInterrupt
        return whole_part(*given)

    monkeypatch.setattr("dslc.runtime.session.whole_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.train(ROWS_OF_DATA, TRAIN, VAL)
    for _ in range(len(expected) - 1):
        assert model.status().row.get("val.roc_auc") in (None, *expected["val.roc_auc"])
        with pytest.raises(KeyboardInterrupt):
            model.resume()
    found = model.resume()
    assert (found.epochs, found.stopped, found.best_epoch) == (expected.epochs, expected.stopped, expected.best_epoch)
    assert left(model) == left(whole)


def test_a_stop_between_any_two_batches_can_be_resumed() -> None:
    rules = "stop when val.roc_auc < 0; keep best val.loss; watch accuracy"
    whole = training(rules, epochs=3).session
    expected = whole.train(ROWS_OF_DATA, TRAIN, VAL).epochs
    for after in range(1, 3 * (5 + 3) + 1):
        model = training(rules, epochs=3).session
        model.executable = StopAfter(model.program, after, model.request_stop)
        assert model.train(ROWS_OF_DATA, TRAIN, VAL).stopped == "interrupted"
        model.evaluate(ROWS_OF_DATA, VAL)
        assert model.resume().epochs == expected
        assert left(model) == left(whole)


def test_both_backends_rank_alike() -> None:
    reference, cpu = (fit(training(backend=backend, dtype="float64")) for backend in ("reference", "cpu"))
    assert reference["val.roc_auc"] == pytest.approx(cpu["val.roc_auc"], rel=1e-9)
