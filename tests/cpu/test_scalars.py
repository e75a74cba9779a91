"""The scalar functions as compiled, against NumPy in float64 over their whole range."""

from __future__ import annotations

import numpy as np
import pytest
from dslc.backends.cpu.scalars import scalar
from programs import NUMPY, run_call

from dslc.program.program import Element, LoopKernel
from dslc.scalar.affine import identity
from dslc.scalar.body import Apply, Load
from dslc.scalar.functions import FUNCTIONS, SUPPORT
from dslc.scalar.types import DType

ANALYTIC = (
    "exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "erf", "floor", "abs", "sign",
)  # fmt: skip

# Relative to the exact value, wherever that is a normal number: a few units in the last place.
LIMITS = {Element.F32: 6e-7, Element.F64: 2e-15}


def mapped(name, element, *operands):
    function = FUNCTIONS[name]
    body = (*(Load(k, identity(1)) for k in range(len(operands))), Apply(function, tuple(range(len(operands)))))
    elements = tuple(Element.I64 if operand.dtype == np.int64 else element for operand in operands)
    dtypes = [DType.INT if e is Element.I64 else DType.REAL for e in elements]
    result = Element.I64 if function.result(dtypes) is DType.INT else element
    kernel = LoopKernel(1, 1, elements, (1,) * len(operands), body, None, result, 1, identity(1))
    return run_call(kernel, operands, operands[0].shape, result, operands[0].shape, real=element)


def range_of(name, element):
    wide = np.concatenate([np.linspace(-110, 110, 40001), np.linspace(-1, 1, 20001), 10.0 ** np.linspace(-30, 3, 3001)])
    if name in ("sin", "cos"):
        wide = np.abs(wide[np.abs(wide) < 30])
    return wide.astype(NUMPY[element])


@pytest.mark.parametrize("element", [Element.F32, Element.F64])
@pytest.mark.parametrize("name", ANALYTIC)
@pytest.mark.filterwarnings("ignore")
def test_relative_error(name, element):
    x = range_of(name, element)
    exact = FUNCTIONS[name].meaning(x.astype(np.float64))
    tiny, huge = np.finfo(NUMPY[element]).tiny, np.finfo(NUMPY[element]).max
    normal = (np.abs(exact) >= tiny) & (np.abs(exact) <= huge) | (exact == 0)
    found = mapped(name, element, x)
    np.testing.assert_allclose(found[normal], exact[normal], rtol=LIMITS[element], atol=0)
    assert (np.isnan(found) == np.isnan(exact)).all()


@pytest.mark.parametrize("element", [Element.F32, Element.F64])
@pytest.mark.parametrize("name", ANALYTIC)
@pytest.mark.filterwarnings("ignore")
def test_infinities_zeros_and_nan(name, element):
    x = np.array([0.0, np.inf, -np.inf, np.nan, 1.0], NUMPY[element])
    np.testing.assert_allclose(mapped(name, element, x), FUNCTIONS[name].meaning(x), rtol=1e-6)


@pytest.mark.parametrize("name", ["maximum", "minimum", "power"])
@pytest.mark.filterwarnings("ignore")
def test_functions_of_two(name):
    pool = [-2.0, -1.0, -0.0, 0.0, 0.5, 2.0, 3.0, np.inf, -np.inf, np.nan]
    x, y = (each.ravel().astype(np.float32) for each in np.meshgrid(pool, pool))
    np.testing.assert_allclose(mapped(name, Element.F32, x, y), FUNCTIONS[name].meaning(x, y), rtol=1e-6)


@pytest.mark.parametrize("name", ["abs", "sign", "maximum", "minimum"])
def test_whole_numbers(name):
    x = np.array([-(2**62), -3, 0, 3, 2**62], np.int64)
    operands = [x] if FUNCTIONS[name].arity == 1 else [x, x[::-1].copy()]
    assert (mapped(name, Element.F32, *operands) == FUNCTIONS[name].meaning(*operands)).all()


@pytest.mark.parametrize(("name", "limit"), [("uniform", 0.0), ("normal", 1e-6)])
def test_random_numbers_are_those_of_the_table(name, limit):
    rows = np.arange(200, dtype=np.int64)
    operands = [np.full(200, 7), np.full(200, 2**32 - 1), np.full(200, 3), rows, rows[::-1].copy()]
    expected = FUNCTIONS[name].meaning(*operands)
    np.testing.assert_allclose(mapped(name, Element.F32, *operands), expected, rtol=limit, atol=limit)


def test_every_function_that_a_symbol_calls_is_there():
    for name in set(SUPPORT) - {"real"}:
        for element in (Element.F32, Element.F64):
            assert scalar(name, element).signature.name == f"{name}_{'f32' if element is Element.F32 else 'f64'}"
