"""Every optimizer goes the way of a second implementation for 1,000 updates in float64, to 1e-9.

That is `torch.optim`, whose checkpoints are stored in tests/cases/torch/trajectories (`pytest -m peers` asks PyTorch
whether it still says so, and with `--update-golden` stores them anew), or the paper's algorithm in NumPy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

from dslc.elaborate.definition import Sample, elaborate_definition
from dslc.elaborate.prelude import index
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array
from dslc.ops.leaf import UPDATE, Leaf
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

from .agreement.case import STORED

Reals: TypeAlias = npt.NDArray[np.float64]
Checkpoints: TypeAlias = dict[int, Reals]
"""By update from 1, the weight after it."""

TOLERANCE = 1e-9
FOLDER = STORED / "trajectories"
UPDATES = (1, 10, 100, 1000)
START = np.random.default_rng(0).uniform(-1.2, 1.2, (3, 4))


def gradient(weight: Array) -> Reals:
    """Of Rosenbrock's function of all elements in a row: the sum of 100 (y - x^2)^2 + (1 - x)^2 over neighbours x, y.

    Its valley is bent, and so flat that no optimizer comes to rest within 1,000 updates.
    """
    flat = np.asarray(weight, np.float64).ravel()
    x, y = flat[:-1], flat[1:]
    found = np.zeros(flat.size)
    found[:-1] += -400 * x * (y - x**2) - 2 * (1 - x)
    found[1:] += 200 * (y - x**2)
    return found.reshape(weight.shape)


# --- ours -----------------------------------------------------------------------------------------


def path(optimizer: str, numbers: Mapping[str, float], start: Reals = START) -> Iterator[Array]:
    """The weight after each update, by the meaning of the optimizer's graph."""
    definition = index()[DefinitionKind.OPTIMIZER, optimizer].parsed()
    made = elaborate_definition(definition, Sample({"weight": start.shape}, numbers))
    graph = made.graph
    leaves = {node.op.name: node.id for node in graph.nodes if isinstance(node.op, Leaf)}
    updated = {name.removeprefix(UPDATE): node for name, node in graph.outputs.items()}
    known = {name: np.asarray(number) for name, number in made.numbers.items()} | {"weight": start}
    for statement in definition.body:
        if isinstance(statement, ast.State) and (name := statement.name.text) in leaves:
            assert isinstance(statement.initial, ast.Number)
            known[name] = np.full(graph.type(leaves[name]).shape, float(statement.initial.value))
    for iteration in count(1):
        known |= {"grad": gradient(known["weight"]), "iteration": np.asarray(float(iteration))}
        given = {leaf: known[name] for name, leaf in leaves.items() if name in known}
        found = evaluate(graph, given, 1, list(updated.values()))
        known |= {name: found[node] for name, node in updated.items()}
        yield known["weight"]


def checkpoints(weights: Iterator[Array]) -> Checkpoints:
    taken = enumerate(islice(weights, max(UPDATES)), 1)
    return {update: np.asarray(weight, np.float64) for update, weight in taken if update in UPDATES}


def assert_agree(found: Checkpoints, expected: Checkpoints, tolerance: float) -> None:
    for update in UPDATES:
        np.testing.assert_allclose(found[update], expected[update], rtol=tolerance, err_msg=f"update {update}")


# --- PyTorch's ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trajectory:
    """An optimizer with these numbers beside one of PyTorch: (the module torch.optim, parameters) -> the optimizer."""

    optimizer: str
    peer: Callable[[Any, list[Any]], Any]
    numbers: Mapping[str, float] = field(default_factory=dict)
    variant: str = ""

    @property
    def name(self) -> str:
        return "_".join([self.optimizer, *([self.variant] if self.variant else [])])

    def path(self) -> Iterator[Array]:
        """The weight after each update, by PyTorch; a scalar state of an optimizer is of the default type there."""
        import torch

        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            weight = torch.tensor(START, requires_grad=True)
            optimizer = self.peer(torch.optim, [weight])
            while True:
                weight.grad = torch.tensor(gradient(weight.detach().numpy()))
                optimizer.step()
                yield weight.detach().numpy().copy()
        finally:
            torch.set_default_dtype(usual)

    def stored(self) -> Checkpoints:
        content = json.loads((FOLDER / f"{self.name}.json").read_text("utf-8"))
        return {int(update): np.asarray(weight, np.float64) for update, weight in content.items()}

    def store(self, answer: Checkpoints) -> None:
        content = {str(update): weight.tolist() for update, weight in answer.items()}
        (FOLDER / f"{self.name}.json").write_text(json.dumps(content) + "\n", "utf-8")


EPS = {"eps": 0.5}
"""So much that it shows where it is added."""

SLOW = {"rate": 5e-5}
CALM = {"rate": 0.05}
"""At the rate 1 adadelta leaps across the valley, until rounding decides where it lands."""

