"""What `dslc train` leaves behind: the run folder with the model, its history, its settings and a report.

    model.dslm     the model, for `dslc eval` and `dslc predict`
    model.dsl      its text, with the values of `--set`
    history.csv    a row for each epoch
    metrics.jsonl  the same as JSON, then the outcome
    settings.json  every setting and who gave it
    report.html    one page to look at

Each is written to its end beside its place and then moved there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dslc
from dslc.cli.outcome import Outcome
from dslc.cli.run_report import report_of
from dslc.cli.settings import settings_of
from dslc.model import Model
from dslc.runs.folder import new_folder, point_latest
from dslc.runs.history import history_csv, metrics_jsonl
from dslc.runs.settings import Replaced, settings_json, trained_text
from dslc.runtime.files import write_atomically
from dslc.runtime.history import History
from dslc.syntax import ast

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line gave in place of the file's settings; `data` are the texts after `--data`."""

    epochs: int | None
    seed: int | None
    data: tuple[str, ...]

    def options(self) -> Iterator[str]:
        """As they were written: `--epochs 5`."""
        yield from (f"--data {path}" for path in self.data)
        if self.epochs is not None:
            yield f"--epochs {self.epochs}"
        if self.seed is not None:
            yield f"--seed {self.seed}"


def write_run(model: Model, history: History, outcome: Outcome, asked: Asked, out: Path | None) -> Path:
    """Writes `out`, or a new folder of runs/, and returns it. Raises OSError naming the file."""
    folder = out or new_folder(RUNS, model.experiment.name, datetime.now())
    folder.mkdir(parents=True, exist_ok=True)
    settings = _settings(model, asked)
    # The dearest first: where the disk is nearly full, the model is worth more than its report.
    model.save(folder / "model.dslm")
    texts: dict[str, Callable[[], str]] = {
        "history.csv": lambda: history_csv(history.epochs),
        "metrics.jsonl": lambda: metrics_jsonl(history.epochs, outcome.to_json()),
        "settings.json": lambda: settings_json(_facts(model, outcome), settings),
        "model.dsl": lambda: _trained_text(model, asked),
        "report.html": lambda: report_of(model, history, outcome, settings, _trained_text(model, asked)).to_html(),
    }
    for name, text in texts.items():
        # A file's name that is not UTF-8 reaches Python as lone surrogates.
        write_atomically(folder / name, text().encode("utf-8", "backslashreplace"))
    if out is None:
        point_latest(folder)
    return folder


def _settings(model: Model, asked: Asked) -> list[tuple[str, str, str]]:
    """Name, value and origin of each setting of this run."""
    replaced: dict[str, tuple[int | None, str]] = {
        "train.epochs": (asked.epochs, "--epochs"),
        "train.seed": (asked.seed, "--seed"),
    }
    rows = []
    for row in settings_of(model.compilation.module, model.experiment):
        value, option = replaced.get(row.name, (None, ""))
        rows.append((row.name, row.value, row.origin) if value is None else (row.name, str(value), option))
    return [*rows, *(("data", path, "--data") for path in asked.data)]


def _facts(model: Model, outcome: Outcome) -> dict[str, str | int | None]:
    return {
        "model": outcome.model,
        "file": model.compilation.module.span.source.name,
        "dslc": dslc.__version__,
        "backend": outcome.backend,
        "threads": model.threads,
    }


def _trained_text(model: Model, asked: Asked) -> str:
    module, given = model.compilation.module, model.compilation.settings
    replaced = [
        Replaced(let.name.text, let.value.span.start, let.value.span.end, value, isinstance(let.value, ast.Text))
        for let in module.items
        if isinstance(let, ast.Let) and (value := given.get(let.name.text)) is not None
    ]
    return trained_text(module.span.source.text, replaced, list(asked.options()))
