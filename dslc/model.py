"""A compiled model in Python: train it, ask it, look into it.

    model = dslc.compile("models/digits.dsl")
    history = model.fit()                  # the file's own data
    model.evaluate()                       # the test part
    model.predict(images)                  # original labels

Code is generated and compiled when something first runs. Arrays go in as they are (unscaled, original labels) and
come out so. What is wrong with them is said before anything of the model changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from dslc.arguments import loop_with, names_in, pair, rows_given, seed_of, strict, truth, whole
from dslc.data.classes import Label
from dslc.data.feed import Truth, feed, feed_validation, join
from dslc.data.load import load as load_data
from dslc.data.prepare import Dataset, Preparation
from dslc.data.reader import InputReader, input_reader
from dslc.data.recipe import PythonSource
from dslc.data.rows import read_rows
from dslc.data.split import all_training
from dslc.data.table import Frame
from dslc.data.told import prepare_told
from dslc.data.weights import weights_of
from dslc.diagnostics import DataError
from dslc.driver import Compilation
from dslc.elaborate.experiment import Experiment
from dslc.generation import generate
from dslc.graph.graph import Array
from dslc.plan import Parts, ResourcePlan, plan_resources
from dslc.predictions import Prediction, fitted_for, only, predictions, unfitted
from dslc.program.backend import Backend, Integers
from dslc.program.program import Element, Program
from dslc.runtime.history import Evaluation, History, Status
from dslc.runtime.rows import Rows
from dslc.runtime.session import Session
from dslc.runtime.tensors import new_weights
from dslc.runtime.turn import Turn
from dslc.saved import Saved
from dslc.sessions import TRAINING, Sessions

if TYPE_CHECKING:
    import networkx as nx

Labels: TypeAlias = tuple[Label, ...] | None
Inputs: TypeAlias = npt.ArrayLike | Mapping[str, npt.ArrayLike] | Frame
Part: TypeAlias = Literal["train", "val", "test"]


class Model:
    """Weights, optimizer state and the programs that use them. `dslc.compile` and `dslc.load` make one.

    `x` is an array [rows, *shape], arrays by the input's name, or, for a model of a table, a DataFrame, columns by name
    or one array with the table's columns in order; at least one row. Its cells are those of the file: unscaled, labels
    as they are. `y` is [rows], or [rows, *shape] of values, None where `x` has the target as a column. DataError says
    which row or column does not fit, TypeError and ValueError which argument; the model is then as it was before.

    Calls from several threads take turns: one that predicts while another trains waits for the end of the training.
    """

    def __init__(
        self,
        compilation: Compilation,
        backend: Backend,
        real: Element,
        threads: int | None,
        saved: Saved | None = None,
    ) -> None:
        if threads is not None and whole(threads, "threads") < 1:
            raise ValueError(f"a number of threads is 1 or more, not {threads}")
        self.compilation = compilation
        self.dataset = compilation.dataset
        self.threads = threads
        self._sessions = Sessions(compilation, backend, real, threads, saved)
        self._reader: InputReader | None = None
        self._unfitted = unfitted(compilation.experiment.schema)
        self._turn = Turn()
        self.epochs: tuple[Mapping[str, float], ...] = saved.history if saved else ()
        """The rows of the history of every fit since the model was made, those of a loaded model included."""

    @property
    def experiment(self) -> Experiment:
        """The elaborated model file: settings, parameters, metrics, the loop."""
        return self.compilation.experiment

    @property
    def session(self) -> Session:
        """Where the model trains; compiled when first asked for."""
        with self._turn:
            return self._sessions.training(max(1, len(self.dataset.train)))

    @property
    def compile_seconds(self) -> float:
        """Seconds spent compiling so far."""
        return self._sessions.compile_seconds

    @property
    def rows(self) -> Rows:
        """The prepared rows that the model trains on, all parts."""
        return _rows(self.dataset)

    @property
    def program(self) -> Program:
        """The lowered program that trains: buffers, phases, kernels."""
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
        trained = self._sessions.trained
        program = trained.program if trained else self.compilation.program(self._sessions.real, TRAINING, rows)
        parts = Parts(len(self.dataset.train), len(self.dataset.val), self.rows.count)
        return plan_resources(self.experiment, program, parts)

    def summary(self) -> str:
        """The plan as text: layers, parameters, operations, bytes, and what they suggest."""
        plan = self.plan
        return f"{plan.to_text()}\n\nnote: {plan.advice}" if plan.advice else plan.to_text()

    @strict
    def fit(
        self,
        x: Inputs | None = None,
        y: Truth | None = None,
        *,
        validation: tuple[Inputs, Truth] | None = None,
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
            loop = loop_with(self.experiment.loop, epochs, seed, shuffle)
            if callback is not None and not callable(callback):
                raise TypeError(f"`callback` is a function of the status after an epoch, not {callback!r}")
            if x is None and sample_weight is not None:
                raise TypeError("`sample_weight` comes with `x`")
            dataset = self._dataset(x, y, validation)
            if sample_weight is not None:
                dataset = dataset.weighed(weights_of(sample_weight, dataset, validation is not None))
            session = self._sessions.training(max(1, len(dataset.train)))
            session.begin(_rows(dataset), dataset.train, dataset.val, loop)
            self.dataset = dataset
            history = session.run(callback)
            self.epochs += history.epochs
            return history

    def _dataset(self, x: Inputs | None, y: Truth | None, validation: tuple[Inputs, Truth] | None) -> Dataset:
        if x is None:
            if y is not None or validation is not None:
                raise TypeError("`y` and `validation` come with `x`")
            if len(self.dataset.train) == 0:
                if isinstance(self.compilation.raw.recipe.source, PythonSource):
                    raise DataError("this model's data comes from Python: give `x` and `y`")
                raise DataError("a saved model has no rows: give `x` and `y`, or a path to `evaluate_file`")
            return self.dataset
        raw, parts = feed(self.compilation.raw, x, y), None
        if validation is not None:
            raw, parts = join(raw, feed_validation(self.compilation.raw, *pair(validation, "validation")))
        return prepare_told(raw, self.compilation.tasks, parts, self.dataset.preparation)

    def request_stop(self) -> None:
        """Ends the running training after its current batch; may be called from a signal handler."""
        if self._sessions.trained is not None:
            self._sessions.trained.request_stop()

    def status(self) -> Status:
        """Where training stands; may be called from any thread while it runs."""
        return (self._sessions.trained or self.session).status()

    @strict
    def reset(self, seed: int | None = None) -> None:
        """Starts anew: initial weights and states of `seed`, the file's if None. Preparation is kept."""
        with self._turn:
            self.session.reset(self.experiment.loop.seed if seed is None else seed_of(seed))
            self.epochs = ()

    def save(self, path: str | Path) -> None:
        """Writes the model file (`.dslm`), atomically; `dslc.load` reads it. Raises OSError."""
        with self._turn:
            session = self.session
            epoch, iteration = session.counters
            compilation = replace(self.compilation, dataset=self.dataset)
            weights, states, real = session.parameters, session.states, self._sessions.real
            saved = Saved(compilation, real, weights, states, epoch, iteration, self.epochs)
            saved.write(Path(path))

    @strict
    def evaluate(
        self,
        x: Inputs | None = None,
        y: Truth | None = None,
        *,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Evaluation:
        """`loss` and the watched metrics over `x` and `y`, or over the test part of the data that the model trains on.

        `sample_weight` [rows] says how much each row counts. Empty for a part without rows; `.tables` has the tables.
        """
        if x is None:
            self._dataset(None, y, None)
            return self.evaluate_part("test")
        with self._turn:
            dataset = self._prepared(x, y)
            if sample_weight is not None:
                dataset = dataset.weighed(weights_of(sample_weight, dataset, False))
            return self.session.evaluate(_rows(dataset))

    def evaluate_part(self, part: Part) -> Evaluation:
        """`loss` and metrics over one part of the data that the model trains on; empty for a part without rows."""
        with self._turn:
            chosen = {"train": self.dataset.train, "val": self.dataset.val, "test": self.dataset.test}[part]
            return self.session.evaluate(self.rows, chosen) if len(chosen) else Evaluation({}, {})

    def evaluate_file(self, path: str | Path | None = None) -> Evaluation:
        """`loss` and metrics over all rows of the file at `path`, read as the data block reads its own.

        Without a path: over the test part of the data block's own file, below the working directory, or over all of
        its rows where it has no test part.
        """
        overrides = {} if path is None else {"": Path(path)}
        raw = load_data(self.compilation.module, Path(), overrides)
        if raw.table.rows == 0:
            raise DataError("this model's data comes from Python: evaluate(x, y)")
        parts = None if path is None else all_training(raw.table.rows)
        with self._turn:
            dataset = prepare_told(raw, self.compilation.tasks, parts, self._fitted())
            chosen = dataset.test if path is None and len(dataset.test) else None
            return self.session.evaluate(_rows(dataset), chosen)

    def read_rows(self, path: str | Path) -> Inputs:
        """The inputs in a CSV, Parquet or npz file, for `predict`: the columns or arrays that the model reads."""
        return read_rows(self.compilation.raw.recipe, self.experiment.schema, Path(path))

    @strict
    def predict(self, x: Inputs) -> Array | dict[str, Array]:
        """The predicted label [rows] or value [rows, *shape] of each row of `x`, in the target's labels and unit.

        By target where there are several.
        """
        with self._turn:
            outputs, fitted, heads = self._outputs(x), self._fitted(), self.experiment.heads
        return only({name: fitted_for(name, fitted).restore(outputs[f"decision.{name}"]) for name in heads})

    def predictions(self, x: Inputs) -> dict[str, Prediction]:
        """All that the net says about each row of `x`, by target."""
        with self._turn:
            return predictions(self._outputs(x), self.experiment.schema, self._fitted())

    @property
    def classes(self) -> Labels | dict[str, Labels]:
        """The labels in the order of `predict_proba`'s columns, None for a target of values; by target if several."""
        fitted = self._fitted().targets
        return only({name: fitted[name].classes if name in fitted else None for name in self.experiment.heads})

    @strict
    def predict_proba(self, x: Inputs) -> Array | dict[str, Array]:
        """Probabilities [rows, classes] in the order of `classes`; of several targets those of classes, by name.

        Raises DataError where no target has classes.
        """
        found = {name: p.probability for name, p in self.predictions(x).items() if p.probability is not None}
        if not found:
            raise DataError("a target of values has no class probabilities")
        return found if len(self.experiment.heads) > 1 else only(found)

    @overload
    def forward(self, x: Inputs, at: None = None) -> Array | dict[str, Array]: ...

    @overload
    def forward(self, x: Inputs, at: Sequence[str]) -> dict[str, Array]: ...

    @strict
    def forward(self, x: Inputs, at: Sequence[str] | None = None) -> Array | dict[str, Array]:
        """The net's raw output [rows, ...], before the loss's link, without dropout; by target if there are several.

        `at` asks for tensors by name in its place, each [rows, *shape]: what `net` reads, binds or predicts (`z`), a
        layer's output by its path (`dense_2`, `block.dense`), `prediction`, `probability`, `decision` of the only
        target, or `decision.NAME`. DataError for others.
        """
        if at is None:
            outputs = self._outputs(x)
            return only({name: outputs[f"prediction.{name}"] for name in self.experiment.heads})
        wanted = names_in(at, self.experiment.tensors)
        with self._turn:
            rows = self._read(x)
            found = self._sessions.looking(wanted).predict(rows) if wanted else {}
        return {name: found[name] for name in wanted}

    @strict
    def generate(self, prompt: str, length: int = 200, *, temperature: float = 1.0, seed: int = 0) -> str:
        """The prompt and `length` more tokens, by a net trained on a text; see `dslc.generation`. Raises DataError."""
        with self._turn:
            recipe, session = self.compilation.raw.recipe, self._sessions.predicting()
            drawn = generate(recipe, self._fitted(), session, prompt, length, temperature, seed_of(seed))
            return prompt + "".join(drawn)

    def _outputs(self, x: Inputs) -> dict[str, Array]:
        with self._turn:
            rows = self._read(x)
            return self._sessions.predicting().predict(rows)

    def _read(self, x: Inputs) -> Rows:
        """Rows to predict, prepared."""
        x, fitted, reader = rows_given(x), self._fitted(), self._reader
        if reader is None or reader.fitted is not fitted:
            reader = input_reader(self.compilation.raw.recipe, self.experiment.schema, fitted)
            self._reader = reader
        return Rows(reader.read(x))

    def _fitted(self) -> Preparation:
        return self.dataset.preparation or self._unfitted

    def _prepared(self, x: Inputs, y: Truth | None) -> Dataset:
        raw = feed(self.compilation.raw, x, y)
        return prepare_told(raw, self.compilation.tasks, all_training(raw.table.rows), self._fitted())

    @property
    def weights(self) -> dict[str, Array]:
        """Copies of the weights by name, `dense.w` [fan_in, units]."""
        return self.session.parameters

    def set_weights(self, weights: Mapping[str, npt.ArrayLike]) -> None:
        """Sets the weights named, each in the shape that `weights` gives it, and nothing else.

        All are checked first. Raises DataError for a name, shape or type that does not fit, and for NaN and infinity.
        """
        if not isinstance(weights, Mapping):
            raise TypeError(f"set_weights() takes a mapping from names to arrays, not {type(weights).__name__}")
        self.session.set_parameters(new_weights(weights, self._sessions.real))

    @strict
    def loss(self, x: Inputs, y: Truth | None = None) -> float:
        """The objective over all rows as one batch, as in training, with penalties: what `gradients` differentiates."""
        with self._turn:
            return self.objective(_rows(self._prepared(x, y)))[0]

    @strict
    def gradients(self, x: Inputs, y: Truth | None = None, *, inputs: bool = False) -> dict[str, Array]:
        """The objective's gradient for each weight by its name, shaped like it, float64.

        `inputs` adds those of the input rows as `inputs.NAME` [rows, *shape]: with respect to the inputs as the net
        reads them, scaled and encoded, whose elements for a table are those of its prepared columns. Raises DataError.
        """
        with self._turn:
            rows = _rows(self._prepared(x, y))
            found = self.objective(rows, inputs=truth(inputs, "inputs"))[1]
        unread = {f"inputs.{name}": values for name, values in rows.inputs.items()} if inputs else {}
        return found | {name: np.zeros(values.shape) for name, values in unread.items() if name not in found}

    def objective(
        self, rows: Rows, chosen: Integers | None = None, inputs: bool = False
    ) -> tuple[float, dict[str, Array]]:
        """Objective and gradients of prepared rows as one batch: those numbered `chosen`, or all.

        Their program is one of its own, compiled when first asked for.
        """
        with self._turn:
            session = self._sessions.differentiating(inputs, max(1, len(self.dataset.train)))
            return session.gradients(rows, chosen)


def _rows(dataset: Dataset) -> Rows:
    return Rows(dataset.inputs, dataset.beside, dataset.weight, dataset.numbers)
