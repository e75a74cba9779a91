"""The reference backend: a program run phase by phase in NumPy, by one thread.

Buffers have the elements that the program gives them; between a load and a store all arithmetic is in
float64, so that a program in float64 is the meaning and one in float32 shows what storing rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslc.program import machine
from dslc.program.arena import view
from dslc.program.backend import Array, Bound, Bytes, Executable, Facts, Integers, MachineMemory
from dslc.program.program import Call, Element, Entry, Fetch, Phase, Program, Repeat
from dslc.program.text import to_text

from .kernels import run_call


@dataclass(frozen=True, slots=True)
class ReferenceExecutable:
    """A program to be interpreted; `threads` are ignored, since results do not depend on them."""

    program: Program
    source: str
    compile_seconds: float = 0.0

    def call(
        self, entry: str, arena: Bytes, sources: Sequence[Array], order: Integers, first: int, rows: int, threads: int
    ) -> None:
        run_entry(self.program.entries[entry], arena, sources, order[first : first + rows])

    def bind(self, entry: str, arena: Bytes, sources: Sequence[Array], order: Integers, threads: int) -> Bound:
        found = self.program.entries[entry]
        return lambda first, rows: run_entry(found, arena, sources, order[first : first + rows])

    def advance(self, memory: MachineMemory, sources: Sequence[Array], threads: int) -> None:
        machine.run(memory, Entries(self.program, memory, sources))


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries as the machine commands them."""

    program: Program
    memory: MachineMemory
    sources: Sequence[Array]

    def train(self, thread: int, threads: int, first: int, rows: int) -> None:
        self._run("train", self.memory.order[first : first + rows])

    def evaluate(self, thread: int, threads: int, first: int, rows: int) -> None:
        self._run("evaluate", self.memory.val_rows[first : first + rows])

    def health(self, thread: int, threads: int, first: int, rows: int) -> None:
        self._run("health", self.memory.order[first : first + rows])

    def finish(self, thread: int, threads: int) -> None:
        self._run("finish", self.memory.val_rows[:0])

    def barrier(self, thread: int, threads: int) -> None:
        """One thread waits for nobody."""

    def _run(self, name: str, chosen: Integers) -> None:
        run_entry(self.program.entries[name], self.memory.arena, self.sources, chosen)


def run_entry(entry: Entry, arena: Bytes, sources: Sequence[Array], chosen: Integers) -> None:
    """One entry on the rows `chosen` of the sources."""
    for part in entry.phases:
        match part:
            case Phase():
                _run_phase(part, arena, sources, chosen, 0)
            case Repeat(steps, reverse, phases):
                for step in reversed(range(steps)) if reverse else range(steps):
                    for phase in phases:
                        _run_phase(phase, arena, sources, chosen, step)


def _run_phase(phase: Phase, arena: Bytes, sources: Sequence[Array], chosen: Integers, step: int) -> None:
    for call in phase.calls:
        match call:
            case Fetch(source, result):
                view(arena, result, len(chosen))[...] = sources[source][chosen]
            case Call():
                run_call(call, arena, len(chosen), step)


class ReferenceBackend:
    """Runs everywhere, slowly."""

    name = "reference"

    def compile(self, program: Program) -> Executable:
        return ReferenceExecutable(program, to_text(program))

    def missing(self) -> None:
        """NumPy is all it needs."""

    def facts(self) -> Facts:
        return {"threads": 1}

    def prepare(self) -> None:
        """It compiles nothing."""

    def peak_flops(self, real: Element) -> None:
        """It calls NumPy, whose peak says nothing."""

    def store(self) -> None:
        """It keeps nothing."""
