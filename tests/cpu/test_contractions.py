"""Matrix products, general contractions and scatter-add against NumPy, on odd extents, strides and cuts."""

from __future__ import annotations

import numpy as np
import pytest
from programs import NUMPY, run_call

from dslc.program.program import ContractKernel, Element, MultiplyKernel, ScatterKernel
from dslc.scalar.affine import Affine, access
from dslc.scalar.panels import PANEL, to_panels

REALS = pytest.mark.parametrize("element", [Element.F32, Element.F64])
SIZES = [
    (1, 1, 1), (1, 5, 3), (2, 16, 4), (7, 17, 5), (8, 32, 9), (9, 33, 2), (13, 31, 1), (16, 48, 7), (61, 37, 53),
    (3, 100, 8), (64, 10, 84), (5, 16, 0), (11, 2, 16),
]  # fmt: skip


def random(element, *shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype(NUMPY[element])


@REALS
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), SIZES)
def test_products(element, m, n, k, transposed):
    a, b = random(element, *((k, m) if transposed else (m, k))), random(element, k, n)
    strides = (1, m, n, 32) if transposed else (k, 1, n, 32)
    whole = run_call(MultiplyKernel(element), [a, b], (m, n), element, (m, n, k), strides=strides)
    exact = (a.T if transposed else a).astype(np.float64) @ b.astype(np.float64)
    np.testing.assert_allclose(whole, exact, rtol=1e-5, atol=1e-5)
    cut = [
        run_call(MultiplyKernel(element), [a, b], (m, n), element, (m, n, k), tile, strides, threads)
        for tile, threads in ((1, 2), (3, 3), (8, 2))
    ]
    assert all((each == whole).all() for each in cut)


@REALS
@pytest.mark.parametrize(("m", "n", "k"), [(1, 64, 5), (7, 64, 1), (13, 96, 9), (40, 128, 31)])
def test_products_with_a_right_operand_in_panels(element, m, n, k):
    a, b = random(element, m, k), random(element, k, n)
    in_rows, in_panels = (k, 1, n, PANEL), (k, 1, PANEL, k * PANEL)
    whole = run_call(MultiplyKernel(element), [a, b], (m, n), element, (m, n, k), strides=in_rows)
    for tile, threads in ((m, 1), (1, 2), (8, 2), (11, 3)):
        found = run_call(
            MultiplyKernel(element), [a, to_panels(b).copy()], (m, n), element, (m, n, k), tile, in_panels, threads
        )
        assert (found == whole).all()


def test_a_product_reads_wider_rows_than_it_multiplies():
    a, b = random(Element.F32, 6, 20), random(Element.F32, 8, 40)
    c = run_call(MultiplyKernel(Element.F32), [a, b], (6, 24), Element.F32, (6, 24, 8), strides=(20, 2, 40, 32))
    np.testing.assert_allclose(c, a[:, :16:2] @ b[:, :24], rtol=1e-5, atol=1e-5)


def test_nan_in_a_product_stays_in_its_row_and_column():
    a, b = random(Element.F32, 20, 10), random(Element.F32, 10, 40)
    a[3, 3] = b[4, 5] = np.nan
    c = run_call(MultiplyKernel(Element.F32), [a, b], (20, 40), Element.F32, (20, 40, 10), strides=(10, 1, 40, 32))
    assert np.isnan(c[3]).all() and np.isnan(c[:, 5]).all() and np.isnan(c).sum() == 20 + 40 - 1


@REALS
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 1, 1), (5, 7, 3), (8, 16, 33)])
def test_plain_contractions(element, rows, inputs, outputs):
    x, w, s = random(element, rows, inputs), random(element, inputs, outputs), random(element, rows)
    kernel = ContractKernel(element, 3, 2, (access(3, 0, 2), access(3, 2, 1), access(3, 0)), access(3, 0, 1), False)
    y = run_call(kernel, [x, w, s], (rows, outputs), element, (rows, outputs, inputs), tile=2, threads=2)
    np.testing.assert_allclose(y, (x @ w) * s[:, None], rtol=2e-5, atol=2e-5)


def test_a_window_over_the_edge_reads_zeros():
    """A convolution of 3 taps, stride 2, one zero on either side."""
    x, w = random(Element.F32, 9), random(Element.F32, 3)
    kernel = ContractKernel(Element.F32, 2, 1, ((Affine((2, 1), -1),), access(2, 1)), access(2, 0), False)
    y = run_call(kernel, [x, w], (5,), Element.F32, (5, 3), tile=2)
    padded = np.pad(x, 1)
    np.testing.assert_allclose(y, [padded[2 * i : 2 * i + 3] @ w for i in range(5)], rtol=1e-5)


def test_an_accumulating_contraction_drops_writes_outside():
    """The input gradient of that convolution."""
    g, w = random(Element.F32, 5), random(Element.F32, 3)
    kernel = ContractKernel(Element.F32, 2, 2, (access(2, 0), access(2, 1)), (Affine((2, 1), -1),), True)
    y = run_call(kernel, [g, w], (9,), Element.F32, (5, 3), tile=1, threads=2)
    padded = np.zeros(11, np.float32)
    for i in range(5):
        padded[2 * i : 2 * i + 3] += g[i] * w
    np.testing.assert_allclose(y, padded[1:-1], rtol=1e-5)


@REALS
@pytest.mark.parametrize("tile", [1, 2, 5, 100])
def test_scatter_add(element, tile):
    shared, places, taken, rest = 2, 4, 6, 3
    index = np.random.default_rng(0).integers(0, places, (shared, taken))
    value = random(element, shared, taken, rest)
    exact = np.zeros((shared, places, rest))
    for group in range(shared):
        np.add.at(exact[group], index[group], value[group])
    y = run_call(
        ScatterKernel(element), [index, value], (shared, places, rest), element, (shared, places, 2, taken // 2, rest),
        tile=tile, threads=2, tiled=shared * rest,
    )  # fmt: skip
    np.testing.assert_allclose(y, exact, rtol=1e-5, atol=1e-6)
