"""Programs of one call, written by hand, and what runs them: the tests of this folder build on it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
from dslc.backends.cpu import CpuBackend
from dslc.backends.cpu.executable import CpuExecutable

from dslc.program.program import Buffer, Call, Element, Entry, Kernel, Phase, Program, Region, Tiles
from dslc.scalar.types import ROWS, Extent
from dslc.source import BUILT_IN

NUMPY = {Element.F32: np.float32, Element.F64: np.float64, Element.I64: np.int64, Element.B8: np.bool_}
ELEMENTS = {np.dtype(dtype): element for element, dtype in NUMPY.items()}

Array = npt.NDArray[np.generic]


class Arena:
    """Buffers placed one after the other."""

    def __init__(self, capacity: int = 0) -> None:
        self.capacity = capacity
        self.buffers: list[Buffer] = []
        self.bytes = 0

    def add(self, name: str, element: Element, *shape: Extent, region: Region = Region.SCRATCH) -> Buffer:
        buffer = Buffer(name, element, shape, region, self.bytes, BUILT_IN)
        size = prod(self.capacity if extent is ROWS else extent for extent in shape) * element.bytes
        self.bytes += -(-max(size, 1) // 64) * 64
        self.buffers.append(buffer)
        return buffer

    def program(self, *phases: Phase, real: Element = Element.F32, name: str = "test") -> Program:
        entry = Entry("predict", phases, {})
        return Program(name, real, self.capacity, (), tuple(self.buffers), {"predict": entry}, self.bytes)


def memory(size: int) -> npt.NDArray[np.uint8]:
    """Bytes at an address that 64 divides."""
    block = np.zeros(size + 64, np.uint8)
    start = -block.ctypes.data % 64
    return block[start : start + size]


def view(arena: npt.NDArray[np.uint8], buffer: Buffer, rows: int = 0) -> Array:
    shape = tuple(rows if extent is ROWS else extent for extent in buffer.shape)
    dtype = np.dtype(NUMPY[buffer.element])
    count = prod(shape)
    return arena[buffer.offset : buffer.offset + count * dtype.itemsize].view(dtype).reshape(shape)


def call(kernel: Kernel, operands: Sequence[Buffer], result: Buffer, extents: Sequence[Extent], tile: int,
         strides: tuple[int, ...] = (), note: str = "a call", tiled: Extent | None = None) -> Call:  # fmt: skip
    extent = tiled if tiled is not None else extents[0] if extents else 1
    return Call(kernel, tuple(operands), result, tuple(extents), strides, Tiles(extent, tile), BUILT_IN, note)


def run_call(kernel: Kernel, values: Sequence[Array], shape: tuple[int, ...], result: Element, extents: Sequence[int],
             tile: int = 10**9, strides: tuple[int, ...] = (), threads: int = 1, real: Element = Element.F32,
             tiled: int | None = None) -> Array:  # fmt: skip
    """The result of one kernel on arrays; it starts as bytes of all ones, which no kernel may leave."""
    place = Arena()
    operands = [place.add(f"operand {k}", ELEMENTS[value.dtype], *value.shape) for k, value in enumerate(values)]
    target = place.add("result", result, *shape)
    guard = place.add("guard", Element.I64, 8)
    program = place.program(Phase((call(kernel, operands, target, extents, tile, strides, tiled=tiled),)), real=real)
    arena = memory(place.bytes)
    for buffer, value in zip(operands, values, strict=True):
        view(arena, buffer)[...] = value
    arena[target.offset : guard.offset + 64] = 255
    executable = compiled(program)
    executable.call("predict", arena, [], np.zeros(0, np.int64), 0, 0, threads)
    assert (view(arena, guard) == -1).all()
    return view(arena, target).copy()


def compiled(program: Program) -> CpuExecutable:
    return CpuBackend().compile(program)
