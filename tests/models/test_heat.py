"""heat.dsl: a net that was shown an equation and no solution finds the solution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dslc

MODELS = Path(__file__).resolve().parents[2] / "models"

A = 0.1
LARGEST_ERROR = 0.01
"""Of the largest temperature, which is 1; three ten-thousandths were measured."""


@pytest.fixture(scope="module")
def model() -> dslc.Model:
    trained = dslc.compile(MODELS / "heat.dsl")
    trained.fit()
    return trained


def grid(steps: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x, t = np.meshgrid(np.linspace(0, 1, steps), np.linspace(0, 1, steps))
    return x.ravel(), t.ravel()


def test_the_solution_is_met_between_the_points_of_training(model: dslc.Model) -> None:
    x, t = grid(41)
    found = np.asarray(model.forward({"x": x, "t": t})).ravel()
    assert np.abs(found - np.exp(-A * np.pi**2 * t) * np.sin(np.pi * x)).max() < LARGEST_ERROR


def test_the_derivatives_of_the_solution_are_read_by_name(model: dslc.Model) -> None:
    x, t = grid(21)
    found = model.forward({"x": x, "t": t}, at=["u_t", "u_xx"])
    u = np.exp(-A * np.pi**2 * t) * np.sin(np.pi * x)
    assert np.abs(found["u_t"] + A * np.pi**2 * u).max() < 0.05
    assert np.abs(found["u_xx"] + np.pi**2 * u).max() < 0.5
