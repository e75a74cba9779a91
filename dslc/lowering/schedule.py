"""Phases: steps as early as their operands allow, many side by side, few barriers.

Receives steps in an order that may run as it stands. A step follows, by at least one barrier, whoever wrote
what it reads, and whoever reads or wrote what it writes. Steps that write parts of one result are disjoint
and may stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from dslc.lowering.draft import FetchStep, Step


def phases(steps: Sequence[Step | FetchStep]) -> list[list[Step | FetchStep]]:
    """The steps by phase; within a phase in their given order."""
    written: dict[int, int] = {}
    parts: dict[int, int] = {}
    read: dict[int, int] = {}
    found: list[list[Step | FetchStep]] = []
    for step in steps:
        result = step.result.draft.number
        sources = {view.draft.number for view in step.operands} if isinstance(step, Step) else set()
        part = isinstance(step, Step) and step.part
        ready = [max(written.get(k, -1), parts.get(k, -1)) for k in sources - {result}]
        ready += [written.get(result, -1), read.get(result, -1), -1 if part else parts.get(result, -1)]
        level = 1 + max(ready)
        while len(found) <= level:
            found.append([])
        found[level].append(step)
        for k in sources:
            read[k] = max(read.get(k, -1), level)
        latest = parts if part else written
        latest[result] = max(latest.get(result, -1), level)
    return found
