"""The standard library agrees with PyTorch, values and gradients, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from .agreement import CASES
from .agreement.case import STORED, Answer, Case, answered, answered_by_peer, asked, store, stored

TOLERANCE = 1e-9

each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def assert_agree(found: Answer, expected: Answer, tolerance: float) -> None:
    np.testing.assert_allclose(found.value, expected.value, rtol=tolerance, atol=tolerance)
    assert found.gradients.keys() == expected.gradients.keys()
    for name, gradient in expected.gradients.items():
        np.testing.assert_allclose(found.gradients[name], gradient, rtol=tolerance, atol=tolerance, err_msg=name)


@each
def test_it_says_what_pytorch_said(case: Case) -> None:
    assert_agree(answered(asked(case)), stored(case), TOLERANCE)


@pytest.mark.peers
@each
def test_pytorch_still_says_so(case: Case, request: pytest.FixtureRequest) -> None:
    answer = answered_by_peer(case, asked(case))
    if request.config.getoption("--update-golden"):
        store(case, answer)
    assert_agree(stored(case), answer, 1e-12)


def test_nothing_is_stored_that_no_case_asks_for() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert {path.stem for path in STORED.glob("*.json")} == {case.name for case in CASES}
