"""An executable during which something happens after so many batches, of training or of validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dslc.backends.reference.backend import Entries, ReferenceExecutable

from dslc.program import machine
from dslc.program.backend import Array, Bound, Bytes, Integers, MachineMemory
from dslc.program.program import Program


class StopAfter:
    """Runs `program` by the reference backend."""

    source = ""
    compile_seconds = 0.0

    def __init__(self, program: Program, batches: int, stop: Callable[[], None]) -> None:
        self._program, self._left, self._stop = program, batches, stop
        self._reference = ReferenceExecutable(program, "")

    def call(
        self, entry: str, arena: Bytes, sources: Sequence[Array], order: Integers, first: int, rows: int, threads: int
    ) -> None:
        self._reference.call(entry, arena, sources, order, first, rows, threads)

    def bind(self, entry: str, arena: Bytes, sources: Sequence[Array], order: Integers, threads: int) -> Bound:
        return self._reference.bind(entry, arena, sources, order, threads)

    def advance(self, memory: MachineMemory, sources: Sequence[Array], threads: int) -> None:
        machine.run(memory, _Counted(Entries(self._program, memory, sources), self))

    def count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._stop()


class _Counted:
    def __init__(self, entries: Entries, stop: StopAfter) -> None:
        self._entries, self._stop = entries, stop

    def train(self, thread: int, threads: int, first: int, rows: int) -> None:
        self._entries.train(thread, threads, first, rows)
        self._stop.count()

    def health(self, thread: int, threads: int, first: int, rows: int) -> None:
        self._entries.health(thread, threads, first, rows)
        self._stop.count()

    def evaluate(self, thread: int, threads: int, first: int, rows: int) -> None:
        self._entries.evaluate(thread, threads, first, rows)
        self._stop.count()

    def finish(self, thread: int, threads: int) -> None:
        self._entries.finish(thread, threads)

    def barrier(self, thread: int, threads: int) -> None:
        """One thread waits for nobody."""
