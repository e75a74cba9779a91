"""What `dslc train` leaves behind: the run folder with the model, its history and a report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from dslc.cli.outcome import Outcome
from dslc.cli.settings import settings_of
from dslc.model import Model
from dslc.runs.charts import confusion, scatter
from dslc.runs.folder import new_folder, point_latest, write_files
from dslc.runs.history import history_csv, metrics_jsonl
from dslc.runs.report import Report
from dslc.runtime.history import History

RUNS = Path("runs")
MOST_CLASSES = 40
"""A confusion matrix of more has no readable cells."""

MOST_POINTS = 2000


def write_run(model: Model, history: History, outcome: Outcome, out: Path | None) -> Path:
    """Writes `out`, or a new folder of runs/, and returns it. Raises OSError."""
    folder = out or new_folder(RUNS, model.experiment.name, datetime.now())
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.dslm")
    write_files(
        folder,
        {
            "history.csv": history_csv(history.epochs).encode(),
            "metrics.jsonl": metrics_jsonl(history.epochs, outcome.to_json()).encode(),
            "report.html": report_of(model, history, outcome).to_html().encode(),
        },
    )
    if out is None:
        point_latest(folder)
    return folder


def report_of(model: Model, history: History, outcome: Outcome) -> Report:
    module = model.compilation.module
    rows = settings_of(module, model.experiment)
    return Report(
        model=model.experiment.name,
        summary=outcome.to_text().splitlines()[0].partition(": ")[2],
        epochs=history.epochs,
        best_epoch=history.best_epoch,
        parts=outcome.parts,
        charts=[chart] if (chart := _predictions(model)) else [],
        settings=[(row.name, row.value, row.origin) for row in rows],
        text=module.span.source.text,
    )


def _predictions(model: Model) -> str:
    """The test part's (else the validation part's) confusion matrix, or its predicted against its true values."""
    dataset = model.dataset
    part, rows = ("test", dataset.test) if len(dataset.test) else ("val", dataset.val)
    if dataset.target is None or not len(rows):
        return ""
    decision = model.session.predict(model.rows, rows)["decision"]
    true = dataset.target[rows]
    labels = model.classes
    if labels is None:
        if true.ndim > 1 and true.shape[1:] != (1,):
            return ""
        preparation = dataset.preparation
        pair = [v.astype(np.float64).reshape(len(rows)) for v in (true, decision)]
        restored = [preparation.restore(v) if preparation else v for v in pair]
        return scatter(f"{part} part", *(values[:MOST_POINTS].tolist() for values in restored))
    if len(labels) > MOST_CLASSES:
        return ""
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (true.astype(np.int64).reshape(-1), decision.astype(np.int64).reshape(-1)), 1)
    return confusion(f"{part} part", [str(label) for label in labels], counts.tolist())
