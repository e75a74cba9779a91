"""What a model file means: its graphs against the formulas written by hand in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Graph
from dslc.graph.text import to_text
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.random import Random
from dslc.scalar.random import stream

from .run import experiment, leaf_names, leaf_values, values_of

DRAW = np.random.default_rng(5)
ROWS_PRESENT = 5
X = DRAW.normal(size=(ROWS_PRESENT, 4))
IDS = np.array([0, 2, 1, 2, 0])
Y = DRAW.normal(size=ROWS_PRESENT)
WEIGHT = DRAW.uniform(0.5, 1.5, ROWS_PRESENT)
W1, B1 = DRAW.normal(size=(4, 6)), DRAW.normal(size=6)
W2, B2 = DRAW.normal(size=(6, 3)), DRAW.normal(size=3)
MLP = {"x": X, "y": IDS, "example weight": WEIGHT, "rows": np.float64(ROWS_PRESENT),
       "dense.w": W1, "dense.b": B1, "dense_2.w": W2, "dense_2.b": B2}  # fmt: skip
LOGITS = np.maximum(X @ W1 + B1, 0) @ W2 + B2
NET = "net { x | dense(6) | relu | dense(outputs) }\n"


def cross_entropies() -> np.ndarray:
    return np.log(np.exp(LOGITS).sum(1)) - LOGITS[np.arange(ROWS_PRESENT), IDS]


# --- losses ---------------------------------------------------------------------------------------


def test_the_objective_is_the_weighted_mean_plus_penalties_once() -> None:
    made = experiment(NET + "loss cross_entropy + 0.3 * l2(weights) - 0.1 * l1(parameters)", classes=3)
    found = values_of(made.forward, MLP)
    data = (WEIGHT * cross_entropies()).sum()
    squares = (W1**2).sum() + (W2**2).sum()
    sizes = sum(np.abs(w).sum() for w in (W1, B1, W2, B2))
    assert np.isclose(found["objective"], data / ROWS_PRESENT + 0.3 * squares - 0.1 * sizes)
    assert np.isclose(found["sums.loss"], data)
    assert np.isclose(found["sums.weight"], WEIGHT.sum())
    assert np.isclose(values_of(made.evaluate, MLP)["sums.loss"], data)


def test_an_elementwise_loss_is_averaged_over_the_elements_of_an_example() -> None:
    made = experiment("net { x | dense(outputs) }\nloss 2 * squared_error + sum(abs(prediction))", target=(3,))
    y = DRAW.normal(size=(ROWS_PRESENT, 3))
    w, b = DRAW.normal(size=(4, 3)), DRAW.normal(size=3)
    p = X @ w + b
    found = values_of(made.forward, MLP | {"y": y, "dense.w": w, "dense.b": b})
    assert np.isclose(found["sums.loss"], (WEIGHT * (2 * ((p - y) ** 2).mean(1) + np.abs(p).sum(1))).sum())


def test_a_trailing_one_meets_a_scalar_target() -> None:
    made = experiment("net { x | dense(outputs) }\nloss huber(delta = 0.5)\ntrain { adam; watch mae, rmse }")
    w, b = DRAW.normal(size=(4, 1)), DRAW.normal(size=1)
    given = MLP | {"y": Y, "dense.w": w, "dense.b": b}
    e = np.abs((X @ w + b)[:, 0] - Y)
    huber = np.where(e <= 0.5, 0.5 * e**2, 0.5 * (e - 0.25))
    assert np.isclose(values_of(made.forward, given)["sums.loss"], (WEIGHT * huber).sum())
    sums = values_of(made.evaluate, given)
    totals = {name.removeprefix("sums."): value for name, value in sums.items()}
    done = values_of(made.finish, totals)
    assert np.isclose(done["mae"], (WEIGHT * e).sum() / WEIGHT.sum())
    assert np.isclose(done["rmse"], np.sqrt((WEIGHT * e**2).sum() / WEIGHT.sum()))
    assert np.isclose(done["loss"], (WEIGHT * huber).sum() / WEIGHT.sum())


def test_a_loss_may_call_another_and_takes_its_link() -> None:
    text = "loss soft(prediction, target) = 0.5 * cross_entropy(prediction, target)\n" + NET + "loss soft"
    made = experiment(text, classes=3)
    assert np.isclose(values_of(made.forward, MLP)["sums.loss"], (WEIGHT * 0.5 * cross_entropies()).sum())
    assert np.allclose(values_of(made.predict, MLP)["probability.y"].sum(1), 1)


def test_names_bound_in_the_net_are_visible_in_the_loss() -> None:
    made = experiment("net { h = x | dense(6); h | relu | dense(outputs) }\nloss squared_error + 0.1 * sum(h^2)")
    assert [p.name for p in made.parameters] == ["h.dense.w", "h.dense.b", "dense.w", "dense.b"]
    w, b = DRAW.normal(size=(6, 1)), DRAW.normal(size=1)
    h = X @ W1 + B1
    p = (np.maximum(h, 0) @ w + b)[:, 0]
    given = MLP | {"y": Y, "h.dense.w": W1, "h.dense.b": B1, "dense.w": w, "dense.b": b}
    expected = (WEIGHT * ((p - Y) ** 2 + 0.1 * (h**2).sum(1))).sum()
    assert np.isclose(values_of(made.forward, given)["sums.loss"], expected)


# --- prediction -----------------------------------------------------------------------------------


def test_softmax_predicts_the_likeliest_class() -> None:
    found = values_of(experiment(NET + "loss cross_entropy", classes=3).predict, MLP)
    assert np.allclose(found["prediction.y"], LOGITS)
    assert np.allclose(found["probability.y"], np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True))
    assert np.array_equal(found["decision.y"], LOGITS.argmax(1))


@pytest.mark.parametrize(("loss", "links"), [("binary_cross_entropy", True), ("hinge", False)])
def test_two_classes_take_one_output(loss: str, links: bool) -> None:
    made = experiment(f"net {{ x | dense(outputs) }}\nloss {loss}\ntrain {{ adam; watch accuracy }}", classes=2)
    w, b = DRAW.normal(size=(4, 1)), DRAW.normal(size=1)
    z, y = (X @ w + b)[:, 0], IDS % 2
    given = MLP | {"y": y, "dense.w": w, "dense.b": b}
    found = values_of(made.predict, given)
    assert np.allclose(found["probability.y"], 1 / (1 + np.exp(-z)) if links else z)
    assert np.array_equal(found["decision.y"], z > 0)
    entropies = np.log1p(np.exp(-np.where(y == 1, z, -z)))
    expected = entropies if links else np.maximum(0, 1 - np.where(y == 1, 1, -1) * z)
    sums = values_of(made.evaluate, given)
    assert np.isclose(sums["sums.loss"], (WEIGHT * expected).sum())
    assert np.isclose(sums["sums.1"], (WEIGHT * ((z > 0) == y)).sum())


def test_values_are_predicted_as_they_are() -> None:
    w, b = DRAW.normal(size=(4, 1)), DRAW.normal(size=1)
    made = experiment("net { x | dense(outputs) }\nloss absolute_error")
    found = values_of(made.predict, {"x": X, "dense.w": w, "dense.b": b})
    assert found["prediction.y"].shape == (ROWS_PRESENT, 1)
    assert np.allclose(found["decision.y"], (X @ w + b)[:, 0])


# --- weights and instances ------------------------------------------------------------------------


def names(text: str, **more: object) -> list[str]:
    return [parameter.name for parameter in experiment(text + "\nloss squared_error").parameters]


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        ("x | dense(2, bias = false) | dense(1, bias = false)", ["dense.w", "dense_2.w"]),
        ("x | prelu | prelu | dense(1, bias = false)", ["prelu.slope", "prelu_2.slope", "dense.w"]),
        ("h = x | prelu | prelu; h | dense(1, bias = false)", ["h.prelu.slope", "h.prelu_2.slope", "dense.w"]),
        ("x | repeat 3 prelu | dense(1, bias = false)", [*(f"prelu{k}.slope" for k in ("", "_2", "_3")), "dense.w"]),
        ("e = prelu | dense(4, bias = false); e(e(x)) | dense(1, bias = false)",
         ["e.prelu.slope", "e.dense.w", "dense.w"]),
        ("e = prelu; (x | e) + e(x) | dense(1, bias = false)", ["e.prelu.slope", "dense.w"]),
        ("x | twice(dense(4, bias = false)) | dense(1, bias = false)", ["twice.f.dense.w", "dense.w"]),
        ("x | twice(prelu) | dense(1, bias = false)",
         ["twice.inner.prelu.slope", "twice.outer.prelu.slope", "dense.w"]),
    ],
)  # fmt: skip
def test_a_weight_is_named_by_its_call_path(net: str, expected: list[str]) -> None:
    layer = "layer twice(x, f) { inner = f(x); outer = f(inner);  outer }\n" if "twice" in net else ""
    assert names(f"{layer}net {{ {net} }}") == expected


def test_every_use_of_an_instance_shares_its_weights() -> None:
    made = experiment("net { e = dense(4, bias = false); e(e(x)) | dense(1, bias = false) }\nloss squared_error")
    u, w = DRAW.normal(size=(4, 4)), DRAW.normal(size=(4, 1))
    found = values_of(made.predict, {"x": X, "e.dense.w": u, "dense.w": w})
    assert np.allclose(found["prediction.y"], X @ u @ u @ w)


def test_initial_values_come_from_the_stream_of_the_weight() -> None:
    made = experiment(NET + "loss cross_entropy", classes=3)
    first = made.parameters[0]
    drawn = [node.op for node in first.initial.nodes if isinstance(node.op, Random)]
    assert [op.stream for op in drawn] == [stream("weight dense.w")]
    value = values_of(first.initial, {"seed": np.int64(3)})["value"]
    limit = np.sqrt(6 / (4 + 6))
    assert value.shape == (4, 6)
    assert 0.5 * limit < np.abs(value).max() <= limit
    assert not np.array_equal(value, values_of(first.initial, {"seed": np.int64(4)})["value"])


# --- training and prediction ----------------------------------------------------------------------


def test_dropout_acts_in_training_only() -> None:
    made = experiment("net { x | dropout(50%) | dense(1, bias = false) }\nloss squared_error + 0 * sum(x)")
    assert any(isinstance(node.op, Random) for node in made.forward.nodes)
    for graph in (made.evaluate, made.predict):
        assert not any(isinstance(node.op, Random) for node in graph.nodes)


def test_two_uses_of_a_shared_dropout_draw_differently() -> None:
    made = experiment("net { d = dropout(50%); d(x) + d(x) | dense(1) }\nloss squared_error")
    streams = [node.op.stream for node in made.forward.nodes if isinstance(node.op, Random)]
    assert len(set(streams)) == 2


def test_random_numbers_are_their_mean_in_predictions() -> None:
    made = experiment(
        "net { x + random_normal([4]) + random_uniform([4]) | dense(1, bias = false) }\nloss squared_error"
    )
    w = DRAW.normal(size=(4, 1))
    assert np.allclose(values_of(made.predict, {"x": X, "dense.w": w})["prediction.y"], (X + 0.5) @ w)


# --- formulas -------------------------------------------------------------------------------------


def value_of(definition: str, net: str, x: tuple[int, ...], given: np.ndarray) -> np.ndarray:
    made = experiment(f"{definition}\nnet {{ x | {net} | tail }}\nlayer tail(x) {{ weight s: [1] = 1;  x * sum(s) }}\n"
                      "loss sum(prediction)", x=x)  # fmt: skip
    return values_of(made.predict, {"x": given, "tail.s": np.ones(1)})["prediction.y"]


def test_a_reduced_axis_is_remembered_where_it_was() -> None:
    x = DRAW.normal(size=(ROWS_PRESENT, 3, 4))
    definition = """activation normed(x: [.., c]) {
      m = mean(x over c)
      v = mean((x - m)^2 over c)
      (x - m) / sqrt(v + 1e-5)
    }"""
    m = x.mean(2, keepdims=True)
    expected = (x - m) / np.sqrt(((x - m) ** 2).mean(2, keepdims=True) + 1e-5)
    assert np.allclose(value_of(definition, "normed", (3, 4), x), expected)


def test_an_inner_axis_is_remembered_too() -> None:
    x = DRAW.normal(size=(ROWS_PRESENT, 3, 4))
    definition = "activation shares(x: [h, c]) = exp(x) / sum(exp(x) over h)"
    assert np.allclose(value_of(definition, "shares", (3, 4), x), np.exp(x) / np.exp(x).sum(1, keepdims=True))


def test_pipes_bind_loosest_and_calls_take_the_piped_value_first() -> None:
    definition = "activation scaled(x, by, plus = 0) = x * by + plus"
    found = value_of(definition, "scaled(2, plus = 1) | scaled(3)", (4,), X)
    assert np.allclose(found, (X * 2 + 1) * 3)
    assert np.allclose(value_of(definition, "(scaled(2) | scaled(by = 4))", (4,), X), X * 8)


def test_static_conditions_end_a_recursion() -> None:
    definition = "activation doubled(x, times) = if times > 0 then (2 * x | doubled(times - 1)) else x"
    assert np.allclose(value_of(definition, "doubled(3)", (4,), X), 8 * X)


def test_sizes_are_static() -> None:
    definition = "layer cut(x, size = 2x2) = reshape(x, size[0], count(x) // size[1])"
    assert value_of(definition, "cut", (4,), X).shape == (ROWS_PRESENT, 2, 2)


# --- optimizers -----------------------------------------------------------------------------------


def test_adam_is_algorithm_one() -> None:
    made = experiment("net { x | dense(1, bias = false) }\nloss squared_error\ntrain { adam(0.1) }")
    w, g, m, v, t = DRAW.normal(size=(4, 1)), DRAW.normal(size=(4, 1)), *DRAW.uniform(0.1, 1, (2, 4, 1)), 3.0
    given = {"m.dense.w": m, "v.dense.w": v, "iteration": np.float64(t)}
    graph = made.updates
    leaves = leaf_names(graph, "gradient"), leaf_names(graph, "parameter"), leaf_names(graph, "state")
    assert leaves == (["dense.w"], ["dense.w"], ["m.dense.w", "v.dense.w"])
    found = updated(graph, given, w, g)
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    expected = w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    assert np.allclose(found["update.m.dense.w"], m)
    assert np.allclose(found["update.v.dense.w"], v)
    assert np.allclose(found["update.dense.w"], expected)


def updated(graph: Graph, given: dict[str, Array], w: Array, g: Array) -> dict[str, Array]:
    """Parameter and gradient leaves share their names, so they are told apart by role."""
    values = leaf_values(graph, given, 1)
    for node in graph.nodes:
        if isinstance(node.op, Leaf) and node.op.role in (LeafRole.PARAMETER, LeafRole.GRADIENT):
            values[node.id] = w if node.op.role is LeafRole.PARAMETER else g
    found = evaluate(graph, values, 1, list(graph.outputs.values()))
    return {name: found[node] for name, node in graph.outputs.items()}


LINEAR = "net { x | dense(1, bias = false) }\nloss squared_error\n"


def test_a_state_that_nothing_updates_does_not_exist() -> None:
    assert [s.name for s in experiment(LINEAR + "train { sgd(0.1) }").states] == []
    assert [s.name for s in experiment(LINEAR + "train { sgd(0.1, momentum = 0.5) }").states] == ["v.dense.w"]


def test_a_schedule_is_one_number_for_each_update() -> None:
    made = experiment(LINEAR + "train { sgd(cosine(0.1, 0.001), momentum = 0.9) }")
    w, g, v = DRAW.normal(size=(3, 4, 1))
    found = updated(made.updates, {"v.dense.w": v, "progress": np.float64(0.25)}, w, g)
    rate = 0.001 + 0.099 * (1 + np.cos(np.pi * 0.25)) / 2
    assert np.allclose(found["update.dense.w"], w - rate * (0.9 * v + g))


def test_what_set_can_change_is_a_leaf() -> None:
    text = "let rate = 0.1 in 0.01..1 log\nlet decay = 0.01\n" + LINEAR + "train { adamw(2 * rate, decay = decay) }"
    first, second = experiment(text), experiment(text, settings={"rate": "0.7", "decay": 0})
    assert to_text(first.updates) == to_text(second.updates)
    assert sorted(leaf_names(first.updates, "setting")) == ["decay", "rate"]
    assert [(s.name, s.value, s.structural, s.origin) for s in second.settings] == [
        ("rate", 0.7, False, "--set"),
        ("decay", 0, False, "--set"),
    ]


def test_a_let_that_decides_a_shape_is_structural() -> None:
    text = "let width = 8 in 4..64\nlet act = relu in [relu, tanh]\nnet { x | dense(width) | act | dense(outputs) }\n"
    made = experiment(text + "loss squared_error", settings={"width": "5", "act": "tanh"})
    assert [(s.value, s.structural) for s in made.settings] == [(5, True), ("tanh", True)]
    assert made.parameters[0].shape == (4, 5)


# --- the loop -------------------------------------------------------------------------------------


def test_every_setting_has_a_default() -> None:
    made = experiment(LINEAR)
    loop = made.loop
    assert (loop.batch, loop.epochs, loop.seed, loop.shuffle) == (32, 10, 0, True)
    assert (loop.stop, loop.keep, loop.time_limit) == (None, None, None)
    assert [s.name for s in made.states] == ["m.dense.w", "v.dense.w"]


def test_gradient_descent_implies_batch_all() -> None:
    assert experiment(LINEAR + "train { gradient_descent(0.1) }").loop.batch is None
    assert experiment(LINEAR + "train { adam; batch all }").loop.batch is None
    assert experiment(LINEAR + "train { gradient_descent(0.1); batch 8 }").loop.batch == 8


def test_what_stop_follows_is_measured() -> None:
    made = experiment(LINEAR + "train { adam; stop when val.mae stalls 8 epochs; keep best; stop after 2 minutes }")
    assert [(m.name, m.higher) for m in made.metrics] == [("mae", False)]
    assert made.loop.stop is not None
    assert made.loop.keep is not None
    assert (made.loop.stop.column, made.loop.stop.patience, made.loop.stop.higher) == ("val.mae", 8, False)
    assert (made.loop.keep.column, made.loop.keep.higher, made.loop.time_limit) == ("val.mae", False, 120.0)


def test_a_threshold_says_which_way_it_is_passed() -> None:
    below = experiment(LINEAR + "train { adam; stop when train.loss < 0.01 }").loop.stop
    assert below is not None
    assert (below.column, below.threshold, below.higher, below.patience) == ("train.loss", 0.01, False, None)
