"""Charts: gaps and extremes are kept, every finite range is drawn, names cannot leave their place."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslc.runs.axis import round_numbers
from dslc.runs.charts import HEIGHT, WIDTH, confusion, curves, scatter

HOSTILE = '"><script>alert(1)</script>&'
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def _paths(svg: str) -> list[str]:
    return re.findall(r'<path class="line-\d" d="([^"]*)"', svg)


def test_curves_leave_gaps_and_mark_the_best_epoch() -> None:
    svg = curves("loss", {"train": [3.0, float("nan"), 2.0, 1.0]}, 4)
    (path,) = _paths(svg)
    assert path.count("M") == 2
    assert path.count("L") == 1
    assert 'class="best"' in svg
    assert "at best epoch 4" in svg


@pytest.mark.parametrize("points", [[], [float("nan")], [float("inf")] * 3])
def test_a_curve_of_nothing_is_no_chart(points: list[float]) -> None:
    assert not curves("loss", {"train": points})


@given(st.lists(st.floats(), min_size=1, max_size=20), st.integers(0, 25))
def test_any_history_is_drawn_within_its_frame(points: list[float], best: int) -> None:
    for path in _paths(curves("loss", {"train": points}, best)):
        for x, y in re.findall(r"[ML](\S+) (\S+)", path):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=20))
def test_any_predictions_are_drawn_within_their_frame(pairs: list[tuple[float, float]]) -> None:
    svg = scatter("values", [true for true, _ in pairs], [predicted for _, predicted in pairs])
    for x, y in re.findall(r'cx="(\S+)" cy="(\S+)"', svg):
        assert 0 <= float(x) <= 320
        assert 0 <= float(y) <= 320


def test_a_long_history_keeps_its_extremes_and_gaps_but_not_its_length() -> None:
    points = [1.0 + math.sin(k / 50) / 10 for k in range(200_000)]
    points[77_777], points[99_999] = 9.0, float("nan")
    (path,) = _paths(curves("loss", {"train": points}))
    assert len(path) < 20_000
    tops = [float(y) for y in re.findall(r"[ML]\S+ (\S+)", path)]
    assert sum(y < HEIGHT / 2 for y in tops) == 1
    assert path.count("M") == 2


@given(FINITE, FINITE)
def test_an_axis_has_a_few_round_numbers(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    numbers = round_numbers(low, high)
    assert 1 <= len(numbers) <= 8
    assert numbers == sorted(set(numbers))
    assert all(math.isfinite(number) for number in numbers)


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


@pytest.mark.parametrize(
    "svg",
    [
        confusion(HOSTILE, [HOSTILE, "b"], [[3, 1], [0, 2]]),
        scatter(HOSTILE, [1.0, 2.0], [1.5, 2.0]),
        curves(HOSTILE, {HOSTILE: [1.0, 2.0]}),
    ],
    ids=["confusion", "scatter", "curves"],
)
def test_names_are_text(svg: str) -> None:
    read = Texts()
    read.feed(svg)
    assert "script" not in read.seen


@pytest.mark.parametrize("count", [2, 10, 40])
def test_the_cells_of_a_matrix_are_its_counts(count: int) -> None:
    counts = [[i + j for j in range(count)] for i in range(count)]
    svg = confusion("test", [f"label {k}" for k in range(count)], counts)
    assert svg.count("<rect") == count * count
    assert f"true label 0, predicted label 1: {counts[0][1]}" in svg
