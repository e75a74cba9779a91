"""How many threads a program is worth: a step of a few microseconds is done before a second thread has woken."""

from __future__ import annotations

from dslc.processors import processors
from dslc.program.program import Call, ContractKernel, Entry, Fetch, LoopKernel, MultiplyKernel, Program, Repeat
from dslc.scalar.types import elements

_MULTIPLY_ADDS = 80e9  # a second, of one core on register tiles
_INSTRUCTIONS = 24e9  # a second, of a loop's body in vectors
_PHASE = 1e-6  # seconds lost at a barrier, with what its threads wait for one another
_WORTH = 60e-6  # seconds of work a step, from which on a second thread gains more than its barriers cost


def default_threads(program: Program) -> int:
    """The number of threads for the program's heaviest entry at full batches."""
    entry = program.entries.get("train") or max(program.entries.values(), key=lambda e: step_seconds(program, e))
    seconds = step_seconds(program, entry)
    if seconds < _WORTH:
        return 1
    return max(1, min(processors(), int(seconds / (_PHASE * max(1, _phases(entry))))))


def _phases(entry: Entry) -> int:
    """How many phases one call of the entry goes through."""
    return sum(part.steps * len(part.phases) if isinstance(part, Repeat) else 1 for part in entry.phases)


def rows_of_one_thread(program: Program, entry: Entry) -> int:
    """The most rows of one call that are done before a second thread has woken."""
    return int(program.capacity * min(1.0, _WORTH / max(_WORTH, step_seconds(program, entry))))


def step_seconds(program: Program, entry: Entry) -> float:
    """An estimate of one call of the entry on one thread."""
    return sum(times * _seconds(call, program.capacity) for call, times in entry.calls)


def _seconds(call: Call | Fetch, capacity: int) -> float:
    if isinstance(call, Fetch):
        return elements(call.result.shape, capacity) / _INSTRUCTIONS
    points = elements(call.extents, capacity)
    if isinstance(call.kernel, MultiplyKernel) or (isinstance(call.kernel, ContractKernel) and call.kernel.registers):
        return points / _MULTIPLY_ADDS
    return points * (len(call.kernel.body) if isinstance(call.kernel, LoopKernel) else 2) / _INSTRUCTIONS
