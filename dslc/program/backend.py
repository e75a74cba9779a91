"""What a backend promises, and how core code asks for one by name.

A backend turns a `Program` into an `Executable`. An executable holds no training state: everything it
reads and writes lies in the memory that the caller hands to each call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from dslc.program.program import Element, Program

Array = npt.NDArray[np.generic]
Bytes = npt.NDArray[np.uint8]
Bound: TypeAlias = Callable[[int, int], None]
Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """All that the training machine reads and writes; views into the blocks of runtime/memory.py.

    The layout of `ints` and `reals` is in program/machine.py.
    """

    ints: Integers
    reals: Reals
    history: Reals  # [epochs * columns], row by row
    order: Integers  # this epoch's order of training rows
    train_rows: Integers
    val_rows: Integers
    parameters: Bytes  # the arena's PARAMETER region
    best: Bytes  # its best copy
    arena: Bytes  # the program's arena, 64-byte aligned


class Executable(Protocol):
    """A compiled program. Calls release the GIL where they run native code; `threads` 0 leaves their number to it."""

    @property
    def compile_seconds(self) -> float:
        """Time spent compiling so far, 0 where everything came from the store."""

    @property
    def source(self) -> str:
        """The generated module, to be read."""

    def call(
        self,
        entry: str,
        arena: Bytes,
        sources: Sequence[npt.NDArray[np.generic]],
        order: Integers,
        first: int,
        rows: int,
        threads: int,
    ) -> None:
        """Runs one entry on the rows `order[first : first + rows]` of the sources."""

    def bind(
        self, entry: str, arena: Bytes, sources: Sequence[npt.NDArray[np.generic]], order: Integers, threads: int
    ) -> Bound:
        """The entry on arrays that stay where they are: a function of (first, rows), as in `call`.

        What is the same for every call is found once. One call at a time; small ones take one thread.
        """

    def advance(self, memory: MachineMemory, sources: Sequence[npt.NDArray[np.generic]], threads: int) -> None:
        """Runs the machine of program/machine.py until it returns; its answer stands in `memory.ints`."""


class State(Enum):
    """Of a file among what a backend keeps. Only FOREIGN is not its own."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNFINISHED = "unfinished"  # being written now
    LEFT_OVER = "left over"  # by a process that was killed while it wrote
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in a store; `age` is seconds since it was written."""

    name: str
    bytes: int
    age: float
    state: State


class Store(Protocol):
    """Compiled objects on disk. Other processes may read and write it at the same time."""

    @property
    def folder(self) -> Path:
        """Where they are; it may not exist yet."""

    def survey(self) -> Sequence[Kept]:
        """What the folder holds, by name; every object is read and checked. Raises OSError."""

    def remove(self, kept: Kept) -> bool:
        """Removes a file of the store's own; False if it is gone already. Raises OSError."""


Facts: TypeAlias = Mapping[str, str | int | bool]


class Backend(Protocol):
    name: str

    def compile(self, program: Program) -> Executable:
        """Raises BackendUnavailable where this machine cannot run it."""

    def missing(self) -> str | None:
        """What it lacks to compile on this machine; None if nothing. Loads no compiler."""

    def facts(self) -> Facts:
        """What it knows and uses of this machine, by name. Loads no compiler."""

    def prepare(self) -> None:
        """Loads the compiler and lets it compile for the first time, which a process pays once whatever it compiles."""

    def peak_flops(self, real: Element) -> float | None:
        """Operations a second that multiply-adds alone reach here on all its threads, measured; None without a peak."""

    def store(self) -> Store | None:
        """Where it keeps what it compiled; None if it keeps nothing."""
