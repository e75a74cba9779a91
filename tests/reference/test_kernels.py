"""Each kernel of the reference backend against loops that spell out its docstring."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from dslc.backends import get_backend
from dslc.backends.reference.backend import run_entry

from dslc.diagnostics import BackendUnavailable
from dslc.program.arena import view
from dslc.program.program import (
    Combine,
    ContractKernel,
    Element,
    Entry,
    Fetch,
    LoopKernel,
    MultiplyKernel,
    Phase,
    ScatterKernel,
)
from dslc.scalar.affine import Affine, access, identity
from dslc.scalar.body import Apply, IndexOf, Literal, Load, Taken
from dslc.scalar.functions import add, exp, maximum, multiply, real
from dslc.scalar.types import ROWS, DType

from .programs import CAPACITY, buffer, call, run_kernel, values

F32, F64, I64 = Element.F32, Element.F64, Element.I64
REALS = [F32, F64]
CLOSE = {F32: 1e-6, F64: 1e-14}
"""Relative: one rounding when a float32 is stored, a sum's order in float64."""


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize("rows", [1, 3, CAPACITY])
@pytest.mark.parametrize("real_element", REALS)
def test_a_map_reads_and_writes_the_rows_present(draw: np.random.Generator, real_element: Element, rows: int) -> None:
    x, b = values(draw, real_element, ROWS, 5, rows=rows), values(draw, real_element, 5)
    body = (Load(0, identity(2)), Load(1, access(2, 1)), Apply(add, (0, 1)), Literal(0.0, DType.REAL),
            Apply(maximum, (2, 3)))  # fmt: skip
    kernel = LoopKernel(2, 2, (real_element,) * 2, (2, 1), body, None, real_element, 2, identity(2))
    operands = [(real_element, (ROWS, 5), x), (real_element, (5,), b)]
    found = run_kernel(kernel, operands, (real_element, (ROWS, 5)), (ROWS, 5), rows)
    assert found == pytest.approx(np.maximum(x + b, 0), rel=CLOSE[real_element])


@pytest.mark.parametrize(
    ("combine", "expected"),
    [(Combine.SUM, np.sum), (Combine.MAX, np.max), (Combine.MIN, np.min), (Combine.ARGMAX, np.argmax)],
)
def test_reductions_over_rows(draw: np.random.Generator, combine: Combine, expected) -> None:
    x = values(draw, F64, ROWS, 3)
    body = (Load(0, access(2, 1, 0)), Apply(exp, (0,)))
    element = I64 if combine is Combine.ARGMAX else F64
    kernel = LoopKernel(2, 1, (F64,), (2,), body, combine, element, 1, access(2, 0))
    found = run_kernel(kernel, [(F64, (ROWS, 3), x)], (element, (3,)), (3, ROWS))
    assert found == pytest.approx([expected(np.exp(x[:, j])) for j in range(3)], rel=1e-14)


def test_argmax_takes_the_first_of_equals(draw: np.random.Generator) -> None:
    x = np.array([[1.0, 2, 2], [3, 3, 3]])
    kernel = LoopKernel(2, 1, (F64,), (2,), (Load(0, identity(2)),), Combine.ARGMAX, I64, 1, access(2, 0))
    assert run_kernel(kernel, [(F64, (2, 3), x)], (I64, (2,)), (2, 3)).tolist() == [1, 0]


def test_a_taken_index_gathers_and_an_index_is_a_number(draw: np.random.Generator) -> None:
    table, chosen = values(draw, F64, 4, 2), draw.integers(4, size=CAPACITY)
    body = (
        Load(1, access(2, 0)),
        Load(0, (Taken(0), *access(2, 1))),
        IndexOf(Affine((10, 1), 5)),
        Apply(real, (2,)),
        Apply(add, (1, 3)),
    )
    kernel = LoopKernel(2, 2, (F64, I64), (2, 1), body, None, F64, 2, identity(2))
    found = run_kernel(kernel, [(F64, (4, 2), table), (I64, (ROWS,), chosen)], (F64, (ROWS, 2)), (ROWS, 2))
    for i, j in product(range(CAPACITY), range(2)):
        assert found[i, j] == table[chosen[i], j] + 10 * i + j + 5


