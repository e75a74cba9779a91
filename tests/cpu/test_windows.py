"""Contractions on register tiles against their meaning: both kinds of lanes, odd shapes, edges, tiles and threads."""

from __future__ import annotations

import numpy as np
import pytest
from window_cases import PARTS, Axis, Case, affine, check, gradient_of_taps, plain, random_axis, values_of_a_convolution

from dslc.program.program import Element, Lanes
from dslc.scalar.types import ROWS

REALS = pytest.mark.parametrize("element", [Element.F32, Element.F64])


@REALS
@pytest.mark.parametrize("seed", range(8))
def test_lanes_along_the_result(element: Element, seed: int) -> None:
    draw = np.random.default_rng(seed)
    axes = [random_axis(draw) for _ in range(1 + seed % 3)]
    channels = None if seed % 4 == 3 else int(draw.choice([1, 2, 3, 5]))
    check(values_of_a_convolution(axes[:2], PARTS[seed], channels), element)


@REALS
@pytest.mark.parametrize("seed", range(8))
def test_lanes_along_the_sum(element: Element, seed: int) -> None:
    draw = np.random.default_rng(seed)
    axes = [random_axis(draw) for _ in range(1 + seed % 2)]
    check(gradient_of_taps(axes, PARTS[seed], PARTS[-1 - (3 * seed) % 8]), element)


@pytest.mark.parametrize("lanes", Lanes)
def test_places_that_lie_outside_are_zero(lanes: Lanes) -> None:
    """Padding wider than the window: whole places, and taps, see nothing."""
    axes = [Axis(3, 2, 5, 3, 1, 5), Axis(2, 3, 3, 2, 2, 4)]
    convolution = values_of_a_convolution(axes, 5, 2)
    check(convolution if lanes is Lanes.RESULT else gradient_of_taps(axes, 5, 7), Element.F32, (1, 17))


def test_an_axis_that_only_places_look_at_is_there_whole_or_not_at_all() -> None:
    """y[p, m, n] = sum over rows of x[2 * p - 3, m, rows] * g[n, rows]."""
    reads = ((affine(4, -3, i0=2), *plain(4, 1, 3)), plain(4, 2, 3))
    case = Case(Lanes.SUM, (6, 3, 5, ROWS), 3, reads, ((5, 3, ROWS), (5, ROWS)), plain(4, 0, 1, 2))
    check(case, Element.F32)
    reads = (plain(4, 3, 1), (affine(4, -3, i0=2), *plain(4, 3, 2)))
    case = Case(Lanes.RESULT, (6, 3, ROWS, 4), 3, reads, ((4, 3), (5, 4, ROWS)), plain(4, 0, 1, 2))
    check(case, Element.F32)


def test_an_axis_may_be_walked_backward() -> None:
    """The input's gradient of a convolution: x[p - u + 1, c, rows] * k[u, c, f]."""
    reads = (plain(5, 3, 4, 1), (affine(5, 1, i0=1, i3=-2), *plain(5, 4, 2)))
    case = Case(Lanes.RESULT, (7, 6, ROWS, 3, 2), 3, reads, ((3, 2, 6), (5, 2, ROWS)), plain(5, 0, 1, 2))
    check(case, Element.F64)


@pytest.mark.parametrize("rest", PARTS)
def test_rows_as_places(rest: int) -> None:
    """y[rows, m, n] = sum over u, v of x[rows, u, m] * k[u, v, n] * .. with the batch first and tiles over it."""
    reads = (plain(5, 0, 3, 4, 1), plain(5, 3, 4, 2))
    shapes = ((ROWS, 2, 3, 3), (2, 3, rest))
    case = Case(Lanes.RESULT, (ROWS, 3, rest, 2, 3), 3, reads, shapes, plain(5, 0, 1, 2))
    check(case, Element.F32, (1, 2, 7))


def test_a_sum_that_is_no_multiple_of_any_register() -> None:
    """Many rows, so that the lines of a dot go by parts."""
    case = gradient_of_taps([Axis(9, 2, 8, 1, 1, 0), Axis(41, 2, 40, 1, 1, 0)], 3, 2)
    check(case, Element.F64, (61, 64))
