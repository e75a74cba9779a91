"""A compiled model in Python: train it, ask it, look into it.

    model = dslc.compile("models/digits.dsl")
    history = model.fit()                  # the file's own data
    model.evaluate()                       # the test part
    model.predict(images)                  # original labels

`compile` reads and checks at once; code is generated and compiled when something first runs. Arrays go in
as they are (unscaled, original labels) and come out so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from dslc.backends import get_backend
from dslc.data.classes import Label
from dslc.data.feed import feed, join, read_inputs
from dslc.data.load import load as load_data
from dslc.data.prepare import Dataset, Preparation, prepare
from dslc.data.rows import read_rows
from dslc.data.scale import Reals
from dslc.data.split import all_training
from dslc.data.table import Frame
from dslc.data.weights import weights_of
from dslc.diagnostics import DataError
from dslc.driver import Compilation, compile_front
from dslc.elaborate.experiment import Experiment
from dslc.graph.graph import Array
from dslc.plan import Parts, ResourcePlan, plan_resources
from dslc.program.backend import Backend, Executable, Integers
from dslc.program.program import Element, Program
from dslc.runtime.history import History, Status
from dslc.runtime.rows import Rows
from dslc.runtime.session import Session
from dslc.saved import Saved, read_saved
from dslc.source import Source

if TYPE_CHECKING:
    import networkx as nx

Inputs: TypeAlias = npt.ArrayLike | Mapping[str, npt.ArrayLike] | Frame
Part: TypeAlias = Literal["train", "val", "test"]

TRAINING = ("train", "evaluate", "predict", "finish")
"""The entries of the program that trains; gradients are a program of their own, compiled when first asked for."""


def compile(
    path: str | Path | None = None,
    *,
    text: str | None = None,
    backend: str = "cpu",
    settings: Mapping[str, object] | None = None,
    threads: int | None = None,
    dtype: str = "float32",
    data: str | Path | Mapping[str, str | Path] | None = None,
) -> Model:
    """A model from a model file, or from `text`, whose paths start at the working directory.

    `settings` override `let`s; `data` replaces the file's data path (a mapping replaces several, by their text);
    `threads` None lets the program's size decide; `dtype` is `float32` or `float64`. Raises ModelError with all
    diagnostics, DataError, BackendUnavailable, OSError for a file that cannot be read.
    """
    if (path is None) == (text is None):
        raise TypeError("give either a path or text=")
    real = {"float32": Element.F32, "float64": Element.F64}.get(dtype)
    if real is None:
        raise ValueError(f"dtype is float32 or float64, not {dtype!r}")
    chosen = get_backend(backend)
    source = (
        Source("model.dsl", text) if text is not None else Source(str(path), Path(str(path)).read_text("utf-8-sig"))
    )
    folder = Path() if path is None else Path(path).parent
    paths = {"": Path(data)} if isinstance(data, str | Path) else {name: Path(p) for name, p in (data or {}).items()}
    written = {name: _written(value) for name, value in (settings or {}).items()}
    return Model(compile_front(source, folder, written, paths), chosen, real, threads)


def load(path: str | Path, *, backend: str = "cpu", threads: int | None = None) -> Model:
    """The model that `Model.save` wrote: weights, optimizer state and preparation included, its data not.

    Raises DataError where the file is damaged or does not fit this dslc, BackendUnavailable, OSError.
    """
    chosen, saved = get_backend(backend), read_saved(Path(path))
    model = Model(saved.compilation, chosen, saved.real, threads)
    model.session.set_parameters(saved.weights)
    model.session.set_states(saved.states)
    model.session.set_counters(saved.epoch, saved.iteration)
    model.epochs = saved.history
    return model


def _written(value: object) -> str:
    """A setting's value as a model file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)


