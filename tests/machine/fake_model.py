"""A model of eight numbers for the machine to train, and the plans it is trained with."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dslc.program import machine, registers
from dslc.program.backend import Integers, MachineMemory

TOTAL_SLOT, TRAIN_SLOT, EVALUATE_SLOT, FINISH_SLOT, WEIGHTS = 5, 8, 11, 14, 16
"""Slots of the fake arena."""

Scores = Callable[[int], tuple[float, float]]
"""Epoch -> the validation loss and metric that `finish` reports."""


@dataclass(frozen=True)
class Case:
    """A plan; `stop` is (column, higher, patience, threshold), `keep` is (column, higher)."""

    rows: int = 10
    val_rows: int = 5
    batch: int = 4
    chunk: int = 3
    epochs: int = 3
    seed: int = 7
    shuffle: bool = True
    stop: tuple[int, bool, int, float] | None = None
    keep: tuple[int, bool] | None = None
    ask: bool = False
    host_columns: int = 0

    def memory(self) -> MachineMemory:
        ints = np.zeros(registers.INTS, np.int64)
        arena = np.zeros((WEIGHTS + 1) * 64, np.uint8)
        arena.view(np.float64)[WEIGHTS * registers.SLOT :] = np.arange(8) + 1
        memory = MachineMemory(
            ints=ints,
            reals=np.zeros(registers.REALS),
            history=np.full(self.epochs * (3 + self.host_columns), np.nan),
            order=np.zeros(self.rows, np.int64),
            train_rows=np.arange(self.rows) + 100,
            val_rows=np.arange(self.val_rows) + 200,
            parameters=arena[WEIGHTS * 64 :],
            best=np.zeros(64, np.uint8),
            arena=arena,
        )
        machine.start(ints, memory.reals)
        self.write(memory)
        return memory

    def write(self, memory: MachineMemory) -> None:
        stop, keep = self.stop or (-1, False, 0, 0.0), self.keep or (-1, False)
        plan = {
            registers.LAST_EPOCH: int(memory.ints[registers.FIRST_EPOCH]) + self.epochs,
            registers.TRAIN_ROWS: self.rows,
            registers.VAL_ROWS: self.val_rows,
            registers.BATCH: self.batch,
            registers.CHUNK: self.chunk,
            registers.SEED: self.seed,
            registers.SHUFFLE: int(self.shuffle),
            registers.COLUMNS: 3 + self.host_columns,
            registers.HOST_COLUMNS: self.host_columns,
            registers.STOP_COLUMN: stop[0],
            registers.STOP_HIGHER: int(stop[1]),
            registers.PATIENCE: stop[2],
            registers.KEEP_COLUMN: keep[0],
            registers.KEEP_HIGHER: int(keep[1]),
            registers.ASK_EPOCH_END: int(self.ask),
            registers.TRAIN_SLOT: TRAIN_SLOT,
            registers.EVALUATE_SLOT: EVALUATE_SLOT,
            registers.FINISH_SLOT: FINISH_SLOT,
            registers.TOTAL_SLOT: TOTAL_SLOT,
            registers.TOTALS: 2 * registers.SLOT + 1,
            registers.WORDS: 8,
        }
        for place, value in plan.items():
            memory.ints[place] = value
        memory.reals[registers.THRESHOLD] = stop[3]


@dataclass
class FakeModel:
    """Entries on a memory: each thread updates its share of the weights, thread 0 logs and writes the results.

    After `stop_after` batches, of training or validation, the host asks for `request`. `scores` replaces the metrics,
    `objective` adds to the objective of the n-th batch.
    """

    memory: MachineMemory
    scores: Scores | None = None
    objective: Callable[[int], float] | None = None
    stop_after: int = -1
    request: int = registers.INTERRUPT
    threads: int = 1
    batches: list[list[int]] = field(default_factory=list)
    chunks: list[list[int]] = field(default_factory=list)
    clock: list[tuple[float, float, float, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = threading.Barrier(self.threads)

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        return self.memory.parameters.view(np.float64)

    def train(self, thread: int, threads: int, first: int, rows: int) -> None:
        slots, whole = self.memory.arena.view(np.float64), self.memory.arena.view(np.int64)
        chosen = self.memory.order[first : first + rows]
        iteration = slots[registers.CLOCK_ITERATION]
        for k in range(thread, 8, threads):
            self.weights[k] = self.weights[k] * 0.9 + math.sin(chosen.sum() + k) / iteration
        self.barrier(thread, threads)
        if thread == 0:
            self.batches.append(chosen.tolist())
            whole_clock = (int(whole[registers.CLOCK_SEED]), int(whole[registers.CLOCK_EPOCH]))
            self.clock.append((*slots[[0, registers.CLOCK_PROGRESS, registers.CLOCK_ROWS]].tolist(), *whole_clock))
            loss = float(self.weights.sum()) ** 2 * rows
            fault = self.objective(len(self.batches)) if self.objective else 0.0
            _write(slots, TRAIN_SLOT, (loss / rows + fault, rows, loss))
            self._count()
        self.barrier(thread, threads)

    def evaluate(self, thread: int, threads: int, first: int, rows: int) -> None:
        if thread == 0:
            chosen = self.memory.val_rows[first : first + rows]
            self.chunks.append(chosen.tolist())
            slots = self.memory.arena.view(np.float64)
            _write(slots, EVALUATE_SLOT, (rows, float(chosen.sum() * self.weights[0]), rows * self.weights[1]))
            self._count()
        self.barrier(thread, threads)

    def finish(self, thread: int, threads: int) -> None:
        if thread == 0:
            slots = self.memory.arena.view(np.float64)
            total = [slots[(TOTAL_SLOT + k) * registers.SLOT] for k in range(3)]
            own = (total[1] / total[0], total[2] / total[0])
            epoch = int(self.memory.ints[registers.EPOCH])
            _write(slots, FINISH_SLOT, self.scores(epoch) if self.scores else own)
        self.barrier(thread, threads)

    def _count(self) -> None:
        if len(self.batches) + len(self.chunks) == self.stop_after:
            self.memory.ints[registers.REQUEST] = self.request

    def barrier(self, thread: int, threads: int) -> None:
        if threads > 1:
            self.gate.wait()

    def run(self) -> int:
        """The machine's answer; the request is withdrawn, as a host does before it goes on."""
        if self.threads == 1:
            machine.run(self.memory, self)
        else:
            workers = [
                threading.Thread(target=machine.run, args=(self.memory, self, t, self.threads))
                for t in range(self.threads)
            ]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        self.memory.ints[registers.REQUEST] = registers.GO_ON
        return int(self.memory.ints[registers.ANSWER])


