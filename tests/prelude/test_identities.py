"""The activations obey the textbook's identities in float64, far out too, in the form that is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erfc, exp, pi, sqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

from dslc.autodiff import differentiate
from dslc.elaborate.definition import Sample, elaborate_definition
from dslc.elaborate.prelude import index
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Builder, Graph
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.syntax.ast import DefinitionKind

Reals: TypeAlias = npt.NDArray[np.float64]
Law: TypeAlias = Callable[[Reals], Reals]

TOLERANCE = 1e-12

FAR = (-1e8, -1e4, -750.0, -100.0, -40.0, 40.0, 100.0, 750.0, 1e4, 1e8)
X = np.random.default_rng(0).permutation([*np.linspace(-9.0, 9.0, 150), *FAR]).reshape(-1, 4)
"""Rows of numbers near and far, none on a kink."""


def stable(name: str, x: Reals, numbers: Mapping[str, float]) -> tuple[Graph, Mapping[str, float]]:
    """The activation's graph as it is before it is differentiated, and the values of its settings."""
    definition = index()[DefinitionKind.ACTIVATION, name].parsed()
    made = elaborate_definition(definition, Sample({"x": x.shape}, numbers, batched=False))
    return apply(made.graph, BEFORE_DIFFERENTIATION), made.numbers


def evaluated(graph: Graph, output: str, settings: Mapping[str, float], x: Reals) -> Reals:
    leaves = {node.id: node.op.name for node in graph.nodes if isinstance(node.op, Leaf)}
    given = {leaf: np.asarray(settings.get(leaf_name, x)) for leaf, leaf_name in leaves.items()}
    node = graph.outputs[output]
    with np.errstate(over="ignore"):
        return np.asarray(evaluate(graph, given, 1, [node])[node], np.float64)


def f(name: str, x: Reals, **numbers: float) -> Reals:
    """The activation of x."""
    graph, settings = stable(name, x, numbers)
    return evaluated(graph, "value", settings, x)


def slope(name: str, x: Reals) -> Reals:
    """The gradient of the sum of the activation."""
    graph, settings = stable(name, x, {})
    build, value = Builder(graph), graph.outputs["value"]
    total = build.add(Reduce(ReduceKind.SUM, tuple(range(len(graph.type(value).shape)))), value)
    leaf = next(n.id for n in graph.nodes if isinstance(n.op, Leaf) and n.op.role is LeafRole.INPUT)
    whole, (gradient,) = differentiate(build.graph({"total": total}), total, [leaf])
    differentiated = apply(Builder(whole).graph({"gradient": gradient}), AFTER_DIFFERENTIATION)
    return evaluated(differentiated, "gradient", settings, x)


def largest(x: Reals) -> Reals:
    return np.max(x, axis=-1, keepdims=True)


ERFC, ERFC_OF_TWO = erfc(1 / sqrt(2)), erfc(sqrt(2))
ALPHA = -sqrt(2 / pi) / (ERFC * exp(1 / 2) - 1)
SCALE = (
    (1 - ERFC * sqrt(exp(1)))
    * sqrt(2 * pi)
    / sqrt(2 * ERFC_OF_TWO * exp(2) + pi * ERFC**2 * exp(1) - 2 * (2 + pi) * ERFC * sqrt(exp(1)) + pi + 2)
)
"""Of selu: the fixed point of mean 0 and variance 1, in closed form; Klambauer et al. 2017."""

