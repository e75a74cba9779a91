"""Every schedule goes through the rates of PyTorch's, to 1e-12, where one formula is mapped onto the other.

A run has 32 updates, and 33 rates are compared: `progress` is 1 after the last. What PyTorch said is stored in
tests/cases/torch/schedules; `pytest -m peers` asks it again, and with `--update-golden` stores it anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

from dslc.elaborate.definition import Sample, elaborate_definition
from dslc.elaborate.prelude import index
from dslc.graph.evaluate import evaluate
from dslc.ops.leaf import UPDATE, Leaf
from dslc.syntax.ast import DefinitionKind

from .agreement.case import STORED

Reals: TypeAlias = npt.NDArray[np.float64]

TOLERANCE = 1e-12
FOLDER = STORED / "schedules"
UPDATES = 32
RATE = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """A schedule with these numbers beside one of PyTorch: (the module lr_scheduler, an optimizer) -> the schedule."""

    schedule: str
    numbers: Mapping[str, float]
    peer: Callable[[Any, Any], Any]
    variant: str = ""
    losses: Reals | None = None
    """By epoch, of one update each, for a schedule that follows them."""

    @property
    def name(self) -> str:
        return "_".join([self.schedule, *([self.variant] if self.variant else [])])

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.json"


def one_cycle(rise: float, **numbers: float) -> Callable[[Any, Any], Any]:
    """PyTorch counts its phases in steps from 0: the peak is at its step pct_start * total_steps - 1."""
    share = (rise * UPDATES + 1) / (UPDATES + 1)
    return lambda schedulers, optimizer: schedulers.OneCycleLR(
        optimizer, RATE, UPDATES + 1, pct_start=share, cycle_momentum=False, **numbers
    )


CASES = (
    Case("constant", {"value": RATE}, lambda schedulers, o: schedulers.ConstantLR(o, 1.0)),
    Case(
        "step_decay",
        {"from": RATE, "factor": 0.3, "steps": 4},
        lambda schedulers, o: schedulers.StepLR(o, UPDATES // 4, 0.3),
    ),
    Case(
        "exponential",
        {"from": RATE, "to": 0.001},
        lambda schedulers, o: schedulers.ExponentialLR(o, 0.01 ** (1 / UPDATES)),
    ),
    Case(
        "cosine",
        {"from": RATE, "to": 0.01},
        lambda schedulers, o: schedulers.CosineAnnealingLR(o, UPDATES, eta_min=0.01),
    ),
    Case("warmup", {"value": RATE, "steps": 10}, lambda schedulers, o: schedulers.LinearLR(o, 1 / 10, total_iters=9)),
    Case("one_cycle", {"peak": RATE}, one_cycle(0.3)),
    Case(
        "one_cycle",
        {"peak": RATE, "from": 0.02, "to": 0.001, "rise": 0.5},
        one_cycle(0.5, div_factor=5, final_div_factor=20),
        variant="slower",
    ),
    *(
        Case(
            "plateau",
            {"from": RATE, "factor": factor, "patience": patience, "least": least},
            lambda schedulers, o, f=factor, p=patience, m=least: schedulers.ReduceLROnPlateau(
                o, factor=f, patience=p, threshold=0, min_lr=m, eps=0
            ),
            variant=variant,
            losses=np.asarray([9, 8, 8, 8.5, 7, 7, 7, 7, 7, 7, 7, 8, 9, 6, 6.5, 6, 6, 6, 5, 4, *[4] * 12, 3.0]),
        )
        for variant, factor, patience, least in (("", 0.1, 2, 0.0), ("patient", 0.5, 4, 0.0), ("bounded", 0.3, 1, 0.01))
    ),
)
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def rates(case: Case) -> Reals:
    """By the meaning of the schedule's graph, before each update and after the last."""
    definition = index()[DefinitionKind.SCHEDULE, case.schedule].parsed()
    made = elaborate_definition(definition, Sample({}, case.numbers))
    leaves = {node.op.name: node.id for node in made.graph.nodes if isinstance(node.op, Leaf)}
    value = made.graph.outputs["value"]
    states = {name.removeprefix(UPDATE): node for name, node in made.graph.outputs.items() if name != "value"}
    kept = dict.fromkeys(states, 0.0)
    found: list[float] = []
    for done in range(UPDATES + 1):
        seen = [] if case.losses is None else list(case.losses[:done])
        stalled = done - 1 - seen.index(min(seen)) if seen else 0
        known = made.numbers | {"iteration": done + 1, "progress": done / UPDATES, "epoch": done, "stalled": stalled}
        given = {leaf: np.asarray(float((known | kept)[name])) for name, leaf in leaves.items()}
        values = evaluate(made.graph, given, 1, [value, *states.values()])
        kept = {name: float(values[node]) for name, node in states.items()}
        found.append(float(values[value]))
    return np.asarray(found)


def rates_by_peer(case: Case) -> Reals:
    """By PyTorch."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], RATE)
    scheduler = case.peer(torch.optim.lr_scheduler, optimizer)
    found: list[float] = []
    for done in range(UPDATES + 1):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step(*([] if case.losses is None else [case.losses[done]]))
    return np.asarray(found)


@each
def test_it_says_what_pytorch_said(case: Case) -> None:
    np.testing.assert_allclose(rates(case), json.loads(case.file.read_text("utf-8")), rtol=TOLERANCE)


@pytest.mark.peers
@each
def test_pytorch_still_says_so(case: Case, request: pytest.FixtureRequest) -> None:
    answer = rates_by_peer(case)
    if request.config.getoption("--update-golden"):
        case.file.write_text(json.dumps(answer.tolist()) + "\n", "utf-8")
    np.testing.assert_allclose(json.loads(case.file.read_text("utf-8")), answer, rtol=1e-14)


def test_each_schedule_has_a_case_and_each_case_an_answer() -> None:
    assert {name for kind, name in index() if kind is DefinitionKind.SCHEDULE} == {case.schedule for case in CASES}
    assert {path.stem for path in FOLDER.glob("*.json")} == {case.name for case in CASES}