def test_an_affine_store_leaves_the_rest_as_it_was(draw: np.random.Generator) -> None:
    x = values(draw, F64, 2, 3)
    where = (Affine((1, 0), 1), Affine((0, 2), 1))
    kernel = LoopKernel(2, 2, (F64,), (2,), (Load(0, identity(2)),), None, F64, 2, where)
    found = run_kernel(kernel, [(F64, (2, 3), x)], (F64, (4, 6)), (2, 3), start=np.full((4, 6), 9.0))
    expected = np.full((4, 6), 9.0)
    for i, j in product(range(2), range(3)):
        expected[i + 1, 2 * j + 1] = x[i, j]
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("real_element", REALS)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), [(ROWS, 3, 5), (1, 1, 1), (2, 7, 1), (3, 1, ROWS), (4, 2, 0)])
def test_products_of_strided_matrices(draw: np.random.Generator, m, n: int, k, transposed, real_element) -> None:
    stored = (k, m) if transposed else (m, k)
    rows, depth = (CAPACITY if e is ROWS else e for e in (m, k))
    a, b = values(draw, real_element, *stored), values(draw, real_element, k, n)
    strides = (1, rows, n, 32) if transposed else (depth, 1, n, 32)
    operands = [(real_element, stored, a), (real_element, (k, n), b)]
    found = run_kernel(MultiplyKernel(real_element), operands, (real_element, (m, n)), (m, n, k), strides=strides)
    left = (a.T if transposed else a).astype(np.float64)
    for i, j in product(range(rows), range(n)):
        expected = sum(left[i, d] * float(b[d, j]) for d in range(depth))
        assert found[i, j] == pytest.approx(expected, rel=CLOSE[real_element], abs=CLOSE[real_element])


def test_a_contraction_reads_zero_outside(draw: np.random.Generator) -> None:
    """A convolution of width 3 with padding 1."""
    x, w = values(draw, F64, 6), values(draw, F64, 3)
    kernel = ContractKernel(F64, 2, 1, ((Affine((1, 1), -1),), access(2, 1)), access(2, 0), False)
    found = run_kernel(kernel, [(F64, (6,), x), (F64, (3,), w)], (F64, (6,)), (6, 3))
    for i in range(6):
        expected = sum(x[i + u - 1] * w[u] for u in range(3) if 0 <= i + u - 1 < 6)
        assert found[i] == pytest.approx(expected, rel=1e-14)


def test_an_accumulating_contraction_drops_what_falls_outside(draw: np.random.Generator) -> None:
    g, w = values(draw, F64, 6), values(draw, F64, 3)
    kernel = ContractKernel(F64, 2, 2, (access(2, 0), access(2, 1)), (Affine((1, 1), -1),), True)
    found = run_kernel(kernel, [(F64, (6,), g), (F64, (3,), w)], (F64, (6,)), (6, 3))
    expected = np.zeros(6)
    for i, u in product(range(6), range(3)):
        if 0 <= i + u - 1 < 6:
            expected[i + u - 1] += g[i] * w[u]
    assert found == pytest.approx(expected, rel=1e-14)


def test_scatter_adds_into_zeros(draw: np.random.Generator) -> None:
    index, value = draw.integers(4, size=(2, 5)), values(draw, F64, 2, 5, 3)
    operands = [(I64, (2, 5), index), (F64, (2, 5, 3), value)]
    found = run_kernel(ScatterKernel(F64), operands, (F64, (2, 4, 3)), (2, 4, 5, 1, 3))
    expected = np.zeros((2, 4, 3))
    for s, m in product(range(2), range(5)):
        expected[s, index[s, m]] += value[s, m]
    assert found == pytest.approx(expected, rel=1e-14)


def test_a_result_may_take_its_operands_place(draw: np.random.Generator) -> None:
    x, place = values(draw, F64, 5), buffer("x", F64, 5)
    body = (Load(0, identity(1)), Apply(multiply, (0, 0)))
    kernel = LoopKernel(1, 1, (F64,), (1,), body, None, F64, 1, identity(1))
    arena = x.copy().view(np.uint8)
    run_entry(Entry("predict", (Phase((call(kernel, (place,), place, (5,)),)),), {}), arena, (), np.arange(1))
    assert arena.view(np.float64).tolist() == (x * x).tolist()


def test_a_fetch_copies_the_rows_asked_for() -> None:
    source, place = np.arange(20.0).reshape(10, 2), buffer("x", F64, ROWS, 2)
    arena = np.zeros(CAPACITY * 16, np.uint8)
    run_entry(Entry("predict", (Phase((Fetch(0, place),)),), {}), arena, (source,), np.array([7, 0, 7]))
    assert view(arena, place, 3).tolist() == source[[7, 0, 7]].tolist()
    assert not arena[48:].any()


def test_an_unknown_backend_names_those_there_are() -> None:
    with pytest.raises(BackendUnavailable, match=r"no backend `rocm`; there are `cpu`, `reference`"):
        get_backend("rocm")
    assert get_backend("auto").name == "cpu"
