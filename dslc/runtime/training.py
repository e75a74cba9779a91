"""One plan of training, from its first epoch to the answer that ends it.

The machine runs in a thread of its own, where compiled code holds no GIL, while the calling thread waits a
little at a time: so signals and the clock reach it between two batches. An interrupted training can be run on,
also where it was interrupted while the host computed the metrics that the machine waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dslc.diagnostics import TrainingDiverged
from dslc.graph.graph import Array
from dslc.program import machine, registers
from dslc.program.backend import Executable, MachineMemory
from dslc.runtime.health import is_health
from dslc.runtime.history import History, Status, history_row
from dslc.runtime.plan import Plan
from dslc.runtime.rows import Rows
from dslc.source import Span

OnEpoch: TypeAlias = Callable[[Status], bool | None]
"""Called after every epoch by the thread that trains the model; returning False ends training."""

Measure: TypeAlias = Callable[[], Mapping[str, float]]
"""The metrics of the validation part as a whole, by name, of the weights as they are."""

WAIT = 0.05
"""Seconds between two looks at signals and the clock."""


INTERRUPTED = "interrupted"
"""Why a training has stopped that can be gone on with."""

ASKS = (registers.EPOCH_END, registers.METRICS_DUE)
"""Answers after which the machine goes on by itself."""


@dataclass(slots=True)
class StopRequest:
    """Whether training was asked to stop. No lock, as an Event has, which a signal handler would wait for forever."""

    made: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """What the machine leaves to its host.

    `measure` gives the columns of the history that are the host's. Before an epoch of `prune_before`, numbered from 0
    over the model's life, `prune` is called with the number.
    """

    measure: Measure
    prune_before: frozenset[int]
    prune: Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """The state of it is in `memory`, its `rows` as arrays in `sources`; `loss_span` is named where the loss diverges.

    While `stop` is made, `run` returns after the current batch; it is cleared when it does.
    """

    executable: Executable
    memory: MachineMemory
    rows: Rows
    sources: tuple[Array, ...]
    plan: Plan
    loss_span: Span
    threads: int
    stop: StopRequest
    host: Host

    def run(self, on_epoch: OnEpoch | None) -> History:
        """Trains until the plan ends. Raises TrainingDiverged, and what `on_epoch` or a signal raises."""
        ints, limit = self.memory.ints, self.plan.loop.time_limit
        started, ended_by = time.monotonic(), "time limit"
        ints[registers.ASK_EPOCH_END] = on_epoch is not None or bool(self.host.prune_before)
        try:
            self._prune()
            while (answer := self._advance(started + limit if limit is not None else None)) in ASKS:
                if answer == registers.METRICS_DUE:
                    self._write_host_columns()
                elif on_epoch is not None and on_epoch(self.status()) is False:
                    ended_by = "callback"
                    ints[registers.REQUEST] = registers.END
                self._prune()
        finally:
            self.stop.made = False
        if answer in (registers.FAULT, registers.VALIDATION_FAULT):
            raise TrainingDiverged(self._fault(answer))
        return self._history(self._reason(answer, ended_by), time.monotonic() - started)

    def _prune(self) -> None:
        """Where the epoch that begins asks for it: the net is another then, and what was best before counts no more."""
        ints = self.memory.ints
        epoch, begun = int(ints[registers.EPOCH]), int(ints[registers.CURSOR]) > 0
        if (
            epoch not in self.host.prune_before
            or begun
            or epoch >= ints[registers.LAST_EPOCH]
            or ints[registers.REASON]
        ):
            return
        self.host.prune(epoch)
        machine.forget_best(ints, self.memory.reals)

    def _write_host_columns(self) -> None:
        """In the order of the plan; said to be written when all of them are."""
        ints, columns = self.memory.ints, self.plan.columns
        start = int(ints[registers.EPOCH] - ints[registers.FIRST_EPOCH]) * len(columns)
        for name, value in self.host.measure().items():
            self.memory.history[start + columns.index(f"val.{name}")] = value
        ints[registers.HOST_ROW] = registers.WRITTEN

    def status(self) -> Status:
        """Where it stands; may be called from any thread."""
        ints = self.memory.ints
        epoch = int(ints[registers.EPOCH] - ints[registers.FIRST_EPOCH])
        return Status(
            epoch=epoch,
            epochs=self.plan.loop.epochs,
            rows=int(ints[registers.CURSOR]),
            rows_per_epoch=self.plan.train_rows,
            iteration=int(ints[registers.ITERATION]),
            objective=float(self.memory.reals[registers.OBJECTIVE]),
            row=self._row(epoch - 1) if epoch else {},
        )

    def _advance(self, deadline: float | None) -> int:
        """One call of the machine and its answer; what it raises is raised here."""
        raised: list[BaseException] = []
        # Not `Thread.join`: one that a signal ends counts the thread as finished (CPython, bpo-45274).
        finished = threading.Event()

        def work() -> None:
            try:
                self.executable.advance(self.memory, self.sources, self.threads)
            except BaseException as error:
                raised.append(error)
            finally:
                finished.set()

        ints = self.memory.ints
        if self.stop.made:
            ints[registers.REQUEST] = registers.INTERRUPT
        thread = threading.Thread(target=work, name="dslc training", daemon=True)
        try:
            thread.start()  # a signal may come as soon as it runs
            while not finished.wait(WAIT):
                if deadline is not None and time.monotonic() > deadline and not self.stop.made:
                    ints[registers.REQUEST] = registers.END
        except BaseException:
            ints[registers.REQUEST] = registers.INTERRUPT
            while not finished.wait(WAIT) and thread.is_alive():
                pass
            raise
        if raised:
            raise raised[0]
        return int(ints[registers.ANSWER])

    def _history(self, stopped: str, seconds: float) -> History:
        ints = self.memory.ints
        first, best = int(ints[registers.FIRST_EPOCH]), int(ints[registers.BEST_EPOCH])
        epochs = tuple(self._row(k) for k in range(int(ints[registers.EPOCH]) - first))
        return History(epochs, stopped, best - first + 1 if best >= 0 else None, seconds)

    def _row(self, epoch: int) -> dict[str, float]:
        row = history_row(self.memory.history, self.plan.columns, epoch)
        present = {name: value for name, value in row.items() if self.plan.val_rows or not name.startswith("val.")}
        return dict(sorted(present.items(), key=lambda column: is_health(column[0])))

    def _reason(self, answer: int, ended_by: str) -> str:
        """Why the machine stopped, in words."""
        rule, reason = self.plan.loop.stop, int(self.memory.ints[registers.REASON])
        if answer == registers.INTERRUPTED:
            return INTERRUPTED
        if answer == registers.FINISHED:
            return "finished"
        if rule is not None and reason == registers.BY_PATIENCE:
            return f"{rule.column} stalled for {rule.patience} epochs"
        if rule is not None and reason == registers.BY_THRESHOLD:
            return f"{rule.column} passed {rule.threshold:g}"
        return ended_by

    def _fault(self, answer: int) -> str:
        ints = self.memory.ints
        step, epoch = int(ints[registers.ITERATION]), int(ints[registers.EPOCH] - ints[registers.FIRST_EPOCH]) + 1
        what, when = ("loss", "at") if answer == registers.FAULT else ("validation loss", "after")
        place = self.loss_span.place
        # The first step's loss is that of the initial weights: no rate has acted yet.
        advice = "; a smaller learning rate may help" if when == "after" or step > 1 else ""
        return f"{place}: the {what} is not finite {when} step {step} (epoch {epoch}){advice}"
