"""The programs of one model, each lowered and compiled when it is first asked for, all with the same weights.

The program that trains is the model: weights, optimizer state and counters are in its session. Before it is needed,
a loaded model predicts with a program of the one entry `predict`, which is there sooner. Gradients and looks at
inner tensors have programs of their own, which get the weights before every use. One thread at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from dslc.diagnostics import DataError
from dslc.driver import Compilation
from dslc.entries import gradients_of, optimise, tensors_of
from dslc.graph.graph import Array, Graph
from dslc.program.backend import Backend
from dslc.program.program import Element, Program
from dslc.runtime.session import Session
from dslc.saved import Saved

TRAINING = ("train", "health", "evaluate", "predict", "finish")
"""The entries of the program that trains."""


PREDICT = ("predict",)


class Sessions:
    """`compile_seconds` is the time spent lowering and compiling so far."""

    def __init__(
        self, compilation: Compilation, backend: Backend, real: Element, threads: int | None, saved: Saved | None
    ) -> None:
        self.compilation = compilation
        self.real = real
        self.compile_seconds = 0.0
        self.trained: Session | None = None
        """The session that trains, once there is one."""
        self._backend = backend
        self._threads = threads or 0
        self._saved = saved
        self._others: dict[tuple[str, ...], Session] = {}

    def training(self, rows: int) -> Session:
        """Where the model trains; batches that are to hold all rows have room for so many training rows."""
        old = self.trained
        if old is not None and (self.compilation.experiment.loop.batch is not None or rows <= old.program.capacity):
            return old
        whole = self.compilation.whole_part
        session = self._compiled(lambda: self.compilation.program(self.real, TRAINING, rows), whole)
        if old is not None:
            session.continue_from(old)
        elif self._saved is not None:
            session.set_parameters(self._saved.weights)
            session.set_states(self._saved.states)
            session.set_counters(self._saved.epoch, self._saved.iteration)
        self._saved, self.trained = None, session
        self._others.pop(PREDICT, None)
        return session

    def predicting(self) -> Session:
        """Where the model predicts. DataError for a net that predicts nothing."""
        if not self.compilation.experiment.heads:
            raise DataError("the net predicts nothing: it binds names, whose tensors `forward(x, at=[..])` gives")
        if self.trained is not None:
            return self.trained
        if PREDICT not in self._others:
            self._open(PREDICT, lambda: self.compilation.optimised["predict"], 1)
        return self._others[PREDICT]

    def differentiating(self, inputs: bool, rows: int) -> Session:
        """Where gradients are computed, those of the inputs too if asked."""
        key = ("gradients", *(["inputs"] if inputs else []))
        if key not in self._others:
            experiment = self.compilation.experiment
            self._open(key, lambda: optimise(gradients_of(experiment, inputs), experiment), rows)
        return self._with_weights(self._others[key])

    def looking(self, tensors: tuple[str, ...]) -> Session:
        """Where tensors of the net are computed: the results of its `predict`, by name."""
        key = ("predict", *sorted(tensors))
        if key not in self._others:
            self._open(key, lambda: tensors_of(self.compilation.experiment, key[1:]), 1)
        return self._with_weights(self._others[key])

    def _open(self, key: tuple[str, ...], graph: Callable[[], Graph], rows: int) -> None:
        session = self._compiled(lambda: self.compilation.lowered({key[0]: graph()}, self.real, rows))
        self._others[key] = self._with_weights(session)

    def _with_weights(self, session: Session) -> Session:
        weights = self._weights()
        if weights is not None:
            session.set_parameters(weights)
        return session

    def _weights(self) -> Mapping[str, Array] | None:
        """The model's weights; None where they are the initial ones, which every session begins with."""
        if self.trained is not None:
            return self.trained.parameters
        return self._saved.weights if self._saved is not None else None

    def _compiled(self, lowered: Callable[[], Program], whole: Graph | None = None) -> Session:
        started = time.perf_counter()
        program = lowered()
        executable = self._backend.compile(program)
        self.compile_seconds += time.perf_counter() - started
        return Session(program, executable, self.compilation.experiment, self._threads, whole)
