"""Loop kernels against NumPy: maps, reductions either way round, gathers, conversions, odd extents."""

from __future__ import annotations

import numpy as np
import pytest
from programs import NUMPY, run_call

from dslc.program.program import Combine, Element, LoopKernel
from dslc.scalar.affine import Affine, access, identity
from dslc.scalar.body import Apply, IndexOf, Literal, Load, Taken
from dslc.scalar.functions import FUNCTIONS, add, equal, exp, maximum, multiply, real, subtract, where
from dslc.scalar.types import DType

REALS = pytest.mark.parametrize("element", [Element.F32, Element.F64])
SHAPES = pytest.mark.parametrize("shape", [(1, 1), (1, 7), (13, 1), (17, 31), (64, 10), (5, 128)])


def random(element, *shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype(NUMPY[element])


@REALS
@SHAPES
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bias_and_relu(element, shape, threads):
    body = (
        Load(0, access(2, 0, 1)),
        Load(1, access(2, 1)),
        Apply(add, (0, 1)),
        Literal(0.0, DType.REAL),
        Apply(maximum, (2, 3)),
    )
    kernel = LoopKernel(2, 2, (element,) * 2, (2, 1), body, None, element, 2, identity(2))
    x, b = random(element, *shape), random(element, shape[1])
    y = run_call(kernel, [x, b], shape, element, shape, tile=3, threads=threads, real=element)
    assert (y == np.maximum(x + b, 0)).all()


@REALS
@SHAPES
@pytest.mark.parametrize("tile", [3, 8, 100])
def test_a_matrix_is_turned(element, shape, tile):
    kernel = LoopKernel(2, 2, (element,), (2,), (Load(0, access(2, 1, 0)),), None, element, 2, identity(2))
    x = random(element, *shape[::-1])
    y = run_call(kernel, [x], shape, element, shape, tile=tile, threads=2, real=element)
    assert (y == x.T).all()


@REALS
@SHAPES
def test_matrices_are_turned_one_after_another(element, shape):
    body = (Load(0, access(3, 0, 2, 1)), Load(1, access(3, 2)), Apply(add, (0, 1)))
    kernel = LoopKernel(3, 3, (element,) * 2, (3, 1), body, None, element, 3, identity(3))
    x, b = random(element, 5, *shape[::-1]), random(element, shape[1])
    y = run_call(kernel, [x, b], (5, *shape), element, (5, *shape), tile=2, threads=2, real=element)
    assert (y == x.transpose(0, 2, 1) + b).all()


@REALS
@SHAPES
@pytest.mark.parametrize("combine", [Combine.SUM, Combine.MAX, Combine.MIN])
@pytest.mark.parametrize("axis", [0, 1])
def test_reductions_along_either_axis(element, shape, combine, axis):
    read = access(2, 1, 0) if axis == 0 else access(2, 0, 1)
    kernel = LoopKernel(2, 1, (element,), (2,), (Load(0, read),), combine, element, 1, access(2, 0))
    x = random(element, *shape)
    extents = (shape[1 - axis], shape[axis])
    y = run_call(kernel, [x], extents[:1], element, extents, tile=5, threads=2, real=element)
    numpy = {Combine.SUM: np.sum, Combine.MAX: np.max, Combine.MIN: np.min}[combine]
    np.testing.assert_allclose(y, numpy(x.astype(np.float64), axis), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 1000])
