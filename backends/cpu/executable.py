"""A compiled program: its entries and its training machine as native calls.

It keeps no state of a training: all that a call reads and writes lies in the memory that it is handed. Objects come
from the store, and only what is missing there is compiled, which is when numba is imported.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from typing import TypeAlias
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from dslc.diagnostics import BackendUnavailable
from dslc.program import registers
from dslc.program.backend import Bound, Bytes, Integers, MachineMemory

from . import store
from .cost import default_threads, rows_of_one_thread
from .crew import MOST_THREADS, work_unit
from .linker import Library
from .machine import ADVANCE, ENTRIES
from .module import Module
from .unit import Unit

BARRIER_WORDS = 16
"""Of the two words that a barrier uses, each has a cache line."""

Sources: TypeAlias = Sequence[npt.NDArray[np.generic]]

_libraries: WeakValueDictionary[tuple[str, ...], Library] = WeakValueDictionary()
"""What is linked in this process, by the keys of its objects, so that loading a program again costs no memory."""

_kept: deque[Library] = deque(maxlen=32)
"""The last ones linked stay, since LLVM gives back only most of what one takes: a program that is loaded and dropped
again and again, as a service does it, is linked once."""


class CpuExecutable:
    """See dslc.program.backend.Executable. `threads` below 1 means `default_threads`, chosen by the program's size."""

    def __init__(self, module: Module) -> None:
        self.compile_seconds = 0.0
        self.default_threads = default_threads(module.program)
        self._module = module
        self._linked: dict[str, Library] = {}
        if module.machine is not None:
            self._library("train")

    @property
    def source(self) -> str:
        """The whole module, printed to be read."""
        return self._module.text

    def call(
        self, entry: str, arena: Bytes, sources: Sources, order: Integers, first: int, rows: int, threads: int
    ) -> None:
        """Runs one entry on the rows `order[first : first + rows]` of the sources.

        Raises IndexError where there are fewer or the arena has room for fewer: compiled code checks nothing.
        """
        self._check(arena)
        self._check_rows(order, first, rows)
        places, barrier = _addresses(sources), np.zeros(BARRIER_WORDS, np.int64)
        words = [*(_address(array) for array in (barrier, arena, places, order)), first, rows]
        work = work_unit(self._module.entries[entry].unit.signature)
        self._library(entry).in_crew(work.name, self._threads(threads), words)

    def bind(self, entry: str, arena: Bytes, sources: Sources, order: Integers, threads: int) -> Bound:
        """See dslc.program.backend.Executable. The function raises IndexError as `call` does."""
        self._check(arena)
        program = self._module.program
        alone = rows_of_one_thread(program, program.entries[entry])
        places, barrier, crew = _addresses(sources), np.zeros(BARRIER_WORDS, np.int64), self._threads(threads)
        kept = (arena, *sources, order, places, barrier)
        words = np.array([*(_address(array) for array in (barrier, arena, places, order)), 0, 0], np.int64)
        run = self._library(entry).bind(work_unit(self._module.entries[entry].unit.signature).name, words)

        def call(first: int, rows: int, kept: tuple[npt.NDArray[np.generic], ...] = kept) -> None:
            self._check_rows(order, first, rows)
            words[-2:] = first, rows
            if rows <= alone:
                run(1)
            else:
                barrier[:] = 0
                run(crew)

        return call

    def advance(self, memory: MachineMemory, sources: Sources, threads: int) -> None:
        """Runs the machine until it returns; its answer stands in `memory.ints`."""
        self._check(memory.arena)
        library = self._library("train")
        ints, arena, places = memory.ints, memory.arena, _addresses(sources)
        ints[registers.BARRIER :] = 0
        decided = (ints, memory.reals, memory.history, memory.order, memory.train_rows, memory.parameters, memory.best)
        arrays = (
            *(ints[registers.BARRIER :], ints[registers.REQUEST :]), *decided,
            *(arena, arena, arena, places, memory.val_rows),
        )  # fmt: skip
        library.in_crew(ADVANCE.name, self._threads(threads), [_address(array) for array in arrays])

    def _check(self, arena: Bytes) -> None:
        if arena.size < self._module.program.arena_bytes:
            raise ValueError(f"an arena of {arena.size} bytes, where {self._module.program.arena_bytes} are needed")

    def _check_rows(self, order: Integers, first: int, rows: int) -> None:
        if rows and not 0 <= first <= first + rows <= order.size:
            raise IndexError(f"rows {first} to {first + rows} of an order of {order.size}")
        if rows > self._module.program.capacity:
            raise IndexError(f"{rows} rows at once, where the program has room for {self._module.program.capacity}")

    def _threads(self, threads: int) -> int:
        return min(threads, MOST_THREADS) if threads > 0 else self.default_threads

    def _library(self, entry: str) -> Library:
        """The linked objects that the entry needs, compiled where the store lacks them."""
        part = "train" if self._module.machine is not None and entry in ENTRIES else entry
        if part not in self._linked:
            units, exports = self._module.needed(part)
            keys = tuple(store.key(unit) for unit in units)
            library = _libraries.get(keys)
            if library is None:
                library = Library(self._objects(units, keys), exports)
                _libraries[keys] = library
                _kept.append(library)
            self._linked[part] = library
        return self._linked[part]

    def _objects(self, units: Sequence[Unit], keys: Sequence[str]) -> list[bytes]:
        """The units' objects; what the store lacks is compiled and kept there."""
        found = [store.load(key) for key in keys]
        missing = [number for number, content in enumerate(found) if content is None]
        if missing:
            started = time.perf_counter()
            # numba takes most of a second to import, which a program found in the store never pays.
            try:
                from .together import compile_units
            except ImportError as error:
                raise BackendUnavailable(f"the cpu backend compiles with numba, which fails: {error}") from None

            # Each is kept as soon as it is made: an interrupted compilation goes on where it was.
            with closing(compile_units([units[k] for k in missing])) as objects:
                for number, content in objects:
                    found[missing[number]] = content
                    store.save(keys[missing[number]], content)
            self.compile_seconds += time.perf_counter() - started
        return [content for content in found if content is not None]


def _address(array: npt.NDArray[np.generic]) -> int:
    return array.ctypes.data


def _addresses(sources: Sources) -> Integers:
    return np.array([_address(source) for source in sources] or [0], np.int64)
