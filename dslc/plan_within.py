"""The largest batch with which training fits into a number of bytes, and the plan of training with it.

All bytes count that `dslc plan` lists. Only the arena depends on the batch; what else training allocates is read
off the plan of a batch of one row. Nothing is compiled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dslc.driver import Compilation
from dslc.elaborate.experiment import LARGEST_BATCH
from dslc.lowering.capacity import largest_capacity
from dslc.lowering.lower import MANY
from dslc.lowering.plan import BUDGET
from dslc.plan import Parts, ResourcePlan, plan_resources
from dslc.program.program import Element, Program
from dslc.sessions import TRAINING


@dataclass(frozen=True, slots=True)
class Within:
    """`plan` is that of the largest batch within `limit` bytes; of one row where not even that fits.

    `all_rows`: a batch holds all training rows, so that a larger one would change nothing.
    """

    limit: int
    fits: bool
    all_rows: bool
    plan: ResourcePlan


def plan_within(compilation: Compilation, parts: Parts, limit: int, real: Element = Element.F32) -> Within:
    """The largest batch, up to all training rows, with which training takes at most `limit` bytes.

    Raises ModelError (too-much-memory) where not even a batch of one row is within what any program may plan.
    """
    smallest = _planned(compilation, parts, real, 1)
    rest = smallest.peak_bytes - _program(compilation, real, 1).arena_bytes
    most, room = parts.train or LARGEST_BATCH, min(limit - rest, BUDGET)
    batch = largest_capacity(compilation.layout(real, TRAINING, MANY), room, most)
    if batch < MANY:
        batch = largest_capacity(compilation.layout(real, TRAINING, 1), room, min(most, MANY - 1))
    plan = _planned(compilation, parts, real, batch) if batch else smallest
    return Within(limit, batch > 0, 0 < batch == parts.train, plan)


def _planned(compilation: Compilation, parts: Parts, real: Element, batch: int) -> ResourcePlan:
    experiment = compilation.experiment
    experiment = replace(experiment, loop=experiment.loop.replaced(batch=batch))
    return plan_resources(experiment, _program(compilation, real, batch), parts)


def _program(compilation: Compilation, real: Element, batch: int) -> Program:
    return compilation.program(real, TRAINING, 0, capacity=batch)
