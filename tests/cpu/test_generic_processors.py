"""Register tiles for narrower processors than this one: other lanes, fewer registers, products and sums apart."""

from __future__ import annotations

import platform
from collections.abc import Iterator

import llvmlite.binding as llvm
import numpy as np
import pytest
from dslc.backends.cpu import compiler, module, store
from dslc.backends.cpu.host import Host, this_host
from dslc.backends.cpu.windows import window_unit
from programs import NUMPY, run_call
from window_cases import Axis, check, gradient_of_taps, values_of_a_convolution

from dslc.program.program import Element, MultiplyKernel

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86-64's registers are meant")

REALS = pytest.mark.parametrize("element", [Element.F32, Element.F64])
SIZES = [(1, 1, 1), (7, 17, 5), (5, 10, 84), (13, 31, 3), (4, 8, 2)]
NEEDED = {16: ("sse2",), 32: ("avx2", "fma")}


def host(vector_bytes: int) -> Host:
    """x86-64 as AMD defined it, or with AVX2 and multiply-add: 16 registers either way."""
    cpu = {16: "x86-64", 32: "x86-64-v3"}[vector_bytes]
    return Host(cpu, "", platform.machine(), vector_bytes, 16, vector_bytes == 32, this_host().futex)


@pytest.fixture(params=[16, 32], ids=["16 bytes", "32 bytes"])
def narrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Everything is printed, compiled and kept for such a processor while a test runs."""
    found = host(request.param)
    present = llvm.get_host_cpu_features()
    if not all(present.get(feature, False) for feature in NEEDED[found.vector_bytes]):
        pytest.skip("this processor has no such registers")
    for each in (compiler, module, store):
        monkeypatch.setattr(each, "this_host", lambda: found)
    compiler._target_machine.cache_clear()
    yield found
    compiler._target_machine.cache_clear()


@pytest.mark.usefixtures("narrow")
@REALS
@pytest.mark.parametrize(("m", "n", "k"), SIZES)
def test_products(element: Element, m: int, n: int, k: int) -> None:
    draw = np.random.default_rng(m)
    a, b = (draw.normal(size=shape).astype(NUMPY[element]) for shape in ((m, k), (k, n)))
    kernel, exact = MultiplyKernel(element), a.astype(np.float64) @ b.astype(np.float64)
    whole, cut = (
        run_call(kernel, [a, b], (m, n), element, (m, n, k), tile, (k, 1, n, 32), threads)
        for tile, threads in ((10**9, 1), (3, 2))
    )
    np.testing.assert_allclose(whole, exact, rtol=1e-5, atol=1e-5)
    assert whole.tobytes() == cut.tobytes()


@pytest.mark.usefixtures("narrow")
@REALS
@pytest.mark.parametrize("filters", [1, 5, 16])
def test_windows_with_lanes_along_the_result(element: Element, filters: int) -> None:
    check(values_of_a_convolution([Axis(7, 3, 4, 2, 1, 1)], filters, 2), element, (1, 7, 17))


@pytest.mark.usefixtures("narrow")
@REALS
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (3, 8), (13, 5)])
def test_windows_with_lanes_along_the_sum(element: Element, channels: int, filters: int) -> None:
    check(gradient_of_taps([Axis(5, 3, 5, 1, 1, 1)], channels, filters), element, (1, 7, 17))


def test_such_code_is_for_such_a_processor(narrow: Host) -> None:
    """What is printed for narrow registers goes by them, and has fused products only where there are any."""
    case = values_of_a_convolution([Axis(7, 3, 4, 2, 1, 1)], 5, 2)
    kernel = case.kernel(Element.F32)
    assert kernel.registers is not None
    unit = window_unit(kernel, kernel.registers, 5, None, narrow)
    tiles = [each for each in unit.inlines if each.signature.name.startswith("tile_")]
    assert len(tiles) == 3
    for tile in tiles:
        assert f"<{narrow.vector_bytes // 4} x float>" in tile.text
        assert ("llvm.fma" in tile.text) == narrow.fused
