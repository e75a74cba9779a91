"""Decimals read all at once: what is understood is what `float` makes of the same text, to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.data.decimals import PADDING, PIECE, read_decimals


def understood(cells: Sequence[str]) -> list[bool]:
    """Which cells are understood; they equal what `float` says."""
    text = np.frombuffer(PADDING + "".join(f"{cell}," for cell in cells).encode(), np.uint8)
    ends = np.flatnonzero(text == ord(","))
    starts = np.concatenate([[len(PADDING)], ends[:-1] + 1])
    places = zip(cells, starts.tolist(), ends.tolist(), strict=True)
    found = [start + cell.rfind(".") if "." in cell else end for cell, start, end in places]
    values, known = read_decimals(text, starts, ends, np.array(found))
    for cell, value, is_known in zip(cells, values, known, strict=True):
        assert not is_known or np.float64(cell).tobytes() == value.tobytes(), cell
    return known.tolist()


def midpoint(mantissa: int, bits: int) -> str:
    """A number exactly between two of float64, its `bits` + 1 binary places written as decimal ones."""
    value = Fraction(2 * mantissa + 1, 2 ** (bits + 1))
    digits = str(value.numerator * 5 ** (bits + 1)).zfill(bits + 2)
    return f"{digits[: -bits - 1]}.{digits[-bits - 1 :]}"


DIGITS = st.text("0123456789", max_size=24)
FORMED = st.tuples(st.sampled_from(["", "-", "+"]), DIGITS, st.sampled_from(["", "."]), DIGITS).map("".join)
FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:.17f}")
MIDPOINTS = st.builds(midpoint, st.integers(2**52, 2**53 - 1), st.integers(1, 11))
JUNK = st.text("0123456789.eE+-_x /:\0", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(FORMED, FLOATS, MIDPOINTS, JUNK), min_size=1, max_size=60))
def test_what_is_understood_is_what_float_says(cells: list[str]) -> None:
    understood(cells)


@pytest.mark.parametrize("digits", [6, 17])
def test_ordinary_numbers_are_understood(digits: int) -> None:
    draw = np.random.default_rng(digits)
    cells = [f"{value:.{digits}g}" for value in draw.normal(0, 10, 2 * PIECE + 5).tolist()]
    assert all(known or "e" in cell for cell, known in zip(cells, understood(cells), strict=True))


@pytest.mark.parametrize("cell", ["", ".", "-", "+.", "--1", "1.2.3", "1e5", "1_0", "x", " 1", "9" * 20, "1/"])
def test_what_is_no_short_decimal_is_not_understood(cell: str) -> None:
    assert understood(["1", cell, "2.5"]) == [True, False, True]


@pytest.mark.parametrize("cell", ["0", "-0", "007", "+3", ".5", "5.", "9" * 19, "0." + "0" * 18 + "1234"])
def test_every_short_decimal_is_understood(cell: str) -> None:
    assert understood([cell, "1"]) == [True, True]
