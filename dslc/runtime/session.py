"""A session: one program with the memory it trains in; everything that a model can do ends here.

Weights, optimizer state and counters lie in the session's memory and last from one training to the next.
What goes in and out is copied.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from dslc.diagnostics import DataError
from dslc.elaborate.experiment import AVERAGE, DEAD, MASK, THRESHOLD, Experiment, Loop
from dslc.graph.graph import Array, Graph
from dslc.program import registers
from dslc.program.backend import Executable, Integers, Reals
from dslc.program.program import Program, Region
from dslc.runtime.calls import Caller
from dslc.runtime.history import Evaluation, History, Status
from dslc.runtime.memory import plan_memory, resident
from dslc.runtime.plan import Plan, check_plan, columns_of, write_plan
from dslc.runtime.predictor import Predictor, predictor
from dslc.runtime.pruning import mask_after
from dslc.runtime.rows import Rows, sources_of
from dslc.runtime.tensors import initial_values, tensors_of
from dslc.runtime.threshold import best_threshold
from dslc.runtime.training import INTERRUPTED, Host, OnEpoch, StopRequest, Training
from dslc.runtime.turn import Turn
from dslc.runtime.whole_part import columns_in, whole_part


class Session:
    """Weights, optimizer state and counters of one model. Calls from several threads take turns."""

    def __init__(
        self,
        program: Program,
        executable: Executable,
        experiment: Experiment,
        threads: int = 0,
        whole: Graph | None = None,
    ) -> None:
        """`threads` 0 leaves their number to the executable; `whole` is the experiment's in a stable form.

        Raises MemoryError where the arena does not fit.
        """
        self.program = program
        self.experiment = experiment
        self._whole = whole or experiment.whole
        self.threads = threads
        self.executable = executable
        self._kept = resident(program)
        self._caller = Caller(program, executable, self._kept.arena, threads)
        self._predictor: Predictor | None = None
        arena = self._kept.arena
        weights, states = ({t.name: t.shape for t in tensors} for tensors in (experiment.parameters, experiment.states))
        self._parameters = tensors_of(program, arena, Region.PARAMETER, "weight", weights)
        self._states = tensors_of(program, arena, Region.STATE, "state", states)
        scalars = dict.fromkeys((setting.name for setting in experiment.settings), ())
        self._settings = tensors_of(program, arena, Region.SETTING, "setting", scalars)
        self._turn = Turn()
        self._training: Training | None = None
        self._stop = StopRequest()
        for setting in experiment.settings:
            if setting.name in self._settings.buffers and isinstance(setting.value, int | float):
                self.set_setting(setting.name, setting.value)
        self.reset(experiment.loop.seed)

    # --- tensors ----------------------------------------------------------------------------------

    def reset(self, seed: int) -> None:
        """Initial weights and states of `seed`; no update was made."""
        with self._turn:
            values = initial_values(self.experiment, seed)
            for tensors in (self._parameters, self._states):
                tensors.write({name: values[name] for name in tensors.buffers})
            self._kept.ints[:] = 0
            self._kept.reals[:] = 0
            self._training = None

    @property
    def parameters(self) -> dict[str, Array]:
        """Copies, in the program's element type."""
        with self._turn:
            return self._parameters.read()

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        """Sets the weights named, and no state. Raises DataError for a name or a shape that is not there.

        The moving average of a weight begins anew at the value set, unless it is set as well.
        """
        averages = {
            AVERAGE + name: value for name, value in values.items() if AVERAGE + name in self._parameters.buffers
        }
        with self._turn:
            self._parameters.write({**averages, **values})

    @property
    def states(self) -> dict[str, Array]:
        """Copies of the optimizer's state."""
        with self._turn:
            return self._states.read()

    def set_states(self, values: Mapping[str, Array]) -> None:
        with self._turn:
            self._states.write(values)

    def set_setting(self, name: str, value: float) -> None:
        """Sets a `let` that is a run-time value. Raises DataError for one that is not."""
        with self._turn:
            self._settings.write({name: np.asarray(value, np.float64)})

    @property
    def counters(self) -> tuple[int, int]:
        """Epochs begun and updates made over the model's life."""
        return int(self._kept.ints[registers.EPOCH]), int(self._kept.ints[registers.ITERATION])

    def set_counters(self, epoch: int, iteration: int) -> None:
        with self._turn:
            self._kept.ints[registers.EPOCH], self._kept.ints[registers.ITERATION] = epoch, iteration

    def continue_from(self, other: Session) -> None:
        """Takes over weights, states and counters of a session with the same tensors, compiled for other batches."""
        with self._turn:
            self.set_parameters(other.parameters)
            self.set_states(other.states)
            self.set_counters(*other.counters)

    # --- training ---------------------------------------------------------------------------------

    def train(
        self, rows: Rows, train: Integers, val: Integers, loop: Loop | None = None, on_epoch: OnEpoch | None = None
    ) -> History:
        """Trains on the rows numbered `train`, validates on `val`, and goes on from where the model stands.

        `loop` replaces the train block's settings. Weights of rows are scaled to mean 1 over `train`. Raises
        DataError, TrainingDiverged, and what `on_epoch` or a signal raises; the weights stay as they then are.
        """
        with self._turn:
            self.begin(rows, train, val, loop)
            return self.run(on_epoch)

    def begin(self, rows: Rows, train: Integers, val: Integers, loop: Loop | None = None) -> None:
        """Lays a training out, as `train` does; weights, states and counters stay as they are if it raises."""
        with self._turn:
            if rows.weight is not None and len(val) and not rows.weight[val].any():
                raise DataError("the weights of the validation rows sum to 0")
            whole = columns_in(self._whole)
            columns = columns_of(self.program, whole, self.experiment.named)
            plan = Plan(loop or self.experiment.loop, columns, len(whole), len(train), len(val))
            check_plan(plan, self.program)
            wanted = self.experiment.threshold
            if wanted is not None and not len(val):
                raise DataError(f"{wanted.span.place}: the threshold is chosen on validation rows, and there are none")
            memory = plan_memory(self._kept, train, val, plan.loop.epochs, len(plan.columns))
            rows = rows if rows.weight is None else replace(rows, weight=_mean_one(rows.weight, train))
            sources = sources_of(self.program, rows)
            write_plan(memory, plan, self.program)
            span = self.experiment.loss_span
            if (whole or wanted) and len(val):
                self._prediction()  # compiled now, so that no training is kept waiting

            def measure() -> dict[str, float]:
                found = self._over_part(rows, memory.val_rows, whole)
                return {name: float(value) for name, value in found.items()}

            host = Host(measure, frozenset(pruning.epoch for pruning in self.experiment.prunings), self._prune)
            given = memory, rows, sources, plan, span, self.threads, self._stop
            self._training = Training(self.executable, *given, host)

    def _prune(self, epoch: int) -> None:
        """What is to be pruned before this epoch, from 0 over the model's life."""
        for pruning in self.experiment.prunings:
            for name in pruning.weights if pruning.epoch == epoch else ():
                self._prune_weight(name, pruning.share)

    def _prune_weight(self, name: str, share: float) -> None:
        weights, masks = self._parameters.among([name, AVERAGE + name]), self._states.among([MASK + name])
        mask = masks.get(MASK + name, np.ones(weights[name].shape))  # none where the weight is frozen
        left = mask_after(weights[name], mask, share)
        self._states.write(dict.fromkeys(masks, left))
        self._parameters.write({key: np.where(left, value, 0) for key, value in weights.items()})

    def run(self, on_epoch: OnEpoch | None = None) -> History:
        """Runs what `begin` laid out."""
        with self._turn:
            if self._training is None:
                raise ValueError("there is no training to run")
            return self._run(self._training, on_epoch)

    def resume(self, on_epoch: OnEpoch | None = None) -> History:
        """Goes on with a training that was interrupted, as if it had not been; its history has all of its epochs."""
        with self._turn:
            if self._training is None:
                raise ValueError("there is no training to resume")
            self._kept.ints[registers.REQUEST] = registers.GO_ON
            return self._run(self._training, on_epoch)

    def _run(self, training: Training, on_epoch: OnEpoch | None) -> History:
        """When it has ended, the threshold is chosen with the weights that are kept."""
        history, wanted = training.run(on_epoch), self.experiment.threshold
        if wanted is None or history.stopped == INTERRUPTED:
            return history
        rows, chosen = training.rows, training.memory.val_rows
        predicted = self._prediction()(rows.inputs, chosen)
        found = best_threshold(wanted, predicted, rows, chosen, self.program.real)
        if found is not None:
            self._parameters.write({THRESHOLD: np.asarray(found)})
        return replace(history, threshold=found)

    def request_stop(self) -> None:
        """Ends the running training, or the next one, after its batch. Any thread or signal handler may call it."""
        self._stop.made = True
        self._kept.ints[registers.REQUEST] = registers.INTERRUPT

    def status(self) -> Status:
        """Where training stands; may be called from any thread while it runs."""
        training = self._training
        return Status(0, 0, 0, 0, 0, math.nan, {}) if training is None else training.status()

    # --- using ------------------------------------------------------------------------------------

    def evaluate(self, rows: Rows, chosen: Integers | None = None) -> Evaluation:
        """`loss` and the metrics over the rows numbered `chosen`, all if None."""
        with self._turn:
            if self._training is not None and self._training.rows.holds(rows):
                order = np.arange(rows.count) if chosen is None else np.ascontiguousarray(chosen, np.int64)
                return self._over(self._training.sources, rows, order)
            rows = rows if chosen is None else rows.take(chosen)
            order = np.arange(rows.count)
            return self._over(sources_of(self.program, rows), rows, order)

    def _over(self, sources: tuple[Array, ...], rows: Rows, order: Integers) -> Evaluation:
        sums = self._caller.sums(sources, order)
        found = self._over_part(rows, order, self._whole.outputs)
        numbers = {name: v for name, v in sums.items() if not name.startswith(DEAD)}
        numbers |= {name: float(found[name]) for name in columns_in(self._whole)}
        return Evaluation(numbers, {name: value for name, value in found.items() if name not in numbers})

    def _over_part(self, rows: Rows, chosen: Integers, wanted: Collection[str]) -> dict[str, Array]:
        """These of the metrics that need the rows numbered `chosen` at once, by the weights as they are."""
        if not wanted:
            return {}
        predicted, weights = self._prediction()(rows.inputs, chosen), self._parameters.among([THRESHOLD])
        return whole_part(self._whole, wanted, predicted, rows, chosen, weights)

    def _prediction(self) -> Predictor:
        if self._predictor is None:
            self._predictor = predictor(self.program, self.executable, self._kept.arena, self.threads)
        return self._predictor

    def predict(self, rows: Rows, chosen: Integers | None = None) -> dict[str, Array]:
        """`prediction.HEAD`, `probability.HEAD`, `decision.HEAD` for each row, as the program stores them."""
        with self._turn:
            return self._prediction()(rows.inputs, chosen)

    def gradients(self, rows: Rows, chosen: Integers | None = None) -> tuple[float, dict[str, Array]]:
        """The objective of the rows as one batch in training, penalties included, and its gradients by name.

        Gradients are float64; with the weights' come those of whatever else the program has gradients for.
        """
        with self._turn:
            found = self._objective(rows, chosen)
            gradients = {name.removeprefix("gradient."): g for name, g in found.items() if name != "objective"}
            return float(found["objective"]), gradients

    def _objective(self, rows: Rows, chosen: Integers | None) -> dict[str, Array]:
        rows, ints = rows if chosen is None else rows.take(chosen), self._kept.ints
        if not rows.count:
            raise DataError("a batch needs at least one row")
        slots, whole_slots = self._kept.arena.view(np.float64), self._kept.arena.view(np.int64)
        slots[registers.CLOCK_ITERATION] = ints[registers.ITERATION] + 1
        slots[registers.CLOCK_PROGRESS] = 0
        whole_slots[registers.CLOCK_SEED] = self.experiment.loop.seed
        whole_slots[registers.CLOCK_EPOCH] = ints[registers.EPOCH]
        return self._caller.gradients(sources_of(self.program, rows), np.arange(rows.count))


def _mean_one(weight: Reals | None, train: Integers) -> Reals | None:
    """Weights with mean 1 over the training rows; a last batch of one row weighs as much as any other row."""
    if weight is None:
        return None
    mean = float(np.mean(weight[train]))
    if not mean > 0:
        raise DataError("the weights of the training rows sum to 0")
    return weight / mean
