"""A plan of training, written where the machine reads it: settings, row counts, places in the arena."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslc.diagnostics import DataError
from dslc.elaborate.experiment import KeepBest, Loop, StopRule
from dslc.program import machine, registers
from dslc.program.arena import buffer_bytes
from dslc.program.backend import MachineMemory
from dslc.program.program import ALIGNMENT, Buffer, Element, Program, Region

SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class Plan:
    """`loop` for so many rows; `columns` are those of the history, of which the host writes the last ones."""

    loop: Loop
    columns: tuple[str, ...]
    host_columns: int
    train_rows: int
    val_rows: int

    @property
    def batch(self) -> int:
        return self.loop.batch or self.train_rows


def columns_of(program: Program, whole: Iterable[str], objectives: Iterable[str]) -> tuple[str, ...]:
    """`train.loss`, `train.` and each objective with a name, `val.` and each result of `finish`, those of
    `health`, the metrics of a whole part."""
    summed = [f"val.{name}" for name in by_place(program, "finish")]
    trained = [f"train.{name}" for name in objectives]
    return "train.loss", *trained, *summed, *by_place(program, "health"), *(f"val.{name}" for name in whole)


def by_place(program: Program, entry: str) -> dict[str, Buffer]:
    """An entry's results in the arena's order; none of an entry that the program lacks."""
    results = program.entries[entry].results if entry in program.entries else {}
    return dict(sorted(results.items(), key=lambda result: result[1].offset))


def check_plan(plan: Plan, program: Program) -> None:
    """Raises DataError, or ValueError for a setting, where the plan cannot run."""
    loop = plan.loop
    if plan.train_rows == 0:
        raise DataError("there are no training rows")
    if plan.batch > program.capacity:
        raise DataError(f"a batch of {plan.batch} rows does not fit a program compiled for {program.capacity}")
    require_epochs(loop.epochs)
    require_seed(loop.seed)
    for rule in (loop.stop, loop.keep):
        if rule and plan.val_rows == 0 and rule.column.startswith("val."):
            raise DataError(f"{rule.span.place}: `{rule.column}` is watched, and there are no validation rows")


def require_epochs(epochs: int) -> int:
    """The number; ValueError for one below 0."""
    if epochs < 0:
        raise ValueError(f"a number of epochs is 0 or more, not {epochs}")
    return epochs


def require_seed(seed: int) -> int:
    """The number; ValueError for one that is no seed."""
    if not 0 <= seed < SEEDS:
        raise ValueError(f"a seed is a whole number from 0 to {SEEDS - 1}, not {seed}")
    return seed


def write_plan(memory: MachineMemory, plan: Plan, program: Program) -> None:
    """Starts a plan: epochs and updates are counted on, everything else is set."""
    ints, loop = memory.ints, plan.loop
    machine.start(ints, memory.reals)
    ints[registers.LAST_EPOCH] = ints[registers.FIRST_EPOCH] + loop.epochs
    ints[registers.TRAIN_ROWS] = plan.train_rows
    ints[registers.VAL_ROWS] = plan.val_rows
    ints[registers.BATCH] = plan.batch
    ints[registers.CHUNK] = program.capacity
    ints[registers.SEED] = loop.seed
    ints[registers.SHUFFLE] = loop.shuffle
    ints[registers.COLUMNS] = len(plan.columns)
    ints[registers.HOST_COLUMNS] = plan.host_columns
    health = by_place(program, "health")
    ints[registers.HEALTH_COLUMNS] = len(health)
    ints[registers.HEALTH_SLOT] = min((buffer.offset for buffer in health.values()), default=0) // ALIGNMENT
    ints[registers.TRAIN_SLOT] = _first(program, "train", "objective")
    ints[registers.EVALUATE_SLOT] = _first(program, "evaluate", "sums.weight")
    ints[registers.FINISH_SLOT] = _first(program, "finish", "loss")
    ints[registers.TOTAL_SLOT] = total_slot(program)
    ints[registers.TOTALS] = total_elements(program)
    ints[registers.OBJECTIVES] = sum(name.startswith("train.") for name in plan.columns) - 1
    ints[registers.WORDS] = len(memory.parameters) // 8
    _write_rules(memory, plan.columns, loop.stop, loop.keep)


def _write_rules(memory: MachineMemory, columns: tuple[str, ...], stop: StopRule | None, keep: KeepBest | None) -> None:
    ints = memory.ints
    ints[registers.STOP_COLUMN] = columns.index(stop.column) if stop else -1
    ints[registers.STOP_HIGHER] = stop is not None and stop.higher
    ints[registers.PATIENCE] = stop.patience or 0 if stop else 0
    memory.reals[registers.THRESHOLD] = stop.threshold or 0.0 if stop else 0.0
    ints[registers.KEEP_COLUMN] = columns.index(keep.column) if keep else -1
    ints[registers.KEEP_HIGHER] = keep is not None and keep.higher


def total_slot(program: Program) -> int:
    """The first of the slots in which the sums of a part are collected."""
    return min(buffer.offset for buffer in program.buffers if buffer.region is Region.TOTAL) // ALIGNMENT


def total_elements(program: Program) -> int:
    """How many float64 the totals take: those of `evaluate`, which take as many, lie as far apart."""
    ends = (buffer.offset + buffer_bytes(buffer, 0) for buffer in program.buffers if buffer.region is Region.TOTAL)
    return (max(ends) - total_slot(program) * ALIGNMENT) // Element.F64.bytes


def _first(program: Program, entry: str, result: str) -> int:
    return program.entries[entry].results[result].offset // ALIGNMENT
