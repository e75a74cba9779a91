"""The report of a training: what of a model, its data and its history goes onto the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from dslc.cli.outcome import Outcome, duration
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.program.arena import buffer_bytes
from dslc.program.program import Region
from dslc.runs.charts import confusion, scatter
from dslc.runs.report import Report
from dslc.runtime.health import health_notes, is_health
from dslc.runtime.history import History

MOST_CLASSES = 40
"""A confusion matrix of more has no readable cells."""

MOST_POINTS = 2000
MOST_VALUES = 6
"""A chart for each value of a target, of so many at most."""


def report_of(
    model: Model, history: History, outcome: Outcome, settings: Sequence[tuple[str, str, str]], text: str
) -> Report:
    parameters = model.experiment.parameters
    return Report(
        model=outcome.model,
        summary=outcome.to_text().splitlines()[0].removeprefix(f"{outcome.model}: "),
        epochs=history.epochs,
        health=[name for name in (history.epochs[0] if history.epochs else ()) if is_health(name)],
        notes=[note.text for note in health_notes(model.experiment, history)],
        best_epoch=history.best_epoch,
        parts=outcome.parts,
        charts=list(_predictions(model)),
        settings=settings,
        parameters=[(tensor.name, _extents(tensor.shape), f"{prod(tensor.shape):,}") for tensor in parameters],
        facts=list(_facts(model, outcome)),
        text=text,
    )


def _extents(shape: Sequence[int]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _facts(model: Model, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What training takes: rows, steps, numbers, bytes."""
    program, dataset = model.program, model.dataset
    batch = model.experiment.loop.batch or len(dataset.train)
    states = sum(prod(tensor.shape) for tensor in model.experiment.states)
    yield "backend", f"{outcome.backend}, {program.real.value}"
    yield "rows", f"{len(dataset.train):,} train, {len(dataset.val):,} val, {len(dataset.test):,} test"
    yield "steps of an epoch", f"{-(-len(dataset.train) // max(1, batch)):,}, of {batch:,} rows at most"
    yield "parameters", f"{outcome.parameters:,}, and {states:,} numbers of the optimizer's state"
    yield "memory", f"{program.arena_bytes:,} bytes in one arena"
    for region, owner in ((Region.PARAMETER, "weights"), (Region.STATE, "the optimizer's state")):
        held = sum(buffer_bytes(buffer, program.capacity) for buffer in program.buffers if buffer.region is region)
        yield f"of it {owner}", f"{held:,}"
    yield "phases of a step", f"{len(program.entries['train'].phases):,}"
    yield "compiled in", duration(outcome.compile_seconds)


def _predictions(model: Model) -> Iterator[str]:
    """By target the test part's (else the validation part's) confusion matrix, or predicted against true values."""
    dataset = model.dataset
    part, rows = ("test", dataset.test) if len(dataset.test) else ("validation", dataset.val)
    if dataset.preparation is None or not dataset.preparation.targets or not len(rows):
        return
    decided = model.session.predict(model.rows, rows)
    for name, target in dataset.preparation.targets.items():
        true, predicted = dataset.beside[name][rows], decided[f"decision.{name}"]
        subject = f"{name}, {part} part" if len(dataset.preparation.targets) > 1 else f"{part} part"
        if target.classes is None:
            yield from _scatters(f"{name}, {part} part", *(target.restore(each) for each in (true, predicted)))
        elif len(target.classes) <= MOST_CLASSES:
            counts = np.zeros((len(target.classes), len(target.classes)), np.int64)
            np.add.at(counts, tuple(ids.astype(np.int64).reshape(-1) for ids in (true, predicted)), 1)
            title = f"{subject}, {int(np.trace(counts)):,} of {len(rows):,} right"
            yield confusion(title, [str(label) for label in target.classes], counts.tolist())


def _scatters(subject: str, true: Array, predicted: Array) -> Iterator[str]:
    """A chart for each value of a target, in its own unit; of many rows some, evenly spread."""
    rows = len(true)
    chosen = np.arange(rows) if rows <= MOST_POINTS else np.linspace(0, rows - 1, MOST_POINTS).astype(np.int64)
    flat = [values[chosen].reshape(len(chosen), -1) for values in (true, predicted)]
    name, comma, where = subject.partition(",")
    some = "" if len(chosen) == rows else f", {len(chosen):,} of {rows:,} rows"
    for k in range(min(MOST_VALUES, flat[0].shape[1])):
        label = name if flat[0].shape[1] == 1 else f"{name}[{k}]"
        yield scatter(f"{label}{comma}{where}{some}", flat[0][:, k].tolist(), flat[1][:, k].tolist())
