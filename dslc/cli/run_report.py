"""The report of a training: what of a model, its data and its history goes onto the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from dslc.cli.outcome import Outcome
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.program.arena import buffer_bytes
from dslc.program.backend import Integers
from dslc.program.program import Region
from dslc.runs.charts import confusion, scatter
from dslc.runs.report import Report
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
    yield "compiled in", f"{outcome.compile_seconds:.2f} s"


def _predictions(model: Model) -> Iterator[str]:
    """The test part's (else the validation part's) confusion matrix, or its predicted against its true values."""
    dataset = model.dataset
    part, rows = ("test", dataset.test) if len(dataset.test) else ("validation", dataset.val)
    if dataset.target is None or not len(rows):
        return
    labels = model.classes
    if labels is None:
        yield from _scatters(model, part, rows)
    elif len(labels) <= MOST_CLASSES:
        true = dataset.target[rows].astype(np.int64).reshape(-1)
        predicted = _decision(model, rows).astype(np.int64).reshape(-1)
        counts = np.zeros((len(labels), len(labels)), np.int64)
        np.add.at(counts, (true, predicted), 1)
        title = f"{part} part, {int(np.trace(counts)):,} of {len(rows):,} right"
        yield confusion(title, [str(label) for label in labels], counts.tolist())


def _scatters(model: Model, part: str, rows: Integers) -> Iterator[str]:
    """A chart for each value of the target, in its own unit; of many rows some, evenly spread."""
    target, preparation = model.dataset.target, model.dataset.preparation
    assert target is not None
    chosen = rows if len(rows) <= MOST_POINTS else rows[np.linspace(0, len(rows) - 1, MOST_POINTS).astype(np.int64)]
    true, predicted = target[chosen].astype(np.float64), _decision(model, chosen).astype(np.float64)
    pair = [preparation.restore(values) if preparation else values for values in (true, predicted.reshape(true.shape))]
    flat = [values.reshape(len(chosen), -1) for values in pair]
    field = model.experiment.schema.target
    name = field.name if field else "target"
    some = "" if len(chosen) == len(rows) else f", {len(chosen):,} of {len(rows):,} rows"
    for k in range(min(MOST_VALUES, flat[0].shape[1])):
        label = name if flat[0].shape[1] == 1 else f"{name}[{k}]"
        yield scatter(f"{label}, {part} part{some}", flat[0][:, k].tolist(), flat[1][:, k].tolist())


def _decision(model: Model, rows: Integers) -> Array:
    return model.session.predict(model.rows, rows)["decision"]
