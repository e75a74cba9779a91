"""Single calls of entries, in batches of at most the program's capacity: evaluation and gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dslc.graph.graph import Array
from dslc.program import registers
from dslc.program.arena import view
from dslc.program.backend import Bytes, Executable, Integers
from dslc.program.program import Element, Program
from dslc.runtime.plan import by_place, total_elements, total_slot
from dslc.scalar.types import ROWS


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """An executable with the arena it works on."""

    program: Program
    executable: Executable
    arena: Bytes
    threads: int

    def sums(self, sources: Sequence[Array], order: Integers) -> dict[str, float]:
        """The results of `finish` over the rows `order`. A training that was interrupted keeps its totals."""
        slots, count = self.arena.view(np.float64), total_elements(self.program)
        first = total_slot(self.program) * registers.SLOT
        (result, *_) = by_place(self.program, "evaluate").values()
        sums = slots[result.offset // Element.F64.bytes :][:count]
        totals = slots[first : first + count]
        before = totals.copy()
        totals[:] = 0
        for _ in self._batches("evaluate", sources, order):
            totals += sums
        self.executable.call("finish", self.arena, sources, order, 0, 0, self.threads)
        totals[:] = before
        return {name: float(view(self.arena, buffer)) for name, buffer in by_place(self.program, "finish").items()}

    def gradients(self, sources: Sequence[Array], order: Integers) -> dict[str, Array]:
        """Each result of `gradients`, for one batch of all the rows `order`, in float64.

        The objective is a mean over rows plus penalties, so a batch that is larger than the capacity is the mean of
        its parts weighed by their rows; what has a row axis is put side by side.
        """
        results = by_place(self.program, "gradients")
        parts: dict[str, list[Array]] = {name: [] for name in results}
        for rows in self._batches("gradients", sources, order):
            for name, buffer in results.items():
                parts[name].append(view(self.arena, buffer, rows).astype(np.float64) * (rows / len(order)))
        joined = {name: buffer.shape[:1] == (ROWS,) for name, buffer in results.items()}
        return {
            name: np.concatenate(found) if joined[name] else np.asarray(np.sum(found, 0))
            for name, found in parts.items()
        }

    def _batches(self, entry: str, sources: Sequence[Array], order: Integers) -> Iterator[int]:
        """Runs the entry batch by batch and yields the rows of each, while its results are in the arena."""
        slots, run = self.arena.view(np.float64), self.executable.bind(entry, self.arena, sources, order, self.threads)
        for first in range(0, len(order), self.program.capacity):
            rows = min(self.program.capacity, len(order) - first)
            slots[registers.CLOCK_ROWS] = rows
            run(first, rows)
            yield rows