def test_a_full_sum_kept_in_float64(count):
    kernel = LoopKernel(1, 0, (Element.F32,), (1,), (Load(0, access(1, 0)),), Combine.SUM, Element.F64, 0, ())
    x = random(Element.F32, count)
    y = run_call(kernel, [x], (), Element.F64, (count,))
    np.testing.assert_allclose(y, x.astype(np.float64).sum(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("element", [Element.F32, Element.F64, Element.I64])
def test_argmax_takes_the_first_of_equals(element):
    kernel = LoopKernel(2, 1, (element,), (2,), (Load(0, identity(2)),), Combine.ARGMAX, Element.I64, 1, access(2, 0))
    x = np.array([[3, 1, 3], [0, 0, 0], [-5, -2, -3]], NUMPY[element])
    assert run_call(kernel, [x], (3,), Element.I64, (3, 3)).tolist() == [0, 0, 1]


def test_argmax_finds_nan():
    kernel = LoopKernel(
        2, 1, (Element.F32,), (2,), (Load(0, identity(2)),), Combine.ARGMAX, Element.I64, 1, access(2, 0)
    )
    x = np.array([[1, np.nan, 3], [np.nan, 9, np.nan]], np.float32)
    assert run_call(kernel, [x], (2,), Element.I64, (2, 3)).tolist() == np.argmax(x, 1).tolist()


@pytest.mark.parametrize("combine", [Combine.SUM, Combine.MAX, Combine.MIN])
@pytest.mark.parametrize("read", [access(2, 0, 1), access(2, 1, 0)])
def test_nan_stays_nan(combine, read):
    x = random(Element.F32, 40, 40)
    x[20, 30] = x[30, 20] = np.nan
    kernel = LoopKernel(2, 1, (Element.F32,), (2,), (Load(0, read),), combine, Element.F32, 1, access(2, 0))
    y = run_call(kernel, [x], (40,), Element.F32, (40, 40), tile=7)
    assert np.flatnonzero(np.isnan(y)).tolist() == [20, 30]


def test_whole_numbers_and_truths():
    """One-hot by comparison, and the count of hits."""
    body = (IndexOf(Affine((0, 1))), Load(0, access(2, 0)), Apply(equal, (0, 1)))
    kernel = LoopKernel(2, 2, (Element.I64,), (1,), body, None, Element.B8, 2, identity(2))
    labels = np.array([2, 0, 1, 2], np.int64)
    hot = run_call(kernel, [labels], (4, 3), Element.B8, (4, 3), tile=1, threads=2)
    assert (hot == (labels[:, None] == np.arange(3))).all()
    counted = (Load(0, identity(2)), Apply(real, (0,)))
    kernel = LoopKernel(2, 1, (Element.B8,), (2,), counted, Combine.SUM, Element.F64, 1, access(2, 0))
    assert run_call(kernel, [hot], (4,), Element.F64, (4, 3)).tolist() == [1, 1, 1, 1]


def test_gather():
    body = (Load(0, access(2, 0)), Load(1, (Taken(0), Affine((0, 1)))))
    kernel = LoopKernel(2, 2, (Element.I64, Element.F32), (1, 2), body, None, Element.F32, 2, identity(2))
    index, table = np.array([4, 0, 4, 2], np.int64), random(Element.F32, 5, 3)
    assert (run_call(kernel, [index, table], (4, 3), Element.F32, (4, 3)) == table[index]).all()


def test_strided_reads_and_shifted_writes():
    """y[i + 1, 2 j] = x[2 i, j], into the middle of a larger tensor."""
    kernel = LoopKernel(
        2, 2, (Element.F32,), (2,), (Load(0, (Affine((2, 0)), Affine((0, 1)))),), None, Element.F32, 2,
        (Affine((1, 0), 1), Affine((0, 2))),
    )  # fmt: skip
    x = random(Element.F32, 8, 3)
    y = run_call(kernel, [x], (6, 6), Element.F32, (4, 3), tile=3, threads=2)
    assert (y[1:5, ::2] == x[::2]).all()
    assert np.isnan(y[0]).all() and np.isnan(y[5]).all() and np.isnan(y[:, 1::2]).all()


def test_a_choice_with_a_fused_exponential():
    body = (
        Load(0, identity(2)), Load(1, access(2, 0)), Apply(subtract, (0, 1)), Apply(exp, (2,)),
        Literal(0.5, DType.REAL), Apply(FUNCTIONS["greater"], (3, 4)), Apply(where, (5, 3, 4)),
    )  # fmt: skip
    kernel = LoopKernel(2, 1, (Element.F32,) * 2, (2, 1), body, Combine.SUM, Element.F32, 1, access(2, 0))
    x, m = random(Element.F32, 9, 33), random(Element.F32, 9)
    e = np.exp((x - m[:, None]).astype(np.float64))
    y = run_call(kernel, [x, m], (9,), Element.F32, (9, 33), tile=2, threads=3)
    np.testing.assert_allclose(y, np.where(e > 0.5, e, 0.5).sum(1), rtol=2e-6)


def test_a_single_value_is_computed_in_float64():
    """1 - 0.999^1 in float32 keeps three digits fewer than its result could hold."""
    body = (
        Literal(0.999, DType.REAL), Load(0, ()), Apply(FUNCTIONS["power"], (0, 1)), Literal(1.0, DType.REAL),
        Apply(subtract, (3, 2)),
    )  # fmt: skip
    kernel = LoopKernel(0, 0, (Element.F64,), (0,), body, None, Element.F32, 0, ())
    y = run_call(kernel, [np.array(1.0)], (), Element.F32, ())
    assert y == np.float32(0.001)


def test_equal_kernels_are_one_text_whatever_the_extents():
    from dslc.backends.cpu.loops import loop_unit

    body = (Load(0, access(1, 0)), Apply(multiply, (0, 0)))
    one, two = (
        loop_unit(LoopKernel(1, 1, (Element.F32,), (1,), body, None, Element.F32, 1, identity(1))) for _ in range(2)
    )
    assert one == two