VALUES: Mapping[str, Mapping[str, Law]] = {
    "step": {"sign(x) + step(-x)": lambda x: np.sign(x) + f("step", -x)},
    "linear": {"x": lambda x: x},
    "sigmoid": {
        "1 - sigmoid(-x)": lambda x: 1 - f("sigmoid", -x),
        "(1 + tanh(x / 2)) / 2": lambda x: (1 + f("tanh", x / 2)) / 2,
    },
    "hard_sigmoid": {"1 - hard_sigmoid(-x)": lambda x: 1 - f("hard_sigmoid", -x)},
    "tanh": {
        "2 sigmoid(2 x) - 1": lambda x: 2 * f("sigmoid", 2 * x) - 1,
        "-tanh(-x)": lambda x: -f("tanh", -x),
    },
    "relu": {"x + relu(-x)": lambda x: x + f("relu", -x)},
    "relu6": {"relu(x) - relu(x - 6)": lambda x: f("relu", x) - f("relu", x - 6)},
    "leaky_relu": {"relu(x) - slope relu(-x)": lambda x: f("relu", x) - 0.01 * f("relu", -x)},
    "elu": {"relu(x) + exp(-relu(-x)) - 1": lambda x: f("relu", x) + np.expm1(-f("relu", -x))},
    "selu": {"scale elu(x, alpha)": lambda x: SCALE * f("elu", x, alpha=ALPHA)},
    "gelu": {"x + gelu(-x)": lambda x: x + f("gelu", -x)},
    "gelu_tanh": {
        "x + gelu_tanh(-x)": lambda x: x + f("gelu_tanh", -x),
        "x sigmoid(sqrt(8 / pi) (x + 0.044715 x^3))": (
            lambda x: x * f("sigmoid", sqrt(8 / pi) * (x + 0.044715 * x**3))
        ),
    },
    "silu": {
        "x sigmoid(x)": lambda x: x * f("sigmoid", x),
        "x + silu(-x)": lambda x: x + f("silu", -x),
    },
    "hard_swish": {"x relu6(x + 3) / 6": lambda x: x * f("relu6", x + 3) / 6},
    "mish": {
        "x tanh(softplus(x))": lambda x: x * f("tanh", f("softplus", x)),
        "x - 2 x / (1 + (1 + exp(x))^2)": lambda x: x - 2 * x / (1 + (1 + np.exp(np.minimum(x, 300))) ** 2),
    },
    "softplus": {
        "x + softplus(-x)": lambda x: x + f("softplus", -x),
        "logsumexp([x, 0])": lambda x: f("logsumexp", np.stack([x, 0 * x], -1)),
    },
    "softsign": {"x / (1 + relu(x) + relu(-x))": lambda x: x / (1 + f("relu", x) + f("relu", -x))},
    "logsumexp": {
        "3 + logsumexp(x - 3)": lambda x: 3 + f("logsumexp", x - 3),
        "m + log(sum(exp(x - m)))": lambda x: (largest(x) + np.log(np.exp(x - largest(x)).sum(-1, keepdims=True)))[
            :, 0
        ],
    },
    "softmax": {
        "softmax(x + 3)": lambda x: f("softmax", x + 3),
        "exp(log_softmax(x))": lambda x: np.exp(f("log_softmax", x)),
    },
    "log_softmax": {
        "log_softmax(x + 3)": lambda x: f("log_softmax", x + 3),
        "x - logsumexp(x)": lambda x: x - f("logsumexp", x)[:, None],
    },
    "glu": {"x sigmoid(its other half)": lambda x: x[:, :2] * f("sigmoid", x[:, 2:])},
}
"""By activation: what equals it, in words and as a function."""

SLOPES: Mapping[str, Mapping[str, Law]] = {
    "sigmoid": {"sigmoid(x) sigmoid(-x)": lambda x: f("sigmoid", x) * f("sigmoid", -x)},
    "hard_sigmoid": {"1 / 6 within -3 and 3": lambda x: (np.abs(x) < 3) / 6},
    "tanh": {"1 - tanh(x)^2": lambda x: 1 - f("tanh", x) ** 2},
    "relu": {"step(x)": lambda x: f("step", x)},
    "relu6": {"step(x) - step(x - 6)": lambda x: f("step", x) - f("step", x - 6)},
    "elu": {"exp(-relu(-x))": lambda x: np.exp(-f("relu", -x))},
    "silu": {"sigmoid(x) (1 + x sigmoid(-x))": lambda x: f("sigmoid", x) * (1 + x * f("sigmoid", -x))},
    "softplus": {"sigmoid(x)": lambda x: f("sigmoid", x)},
    "softsign": {"(1 - |softsign(x)|)^2": lambda x: (1 - np.abs(f("softsign", x))) ** 2},
    "logsumexp": {"softmax(x)": lambda x: f("softmax", x)},
    "softmax": {"0": lambda x: 0 * x},
    "log_softmax": {"1 - 4 softmax(x)": lambda x: 1 - 4 * f("softmax", x)},
}
"""By activation: what equals the gradient of its sum."""


def each(laws: Mapping[str, Mapping[str, Law]]) -> list[object]:
    return [pytest.param(name, law, id=f"{name}(x) = {text}") for name in laws for text, law in laws[name].items()]


@pytest.mark.parametrize(("name", "law"), each(VALUES))
def test_the_value_obeys_its_identity(name: str, law: Law) -> None:
    np.testing.assert_allclose(f(name, X), law(X), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize(("name", "law"), each(SLOPES))
def test_the_slope_obeys_its_identity(name: str, law: Law) -> None:
    np.testing.assert_allclose(slope(name, X), law(X), rtol=TOLERANCE, atol=TOLERANCE)


def test_two_classes_under_softmax_are_one_under_sigmoid() -> None:
    pairs = np.stack([X, 0 * X], -1)
    np.testing.assert_allclose(f("softmax", pairs)[..., 0], f("sigmoid", X), rtol=TOLERANCE, atol=TOLERANCE)


def test_every_activation_has_an_identity() -> None:
    assert {name for (_, name), entry in index().items() if entry.file == "activations.dsl"} == set(VALUES)
