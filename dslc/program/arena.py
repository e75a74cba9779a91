"""Buffers of a program as NumPy arrays over the arena's bytes."""

from __future__ import annotations

import numpy as np

from dslc.program.backend import Array, Bytes
from dslc.program.program import Buffer, Element
from dslc.scalar.types import elements, sized

NUMPY = {Element.F32: np.float32, Element.F64: np.float64, Element.I64: np.int64, Element.B8: np.bool_}


def buffer_bytes(buffer: Buffer, rows: int) -> int:
    return elements(buffer.shape, rows) * buffer.element.bytes


def view(arena: Bytes, buffer: Buffer, rows: int = 0, step: int = 0) -> Array:
    """The buffer's elements, of a batch those of its first `rows` rows, to be read and written; a slot's at `step`."""
    start, slot = buffer.offset, buffer.slot
    if slot is not None:
        start += (slot.first + step * slot.moves) * elements(slot.shape, rows) * buffer.element.bytes
    part = arena[start : start + buffer_bytes(buffer, rows)]
    return part.view(NUMPY[buffer.element]).reshape(sized(buffer.shape, rows))
