"""`derivative(u, x)` is the derivative: against formulas, central differences, PyTorch, and on every backend."""

from __future__ import annotations

import numpy as np
import pytest

import dslc
from dslc.derivatives import TOLERANCE, compare
from dslc.derive import derive
from dslc.elaborate.elaborate import elaborate
from dslc.elaborate.experiment import Experiment
from dslc.entries import gradients_of
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Graph
from dslc.graph.verify import verify
from dslc.ops.leaf import Leaf, LeafRole
from dslc.source import BUILT_IN, Source
from dslc.syntax.parse import parse

from .run import InputField, Schema, TargetField, leaf_values, values_of

X = np.random.default_rng(0).normal(size=(5, 4))
EXACT = 1e-12


def experiment(net: str, loss: str = "(prediction - target)^2") -> Experiment:
    """Of a net that reads `x` [4] and binds `d`."""
    module = parse(
        Source("test.dsl", f"data {{ input x: [4] }}\nnet {{ {net}\nx | dense(1) }}\nloss {loss}\ntrain {{ adam }}")
    )
    known = Schema((InputField("x", (4,), BUILT_IN),), (TargetField("y", (), None, BUILT_IN),), BUILT_IN)
    made = elaborate(module, known, {}, "test", derive=derive)
    verify(made.forward)
    return made


def bound(made: Experiment, name: str = "d") -> Graph:
    """The net at prediction with one of its tensors as its result."""
    return Graph(made.predict.nodes, {name: made.tensors[name]})