def _write(slots: npt.NDArray[np.float64], first: int, values: Sequence[float]) -> None:
    for k, value in enumerate(values):
        slots[(first + k) * registers.SLOT] = value


def deliver(model: FakeModel) -> None:
    """Writes the host's columns of the row, as a host does: a number that follows from the weights."""
    ints = model.memory.ints
    columns, own = int(ints[registers.COLUMNS]), int(ints[registers.HOST_COLUMNS])
    end = (int(ints[registers.EPOCH] - ints[registers.FIRST_EPOCH]) + 1) * columns
    model.memory.history[end - own : end] = model.weights[:own]
    ints[registers.HOST_ROW] = registers.WRITTEN


def trained(case: Case, scores: Scores | None = None) -> tuple[int, FakeModel]:
    model = FakeModel(case.memory(), scores)
    return model.run(), model


def history(model: FakeModel) -> npt.NDArray[np.float64]:
    return model.memory.history.reshape(-1, int(model.memory.ints[registers.COLUMNS]))


def state(memory: MachineMemory) -> tuple[bytes, ...]:
    """All that a training leaves behind but the machine's talk."""
    kept: Integers = memory.ints[: registers.COMMAND]
    return tuple(
        array.tobytes() for array in (kept, memory.reals, memory.history, memory.order, memory.arena, memory.best)
    )
