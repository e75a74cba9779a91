"""`scan`: values against loops in NumPy, on both backends, in definitions as users write them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import dslc

Reals = NDArray[np.float64]
STEPS, WIDTH, ROWS = 6, 3, 11

FILE = """{layers}
data {{ input x: [6, 3]; input v: [6]; target y: [{target}] }}
net {{ out = {net};  out | flatten | dense(outputs) }}
loss squared_error
train {{ sgd(0.003); batch 4; epochs 2; seed 3; shuffle false }}
"""


def decayed(x: Reals, v: Reals) -> Reals:
    h, found = np.zeros_like(x[:, 0]), []
    for k in range(STEPS):
        h = v[:, k, None] * h + x[:, k]
        found.append(h)
    return np.stack(found, 1)


BODIES: dict[str, tuple[str, Callable[[Reals, Reals], Reals]]] = {
    "sums so far": (
        "scan x over time { state h: [c] = 0;  h <- h + x;  h }",
        lambda x, v: np.cumsum(x, 1),
    ),
    "from the end": (
        "scan x over time reverse { state h: [c] = 0;  h <- h + x;  h }",
        lambda x, v: np.cumsum(x[:, ::-1], 1)[:, ::-1],
    ),
    "the state before the step": (
        "scan x over time { state h: [c] = 0;  before = h;  h <- h + x;  before }",
        lambda x, v: np.cumsum(x, 1) - x,
    ),
    "the last state": (
        "scan x over time { state h: [c] = 1;  h <- 0.5 * h + x;  final h }",
        lambda x, v: sum(0.5 ** (STEPS - 1 - k) * x[:, k] for k in range(STEPS)) + 0.5**STEPS,
    ),
    "the last state from the end": (
        "scan x over time reverse { state h: [c] = 0;  h <- 0.5 * h + x;  final h }",
        lambda x, v: sum(0.5**k * x[:, k] for k in range(STEPS)),
    ),
    "no state": (
        "scan x over time { 2 * x + 1 }",
        lambda x, v: 2 * x + 1,
    ),
    "two states, one of a number": (
        "scan x over time { state h: [c] = 0;  state n = 0;  n <- n + 1;  h <- h + n * x;  h / n }",
        lambda x, v: np.cumsum(x * np.arange(1, STEPS + 1)[:, None], 1) / np.arange(1, STEPS + 1)[:, None],
    ),
    "a value bound to a name": (
        "h = scan x over time { state s: [c] = 0;  s <- s + x;  s }\n  h + x",
        lambda x, v: np.cumsum(x, 1) + x,
    ),
    "only valid steps": (
        "valid = v > 0\n  scan x, valid over time { state h: [c] = 0;  h <- h + x;  h }",
        lambda x, v: np.cumsum(x * (v > 0)[:, :, None], 1),
    ),
    "beside another series": (
        "scan x, v over time { state h: [c] = 0;  h <- v * h + x;  h }",
        decayed,
    ),
    "from what the example is": (
        "first = mean(x over time)\n  scan x over time { state h: [c] = first;  h <- h + x;  h }",
        lambda x, v: np.cumsum(x, 1) + x.mean(1, keepdims=True),
    ),
    "the step alone": (
        "scan x over time { state h: [c] = 0;  h <- x;  h }",
        lambda x, v: x,
    ),
}


def data() -> tuple[Reals, Reals]:
    draw = np.random.default_rng(4)
    return draw.normal(size=(ROWS, STEPS, WIDTH)), draw.normal(size=(ROWS, STEPS))


def model(body: str, backend: str, threads: int | None = None, net: str = "own(x, v)") -> dslc.Model:
    layer = f"layer own(x: [time, c], v: [steps]) {{\n  {body}\n}}"
    options = {} if threads is None else {"threads": threads}
    return dslc.compile(text=FILE.format(layers=layer, net=net, target=2), backend=backend, **options)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize("name", BODIES)
def test_values_are_those_of_a_loop(name: str, backend: str) -> None:
    body, expected = BODIES[name]
    x, v = data()
    found = model(body, backend).forward({"x": x, "v": v}, at=["out"])["out"]
    np.testing.assert_allclose(found, expected(x, v), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", BODIES)
def test_gradients_and_training_agree(name: str) -> None:
    """The reference backend's program is compared with differences elsewhere; here cpu with it, in threads too."""
    body = BODIES[name][0]
    net = "own(x | dense(3), v)"
    x, v = data()
    y = np.random.default_rng(5).normal(size=(ROWS, 2))
    runs = [model(body, "reference", net=net), *(model(body, "cpu", threads, net) for threads in (1, 2))]
    for run in runs:
        run.fit({"x": x, "v": v}, y)
    for name_, expected in runs[0].weights.items():
        np.testing.assert_allclose(runs[1].weights[name_], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(runs[1].weights[name_], runs[2].weights[name_])


def test_dropout_draws_anew_in_every_step() -> None:
    net = model("scan x over time { state h: [c] = 0;  h <- h + (filled(1, c) | dropout(50%));  h }", "cpu")
    x, v = data()
    plain = net.forward({"x": x, "v": v}, at=["out"])["out"]
    np.testing.assert_allclose(plain, np.broadcast_to(np.arange(1, STEPS + 1)[:, None], plain.shape))


def test_a_long_series_is_the_same_program() -> None:
    """The time loop is one: not even the number of phases depends on the steps."""
    phases = []
    for steps in (5, 500):
        text = f"""
            data {{ input x: [{steps}, 3]; target y }}
            net {{ x | lstm(4) | last | dense(1) }}
            loss squared_error
            train {{ adam; batch 8; epochs 1 }}
        """
        program = dslc.compile(text=text).program
        phases.append([type(part).__name__ for part in program.entries["train"].phases])
    assert phases[0] == phases[1]
