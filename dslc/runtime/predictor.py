"""Predictions: the entry `predict` on rows that are copied, a batch at a time, to places that never move.

So all that a call needs besides the rows is bound once, and one row costs little more than its arithmetic. Any
number of rows goes the same way; what a row yields does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dslc.data.prepared import PIECE
from dslc.graph.graph import Array
from dslc.program import registers
from dslc.program.arena import NUMPY, view
from dslc.program.backend import Bound, Bytes, Executable, Integers, Reals
from dslc.program.program import Fetch, Program
from dslc.runtime.plan import by_place
from dslc.runtime.rows import INPUT, RowsOf
from dslc.scalar.types import sized

ENTRY = "predict"


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """One call at a time: the arena's `slots`, `places` by input and `results` by name are what `run` works on."""

    capacity: int
    slots: Reals
    places: Mapping[str, Array]
    run: Bound
    results: Mapping[str, Array]

    def __call__(self, inputs: Mapping[str, RowsOf], chosen: Integers | None = None) -> dict[str, Array]:
        """Each result, one row for each of the rows of `inputs` [rows, ...] numbered `chosen`, for all if None."""
        wholes = [(place, inputs[name]) for name, place in self.places.items()]
        count = len(next(iter(inputs.values()))) if chosen is None else len(chosen)  # a net may read none of them
        if count <= self.capacity:
            self._batch([(place, whole[_part(0, count, chosen)]) for place, whole in wholes], slice(0, count))
            return {name: result[:count].copy() for name, result in self.results.items()}
        found = {name: np.empty((count, *r.shape[1:]), r.dtype) for name, r in self.results.items()}
        # Many batches of a small capacity are taken together: preparing a few rows takes as long as preparing a piece.
        step = self.capacity * max(1, PIECE // self.capacity)
        for begin in range(0, count, step):
            end = min(begin + step, count)
            taken = [(place, whole[_part(begin, end, chosen)]) for place, whole in wholes]
            for first in range(begin, end, self.capacity):
                last = min(first + self.capacity, end)
                self._batch(taken, slice(first - begin, last - begin))
                for name, result in self.results.items():
                    found[name][first:last] = result[: last - first]
        return found

    def _batch(self, taken: list[tuple[Array, Array]], part: slice) -> None:
        rows = part.stop - part.start
        for place, whole in taken:
            # A fetched row is flat where the net reads it so; elements are rounded as they are stored.
            place[:rows] = whole[part].reshape(rows, *place.shape[1:])
        self.slots[registers.CLOCK_ROWS] = rows
        self.run(0, rows)


def _part(begin: int, end: int, chosen: Integers | None) -> slice | Integers:
    return slice(begin, end) if chosen is None else chosen[begin:end]


def predictor(program: Program, executable: Executable, arena: Bytes, threads: int) -> Predictor:
    """Compiles the entry where the executable has not yet. The entry reads inputs alone."""
    capacity = program.capacity
    fetched = {call.source: call.result for call, _ in program.entries[ENTRY].calls if isinstance(call, Fetch)}
    places: dict[int, Array] = {
        k: np.empty(sized(buffer.shape, capacity), NUMPY[buffer.element]) for k, buffer in fetched.items()
    }
    sources = [places.get(number, np.zeros(0)) for number in range(len(program.sources))]
    run = executable.bind(ENTRY, arena, sources, np.arange(capacity), threads)
    named = {program.sources[number].removeprefix(INPUT): place for number, place in places.items()}
    results = {name: view(arena, buffer, capacity) for name, buffer in by_place(program, ENTRY).items()}
    return Predictor(capacity, arena.view(np.float64), named, run, results)
