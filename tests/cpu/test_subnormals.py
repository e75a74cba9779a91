"""While a crew works, numbers too small for a normal float are 0; the caller's arithmetic is as it was before."""

from __future__ import annotations

import platform
import threading

import numpy as np
import pytest
from programs import NUMPY, Arena, call, compiled, memory, view

from dslc.program.program import Element, LoopKernel, Phase, Program
from dslc.scalar.affine import identity
from dslc.scalar.body import Apply, Load
from dslc.scalar.functions import multiply

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"), reason="no mode is known for this processor"
)

SIZE = 256
SUBNORMAL = {Element.F32: 1e-40, Element.F64: 1e-310}
REALS = pytest.mark.parametrize("element", [Element.F32, Element.F64])
THREADS = pytest.mark.parametrize("threads", [1, 2, 4])


def product(element: Element) -> Program:
    """c = a * b, tiles of 64."""
    place = Arena()
    a, b, c = (place.add(name, element, SIZE) for name in "abc")
    body = (Load(0, identity(1)), Load(1, identity(1)), Apply(multiply, (0, 1)))
    kernel = LoopKernel(1, 1, (element, element), (1, 1), body, None, element, 1, identity(1))
    return place.program(Phase((call(kernel, [a, b], c, (SIZE,), 64),)), real=element)


def multiplied(element: Element, x: float, y: float, threads: int) -> np.ndarray:
    program = product(element)
    arena = memory(program.arena_bytes)
    for buffer, value in zip(program.buffers, (x, y, np.nan), strict=True):
        view(arena, buffer)[...] = value
    compiled(program).call("predict", arena, [], np.zeros(0, np.int64), 0, 0, threads)
    return view(arena, program.buffers[-1]).copy()


def makes_subnormals(element: Element) -> bool:
    """Does NumPy, in this thread, read and make them?"""
    kind = NUMPY[element]
    x = np.full(64, SUBNORMAL[element], kind)
    made = np.full(64, np.finfo(kind).tiny) * kind(0.5)
    return bool((x * kind(1) > 0).all() and (made > 0).all())


@REALS
@THREADS
def test_subnormal_operands_and_results_are_0(element: Element, threads: int) -> None:
    tiny = float(np.finfo(NUMPY[element]).tiny)
    assert (multiplied(element, SUBNORMAL[element], 1, threads) == 0).all()
    assert (multiplied(element, tiny, 0.5, threads) == 0).all()
    assert (multiplied(element, tiny, 1, threads) == NUMPY[element](tiny)).all()


@REALS
@THREADS
def test_the_caller_goes_on_as_before(element: Element, threads: int) -> None:
    assert makes_subnormals(element)
    multiplied(element, 1, 2, threads)
    assert makes_subnormals(element)


@REALS
def test_the_caller_goes_on_as_before_after_a_bound_call(element: Element) -> None:
    program = product(element)
    arena = memory(program.arena_bytes)
    view(arena, program.buffers[0])[...], view(arena, program.buffers[1])[...] = SUBNORMAL[element], 1
    run = compiled(program).bind("predict", arena, [], np.zeros(0, np.int64), 2)
    for _ in range(3):
        run(0, 0)
        assert (view(arena, program.buffers[-1]) == 0).all()
        assert makes_subnormals(element)


def test_callers_in_threads_of_python_go_on_as_before() -> None:
    found: list[bool] = []

    def caller() -> None:
        zero = (multiplied(Element.F32, SUBNORMAL[Element.F32], 1, 2) == 0).all()
        found.append(bool(zero) and makes_subnormals(Element.F32))

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert found == [True] * 4
