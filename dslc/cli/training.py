"""The three steps of `dslc train`: compile with the warnings shown, train with progress, sum up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, TypeAlias

import dslc
from dslc.cli.exits import say
from dslc.cli.findings_text import painted
from dslc.cli.model_file import read_source
from dslc.cli.outcome import Outcome
from dslc.cli.progress import OnEpoch, bar, lines
from dslc.diagnostics import ModelError, Severity, in_order
from dslc.model import Model
from dslc.runtime.health import is_health
from dslc.runtime.history import History, Status

Display: TypeAlias = Literal["none", "bar", "lines"]


def compiled(
    path: Path, settings: Mapping[str, str], data: Mapping[str, Path], backend: str, threads: int | None, strict: bool
) -> Model:
    """The model, ready to train; its warnings are shown, and under `strict` they are errors (ModelError)."""
    read_source(path)  # says what is wrong with the file itself in the command line's words
    model = dslc.compile(path, backend=backend, settings=settings, threads=threads, data=data)
    findings = in_order((*model.experiment.warnings, *model.dataset.notes))
    if strict and any(finding.severity is Severity.WARNING for finding in findings):
        raise ModelError(findings)
    if findings:
        say(painted(findings))
    _ = model.session
    return model


def fitted(model: Model, epochs: int | None, seed: int | None, display: Display) -> History:
    """Trains the model from its initial weights."""
    if seed is not None:
        model.reset(seed)
    planned = model.experiment.loop.epochs if epochs is None else epochs
    progress = _progress(model, planned, display)
    if progress is None:
        return model.fit(epochs=epochs, seed=seed)
    with progress as on_epoch:
        return model.fit(epochs=epochs, seed=seed, callback=_callback(on_epoch))


def _progress(model: Model, epochs: int, display: Display) -> AbstractContextManager[OnEpoch] | None:
    match display:
        case "bar":
            return bar(epochs, lambda: model.status().position)
        case "lines":
            return lines(epochs)
        case "none":
            return None


def _callback(on_epoch: OnEpoch) -> Callable[[Status], None]:
    return lambda status: on_epoch(status.epoch, {k: v for k, v in status.row.items() if not is_health(k)})


def outcome_of(model: Model, backend: str, history: History) -> Outcome:
    """What came out, each part with rows evaluated at the weights that training left."""
    parts = {part: model.evaluate_part(part) for part in ("train", "val", "test")}
    return Outcome(
        model=model.experiment.name,
        backend=backend,
        epochs=len(history),
        best_epoch=history.best_epoch,
        stopped=history.stopped,
        seconds=history.seconds,
        compile_seconds=model.compile_seconds,
        parameters=model.experiment.size,
        parts={part: columns for part, columns in parts.items() if columns},
        threshold=history.threshold,
    )