TRAJECTORIES = (
    Trajectory("gradient_descent", lambda optim, w: optim.SGD(w, 5e-5), SLOW),
    Trajectory("sgd", lambda optim, w: optim.SGD(w, 5e-5), SLOW),
    Trajectory("sgd", lambda optim, w: optim.SGD(w, 5e-5, momentum=0.8), SLOW | {"momentum": 0.8}, "with_momentum"),
    Trajectory("momentum", lambda optim, w: optim.SGD(w, 5e-5, momentum=0.9), SLOW),
    Trajectory("nesterov", lambda optim, w: optim.SGD(w, 5e-5, momentum=0.9, nesterov=True), SLOW),
    Trajectory("adagrad", lambda optim, w: optim.Adagrad(w)),
    Trajectory("adagrad", lambda optim, w: optim.Adagrad(w, eps=0.5), EPS, "with_eps"),
    Trajectory("adadelta", lambda optim, w: optim.Adadelta(w, 0.05), CALM),
    Trajectory("rmsprop", lambda optim, w: optim.RMSprop(w, 1e-3), {"decay": 0.99}),
    Trajectory("rmsprop", lambda optim, w: optim.RMSprop(w, 1e-3, eps=0.5), {"decay": 0.99} | EPS, "with_eps"),
    Trajectory("adam", lambda optim, w: optim.Adam(w)),
    Trajectory("adam", lambda optim, w: optim.Adam(w, eps=0.5), EPS, "with_eps"),
    Trajectory("adamw", lambda optim, w: optim.AdamW(w)),
    Trajectory("adamw", lambda optim, w: optim.AdamW(w, eps=0.5), EPS, "with_eps"),
    Trajectory("adamax", lambda optim, w: optim.Adamax(w)),
    Trajectory("adamax", lambda optim, w: optim.Adamax(w, eps=0.5), EPS, "with_eps"),
    Trajectory("nadam", lambda optim, w: optim.NAdam(w)),
    Trajectory("nadam", lambda optim, w: optim.NAdam(w, eps=0.5), EPS, "with_eps"),
    Trajectory("amsgrad", lambda optim, w: optim.Adam(w, amsgrad=True)),
    Trajectory("amsgrad", lambda optim, w: optim.Adam(w, amsgrad=True, eps=0.5), EPS, "with_eps"),
)
each = pytest.mark.parametrize("trajectory", TRAJECTORIES, ids=lambda trajectory: trajectory.name)


@each
def test_it_goes_where_pytorch_went(trajectory: Trajectory) -> None:
    assert_agree(checkpoints(path(trajectory.optimizer, trajectory.numbers)), trajectory.stored(), TOLERANCE)


@pytest.mark.peers
@each
def test_pytorch_still_goes_there(trajectory: Trajectory, request: pytest.FixtureRequest) -> None:
    answer = checkpoints(trajectory.path())
    if request.config.getoption("--update-golden"):
        trajectory.store(answer)
    assert_agree(trajectory.stored(), answer, 1e-11)


def test_nothing_is_stored_that_no_trajectory_asks_for() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {trajectory.name for trajectory in TRAJECTORIES}


# --- the papers' ----------------------------------------------------------------------------------


def lion() -> Iterator[Reals]:
    """Chen et al. 2023, algorithm 2: beta1 0.9, beta2 0.99, eta 1e-3, lambda 0.1."""
    theta, m = START, np.zeros_like(START)
    while True:
        g = gradient(theta)
        c = 0.9 * m + (1 - 0.9) * g
        theta = theta - 1e-3 * (np.sign(c) + 0.1 * theta)
        m = 0.99 * m + (1 - 0.99) * g
        yield theta


def lamb() -> Iterator[Reals]:
    """You et al. 2020, algorithm 2: beta1 0.9, beta2 0.999, eta 1e-3, epsilon 0.5, lambda 0.01, phi(z) = z."""
    x, m, v = START, np.zeros_like(START), np.zeros_like(START)
    for t in count(1):
        g = gradient(x)
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 0.5)
        x = x - 1e-3 * np.linalg.norm(x) / np.linalg.norm(r + 0.01 * x) * (r + 0.01 * x)
        yield x


PAPERS: Mapping[str, tuple[Callable[[], Iterator[Reals]], Mapping[str, float]]] = {
    "lion": (lion, {"rate": 1e-3, "decay": 0.1}),
    "lamb": (lamb, EPS),
}
"""By optimizer: the paper's algorithm, and our numbers for it."""


@pytest.mark.parametrize("optimizer", PAPERS)
def test_it_goes_where_the_paper_goes(optimizer: str) -> None:
    algorithm, numbers = PAPERS[optimizer]
    assert_agree(checkpoints(path(optimizer, numbers)), checkpoints(algorithm()), TOLERANCE)


def test_every_optimizer_has_a_trajectory() -> None:
    names = {name for kind, name in index() if kind is DefinitionKind.OPTIMIZER}
    assert names == {trajectory.optimizer for trajectory in TRAJECTORIES} | set(PAPERS)


def test_a_weight_of_no_length_moves_under_lamb() -> None:
    """The ratio of the lengths is 0 there, and a bias begins there."""
    weight = next(path("lamb", {"rate": 1e-3}, np.zeros(5)))
    np.testing.assert_allclose(weight, -1e-3 * np.sign(gradient(np.zeros(5))), rtol=1e-5)
