"""The memory that a session hands to the machine: blocks on 64-byte lines, measured before they are allocated.

Sizes are Python integers and are held against the machine's memory first, so that an absurd size is a
one-line MemoryError and neither an overflow nor a process killed later.

What lives as long as the session (arena, state of the machine, best copy) is one block, what one plan of
training needs (history, order, row lists) another, since its size follows from the data.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dslc.program import registers
from dslc.program.arena import buffer_bytes
from dslc.program.backend import Bytes, Integers, MachineMemory, Reals
from dslc.program.program import Program, Region

LINE = 64
"""Bytes of a cache line; everything starts on one."""


@dataclass(frozen=True, slots=True, eq=False)
class Resident:
    """What lives as long as the session."""

    arena: Bytes
    parameters: Bytes  # a part of the arena
    best: Bytes
    ints: Integers
    reals: Reals


def resident(program: Program) -> Resident:
    """A block of zeros. Raises MemoryError where this machine has not that much."""
    start, end = parameter_region(program)
    arena, best, ints, reals = block(resident_sizes(program), f"training `{program.name}`")
    return Resident(arena, arena[start:end], best, ints.view(np.int64), reals.view(np.float64))


def plan_memory(kept: Resident, train_rows: Integers, val_rows: Integers, epochs: int, columns: int) -> MachineMemory:
    """The session's memory with room for a plan; its row lists are copies."""
    sizes = plan_sizes(len(train_rows), len(val_rows), epochs, columns)
    history, order, train, val = block(sizes, f"the history of {epochs} epochs and the order of rows")
    train.view(np.int64)[:] = train_rows
    val.view(np.int64)[:] = val_rows
    return MachineMemory(
        ints=kept.ints,
        reals=kept.reals,
        history=history.view(np.float64),
        order=order.view(np.int64),
        train_rows=train.view(np.int64),
        val_rows=val.view(np.int64),
        parameters=kept.parameters,
        best=kept.best,
        arena=kept.arena,
    )


def resident_sizes(program: Program) -> tuple[int, int, int, int]:
    """Bytes of the arena, of the best copy, and of the machine's integers and reals."""
    start, end = parameter_region(program)
    return program.arena_bytes, end - start, registers.INTS * 8, registers.REALS * 8


def plan_sizes(train_rows: int, val_rows: int, epochs: int, columns: int) -> tuple[int, int, int, int]:
    """Bytes of the history, of the order of rows, and of the lists of training and validation rows."""
    return epochs * columns * 8, train_rows * 8, train_rows * 8, val_rows * 8


def block_bytes(sizes: Sequence[int]) -> int:
    """Bytes that a block with these parts allocates."""
    return sum(-(-size // LINE) * LINE for size in sizes) + LINE


def block(sizes: Sequence[int], purpose: str) -> list[Bytes]:
    """Parts of one zeroed allocation, each of so many bytes and on a line of its own."""
    offsets = [0]
    for size in sizes:
        offsets.append(offsets[-1] + -(-size // LINE) * LINE)
    needed, available = block_bytes(sizes), physical_memory()
    if needed > available:
        raise MemoryError(f"{purpose} needs {needed / 1e9:,.1f} GB, and this machine has {available / 1e9:,.1f} GB")
    whole = np.zeros(needed, np.uint8)
    first = -whole.ctypes.data % LINE
    return [whole[first + offset : first + offset + size] for offset, size in zip(offsets[:-1], sizes, strict=True)]


def physical_memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def parameter_region(program: Program) -> tuple[int, int]:
    """Where the parameters begin and end in the arena, in bytes; they stand side by side."""
    parameters = [buffer for buffer in program.buffers if buffer.region is Region.PARAMETER]
    if not parameters:
        return 0, 0
    start = min(buffer.offset for buffer in parameters)
    end = max(buffer.offset + buffer_bytes(buffer, program.capacity) for buffer in parameters)
    return start, start + -(-(end - start) // LINE) * LINE