class Model:
    """Weights, optimizer state and the program that trains them. Calls from several threads take turns."""

    def __init__(self, compilation: Compilation, backend: Backend, real: Element, threads: int | None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"a number of threads is 1 or more, not {threads}")
        self.compilation = compilation
        self.dataset = compilation.dataset
        self.threads = threads
        self._backend = backend
        self._real = real
        self._preparation: Preparation | None = compilation.dataset.preparation
        self._weight: Reals | None = None
        self._session: Session | None = None
        self._gradient_session: Session | None = None
        self._turn = threading.RLock()
        self.compile_seconds = 0.0
        self.epochs: tuple[Mapping[str, float], ...] = ()
        """The rows of the history of every fit since the model was made, those of a loaded model included."""

    # --- what was compiled ------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """The elaborated model file: settings, parameters, metrics, the loop."""
        return self.compilation.experiment

    @property
    def session(self) -> Session:
        """Where the model trains; compiled when first asked for."""
        with self._turn:
            if self._session is None:
                self._session = self._compiled(TRAINING, max(1, len(self.dataset.train)))
            return self._session

    @property
    def rows(self) -> Rows:
        """The prepared rows that the model trains on, all parts."""
        return _rows(self.dataset, self._weight)

    @property
    def program(self) -> Program:
        return self.session.program

    @property
    def source(self) -> str:
        """The generated module, to be read."""
        return self.session.executable.source

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The training step before optimisation: forward, gradients, updates."""
        from dslc.graph.graph import to_networkx

        return to_networkx(self.compilation.graphs["train"])

    @property
    def peak_bytes(self) -> int:
        """Exact bytes of the arena: weights, optimizer state, one batch and everything computed from it."""
        return self.program.arena_bytes

    @property
    def plan(self) -> ResourcePlan:
        """What training on the model's data costs; nothing is compiled for it."""
        rows = max(1, len(self.dataset.train))
        program = self._session.program if self._session else self.compilation.program(self._real, TRAINING, rows)
        parts = Parts(len(self.dataset.train), len(self.dataset.val), self.rows.count)
        return plan_resources(self.experiment, program, parts)

    def summary(self) -> str:
        """The plan as text: layers, parameters, operations, bytes, and what they suggest."""
        plan = self.plan
        return f"{plan.to_text()}\n\nnote: {plan.advice}" if plan.advice else plan.to_text()

    def _compiled(self, entries: tuple[str, ...], training_rows: int) -> Session:
        started = time.perf_counter()
        program = self.compilation.program(self._real, entries, training_rows)
        executable: Executable = self._backend.compile(program)
        self.compile_seconds += time.perf_counter() - started
        return Session(program, executable, self.experiment, self.threads or 0)

    # --- training ---------------------------------------------------------------------------------

    def fit(
        self,
        x: Inputs | None = None,
        y: npt.ArrayLike | None = None,
        *,
        validation: tuple[Inputs, npt.ArrayLike] | None = None,
        epochs: int | None = None,
        seed: int | None = None,
        shuffle: bool | None = None,
        sample_weight: npt.ArrayLike | None = None,
        callback: Callable[[Status], bool | None] | None = None,
    ) -> History:
        """Trains, going on from where the model stands, on the file's data or on `x` [rows, *shape] and `y`.

        With `x` the data block's split applies, unless `validation` gives the rows to validate on. Preparation is
        fitted at the first fit and kept. `sample_weight` [rows] says how much each row of `x` counts, in the loss and
        in what is reported; rows to validate on count 1. `epochs`, `seed` and `shuffle` replace the train block's
        settings; `callback(status)` runs after each epoch and ends training by returning False. Raises DataError, and
        TrainingDiverged where the loss is no longer finite.
        """
        with self._turn:
            if x is None and sample_weight is not None:
                raise TypeError("`sample_weight` comes with `x`")
            dataset = self._dataset(x, y, validation)
            if sample_weight is not None:
                self._weight = weights_of(sample_weight, dataset, validation is not None)
            elif x is not None:
                self._weight = None
            self._preparation = dataset.preparation
            self.dataset = dataset
            self._fit_capacity(len(dataset.train))
            loop = self.experiment.loop
            loop = replace(
                loop,
                epochs=loop.epochs if epochs is None else epochs,
                seed=loop.seed if seed is None else seed,
                shuffle=loop.shuffle if shuffle is None else shuffle,
            )
            history = self.session.train(self.rows, dataset.train, dataset.val, loop, callback)
            self.epochs += history.epochs
            return history

    def _dataset(
        self, x: Inputs | None, y: npt.ArrayLike | None, validation: tuple[Inputs, npt.ArrayLike] | None
    ) -> Dataset:
        if x is None:
            if y is not None or validation is not None:
                raise TypeError("`y` and `validation` come with `x`")
            if len(self.dataset.train) == 0:
                raise DataError("this model's data comes from Python: fit(x, y)")
            return self.dataset
        raw, parts = feed(self.compilation.raw, x, y), None
        if validation is not None:
            raw, parts = join(raw, feed(self.compilation.raw, *validation))
        return prepare(raw, self.compilation.task, parts, self._preparation)

    def _fit_capacity(self, training_rows: int) -> None:
        """A program whose batches have room for all training rows, where the file asks for `batch all`."""
        if self.experiment.loop.batch is not None or self._session is None:
            return
        old = self._session
        if training_rows > old.program.capacity:
            self._session = self._compiled(TRAINING, training_rows)
            self._session.continue_from(old)

    def request_stop(self) -> None:
        """Ends the running training after its current batch; may be called from a signal handler."""
        if self._session is not None:
            self._session.request_stop()

    def status(self) -> Status:
        """Where training stands; may be called from any thread while it runs."""
        return self.session.status()

    def reset(self, seed: int | None = None) -> None:
        """Starts anew: initial weights and states of `seed`, the file's if None."""
        self.session.reset(self.experiment.loop.seed if seed is None else seed)
        self.epochs = ()

    def save(self, path: str | Path) -> None:
        """Writes the model file (`.dslm`), atomically; `dslc.load` reads it. Raises OSError."""
        with self._turn:
            session, preparation = self.session, self._preparation
            epoch, iteration = session.counters
            compilation = replace(self.compilation, dataset=self.dataset)
            saved = Saved(compilation, self._real, session.parameters, session.states, epoch, iteration, self.epochs)
            saved.write(Path(path), preparation)

    # --- using ------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Inputs | None = None,
        y: npt.ArrayLike | None = None,
        *,
        sample_weight: npt.ArrayLike | None = None,
    ) -> dict[str, float]:
        """`loss` and the watched metrics over `x` and `y`, or over the test part of the file's data."""
        if x is None:
            return self.evaluate_part("test")
        dataset = self._prepared(x, y)
        weight = None if sample_weight is None else weights_of(sample_weight, dataset, False)
        return self.session.evaluate(_rows(dataset, weight))

    def evaluate_part(self, part: Part) -> dict[str, float]:
        """`loss` and metrics over one part of the data that the model trains on; empty for a part without rows."""
        chosen = {"train": self.dataset.train, "val": self.dataset.val, "test": self.dataset.test}[part]
        return self.session.evaluate(self.rows, chosen) if len(chosen) else {}

    def evaluate_file(self, path: str | Path | None = None) -> dict[str, float]:
        """`loss` and metrics over all rows of the file at `path`, read as the data block reads its own.

        Without a path: over the test part of the data block's own file, below the working directory, or over all of
        its rows where it has no test part.
        """
        overrides = {} if path is None else {"": Path(path)}
        raw = load_data(self.compilation.module, Path(), overrides)
        if raw.table.rows == 0:
            raise DataError("this model's data comes from Python: evaluate(x, y)")
        parts = None if path is None else all_training(raw.table.rows)
        dataset = prepare(raw, self.compilation.task, parts, self._fitted())
        chosen = dataset.test if path is None and len(dataset.test) else None
        return self.session.evaluate(_rows(dataset), chosen)

    def read_rows(self, path: str | Path) -> Inputs:
        """The inputs in a CSV, Parquet or npz file, for `predict`: the columns or arrays that the model knows."""
        return read_rows(self.compilation.raw.recipe, self.experiment.schema, Path(path))

    def predict(self, x: Inputs) -> Array:
        """The predicted label or value for each row of `x`, in the target's own labels and unit."""
        decision = self._predicted(x)["decision"]
        preparation = self._fitted()
        if preparation.classes is not None:
            labels: Array = np.asarray(preparation.classes)[decision.astype(np.int64)]
            return labels
        return preparation.restore(decision.astype(np.float64))

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The labels in the order of `predict_proba`'s columns; None for a target of values."""
        return self._fitted().classes

    def predict_proba(self, x: Inputs) -> Array:
        """Probabilities [rows, classes], in the order of the sorted labels. Raises DataError for a target of values."""
        if self._fitted().classes is None:
            raise DataError("a target of values has no class probabilities")
        probability = self._predicted(x)["probability"]
        single = probability.ndim == 1 or probability.shape[1] == 1
        flat = probability.reshape(len(probability), -1)
        return np.concatenate([1 - flat, flat], axis=1) if single else flat

    def forward(self, x: Inputs) -> Array:
        """The net's raw output [rows, ...]: before the loss's link."""
        return self._predicted(x)["prediction"]

    def _predicted(self, x: Inputs) -> dict[str, Array]:
        inputs = self._fitted().apply(read_inputs(self.compilation.raw.recipe, self.experiment.schema.inputs, x))
        return self.session.predict(Rows(inputs))

    def _fitted(self) -> Preparation:
        """The preparation; a model that was never fitted prepares nothing and knows declared classes only."""
        if self._preparation is not None:
            return self._preparation
        target = self.experiment.schema.target
        return Preparation({}, None, tuple(range(target.classes)) if target and target.classes else None)

    def _prepared(self, x: Inputs, y: npt.ArrayLike | None) -> Dataset:
        raw = feed(self.compilation.raw, x, y)
        return prepare(raw, self.compilation.task, all_training(raw.table.rows), self._fitted())

    # --- looking inside ---------------------------------------------------------------------------

    @property
    def weights(self) -> dict[str, Array]:
        """Copies of the weights by name, `dense.w` [fan_in, units]."""
        return self.session.parameters

    def set_weights(self, weights: Mapping[str, npt.ArrayLike]) -> None:
        """Sets the weights named, and nothing else. Raises DataError for a name or shape that is not there."""
        self.session.set_parameters({name: np.asarray(value) for name, value in weights.items()})

    def loss(self, x: Inputs, y: npt.ArrayLike | None = None) -> float:
        """The objective on all rows as one batch, penalties included, in training: what `gradients` differentiates."""
        return self.objective(_rows(self._prepared(x, y)))[0]

    def gradients(self, x: Inputs, y: npt.ArrayLike | None = None) -> dict[str, Array]:
        """The objective's gradient for each weight, shaped like it, float64."""
        return self.objective(_rows(self._prepared(x, y)))[1]

    def objective(self, rows: Rows, chosen: Integers | None = None) -> tuple[float, dict[str, Array]]:
        """Objective and gradients of prepared rows as one batch: those numbered `chosen`, or all.

        Their program is one of its own, compiled when first asked for.
        """
        with self._turn:
            if self._gradient_session is None:
                self._gradient_session = self._compiled(("gradients",), max(1, len(self.dataset.train)))
            self._gradient_session.set_parameters(self.session.parameters)
            return self._gradient_session.gradients(rows, chosen)


def _rows(dataset: Dataset, weight: Reals | None = None) -> Rows:
    beside = dataset.weight if weight is None or dataset.weight is None else weight * dataset.weight
    return Rows(dataset.inputs, dataset.target, weight if beside is None else beside)