@pytest.mark.parametrize(
    ("net", "meant"),
    [
        ("d = derivative(sum(x^3), x)", 3 * X**2),
        ("d = derivative(x[0] * x[1], x)", np.stack([X[:, 1], X[:, 0], 0 * X[:, 0], 0 * X[:, 0]], 1)),
        ("a = x[0]; d = derivative(sin(a), a)", np.cos(X[:, 0])),
        ("a = x[0]; d = derivative(derivative(sin(a), a), a)", -np.sin(X[:, 0])),
        ("a = x[0]; d = derivative(derivative(derivative(a^4, a), a), a)", 24 * X[:, 0]),
        ("a = 2 * x[0]; d = derivative(2 * sigmoid(a) - 1, a)", 0.5 / np.cosh(X[:, 0]) ** 2),
        ("a = x[0]; b = x[1]; u = exp(a * b); d = derivative(derivative(u, a), b)",
         (1 + X[:, 0] * X[:, 1]) * np.exp(X[:, 0] * X[:, 1])),
        ("d = derivative(max(x), x)", (X.max(1, keepdims=True) == X).astype(float)),
        ("d = derivative(log(sum(exp(1000 * x))), x)", 1000.0 * (X.max(1, keepdims=True) == X)),
        ("d = derivative(softmax(x)[2], x)", np.array([0.0])),
        ("d = derivative(sum(x) * stop_gradient(sum(x)), x)", np.repeat(X.sum(1, keepdims=True), 4, 1)),
        ("d = derivative(sum(x), x)", np.ones((5, 4))),
        ("d = derivative(sum(floor(x)), x)", np.zeros((5, 4))),
        ("a = sum(x^2); d = derivative(a, a)", np.ones(5)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_derivative_is_the_formula_that_analysis_has(net: str, meant: Array) -> None:
    if "softmax" in net:
        p = np.exp(X) / np.exp(X).sum(1, keepdims=True)
        meant = p[:, 2:3] * ((np.arange(4) == 2) - p)
    found = values_of(bound(experiment(net)), {"x": X})["d"]
    assert np.abs(found - meant).max() <= EXACT * max(1.0, np.abs(meant).max())


@pytest.mark.parametrize(
    "net",
    [
        "u = x | dense(5) | tanh | dense(1); d = derivative(u, x)",
        "u = x | dense(5) | sigmoid | dense(1); d = derivative(sum(derivative(u, x)), x)",
        "u = x | dense(5) | tanh | layernorm | dense(1); d = derivative(u, x)",
        "u = x | reshape(4, 1) | gru(3) | last | dense(1); d = derivative(sum(derivative(u, x)^2), x)",
        "u = x | reshape(2, 2, 1) | conv(2, 2x2) | tanh | maxpool(2x2) | flatten | dense(1); d = derivative(u, x)",
        "u = x | softmax | dense(1); d = derivative(u, x)",
        "layer slope(x: [n]) = derivative(sqrt(sum(x^2)), x)\nd = slope(x) | dense(2)",
    ],
)
def test_what_a_loss_makes_of_a_derivative_is_trained(net: str) -> None:
    definition, _, rest = net.rpartition("\n")
    text = f"net {{ {rest}\nx | dense(1) }}"
    made = experiment(rest, "sum(d^2)") if not definition else _with_definition(definition, text)
    draw = np.random.default_rng(1)
    leaves = leaf_values(made.forward, {"rows": np.array(5.0)}, 5)
    wrt = [n.id for n in made.forward.nodes if isinstance(n.op, Leaf) and n.op.role is LeafRole.PARAMETER]
    found = compare(made.forward, made.forward.outputs["objective"], wrt, leaves, rows=5, draw=draw)
    assert found
    assert max(each.error for each in found) < TOLERANCE


def _with_definition(definition: str, net: str) -> Experiment:
    module = parse(Source("test.dsl", f"data {{ input x: [4] }}\n{definition}\n{net}\nloss sum(d^2)\ntrain {{ adam }}"))
    known = Schema((InputField("x", (4,), BUILT_IN),), (TargetField("y", (), None, BUILT_IN),), BUILT_IN)
    return elaborate(module, known, {}, "test", derive=derive)


def test_what_stands_between_is_not_computed_twice() -> None:
    made = experiment("u = x | dense(5) | tanh | dense(1); d = derivative(u, x)", "sum(d^2)")
    assert sum(node.op.to_text() == "tanh" for node in made.forward.nodes) == 1


def test_training_sees_a_derivative_through_every_backend() -> None:
    text = """
data { input x: [2]; target y: [] }
net {
  a = x[0]
  b = x[1]
  u = concat(a, b) | dense(6) | tanh | dense(1)
  u_a = derivative(u, a)
  u_aa = derivative(u_a, a)
  u
}
loss squared_error + (derivative(u, b) - 0.1 * u_aa)^2
train { sgd(0.05); batch 8; epochs 4; seed 3; shuffle false }
"""
    x = np.random.default_rng(2).normal(size=(24, 2))
    found: list[dict[str, Array]] = []
    for backend in ("reference", "cpu"):
        model = dslc.compile(text=text, backend=backend)
        model.fit(x=x, y=x[:, 0] * x[:, 1])
        found.append(model.forward(x, at=["u_a", "u_aa"]))
    assert found[0]["u_a"].shape == (24,)
    assert np.allclose(found[0]["u_aa"], found[1]["u_aa"], atol=1e-5)


@pytest.mark.peers
def test_second_and_third_derivatives_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    made = experiment("u = x | dense(7) | tanh | dense(6) | sigmoid | dense(1); a = derivative(u, x)"
                      "; d = derivative(sum(a^2), x)", "sum(d^2) + sum(a^3)")  # fmt: skip
    graph = gradients_of(made)
    leaves = leaf_values(graph, {"x": X, "rows": np.array(5.0), "example weight": np.ones(5)}, 5)
    ours = evaluate(graph, leaves, 5, list(graph.outputs.values()))
    weights = {
        node.op.name: torch.tensor(leaves[node.id], requires_grad=True)
        for node in graph.nodes
        if isinstance(node.op, Leaf) and node.op.role is LeafRole.PARAMETER
    }
    x = torch.tensor(X, requires_grad=True)
    names = ["u.dense", "u.dense_2", "u.dense_3"]
    first, second, third = ((weights[f"{name}.w"], weights[f"{name}.b"]) for name in names)
    u = torch.sigmoid(torch.tanh(x @ first[0] + first[1]) @ second[0] + second[1]) @ third[0] + third[1]
    (a,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (d,) = torch.autograd.grad((a**2).sum(), x, create_graph=True)
    total = ((d**2).sum(1) + (a**3).sum(1)).mean()
    used = [name for name in weights if name.startswith("u.") and name != "u.dense_3.b"]
    theirs = torch.autograd.grad(total, [weights[name] for name in used])
    assert np.allclose(ours[graph.outputs["objective"]], total.item(), rtol=1e-9)
    for name, gradient in zip(used, theirs, strict=True):
        assert np.abs(ours[graph.outputs[f"gradient.{name}"]] - gradient.numpy()).max() < 1e-9
