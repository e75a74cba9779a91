"""What training came to, and where it stands while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dslc.graph.graph import Array
from dslc.program.backend import Reals


@dataclass(frozen=True, slots=True)
class History:
    """One row per epoch: `train.loss`, and with validation rows `val.loss`, `val.accuracy`, ...

    `best_epoch` counts from 1 within this history and is None where no best copy is kept; `stopped` says why
    training ended; `seconds` is the time spent training; `threshold` is the one that was chosen when it had ended.
    """

    epochs: tuple[dict[str, float], ...]
    stopped: str
    best_epoch: int | None
    seconds: float
    threshold: float | None = None

    def __getitem__(self, column: str) -> list[float]:
        """A column over the epochs. Raises KeyError naming the columns there are."""
        if self.epochs and column not in self.epochs[0]:
            raise KeyError(f"no column `{column}`; there are {', '.join(self.epochs[0])}")
        return [row[column] for row in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)


class Evaluation(dict[str, float]):
    """`loss` and metrics by name; `tables` are the metrics that are tables, as `confusion` is: [classes, classes]."""

    def __init__(self, values: Mapping[str, float], tables: Mapping[str, Array]) -> None:
        super().__init__(values)
        self.tables = dict(tables)


@dataclass(frozen=True, slots=True)
class Status:
    """Where training stands: `epoch` epochs of `epochs` are done, and `rows` of `rows_per_epoch` in the running one.

    `iteration` counts updates over the model's life; `objective` is that of the last batch, `row` the last epoch's
    row of the history, empty before the first.
    """

    epoch: int
    epochs: int
    rows: int
    rows_per_epoch: int
    iteration: int
    objective: float
    row: dict[str, float]

    @property
    def position(self) -> float:
        """Epochs done, with the running one's fraction."""
        return self.epoch + (self.rows / self.rows_per_epoch if self.rows_per_epoch else 0.0)


def history_row(history: Reals, columns: Sequence[str], epoch: int) -> dict[str, float]:
    """Row `epoch` (from 0) of the machine's history."""
    start = epoch * len(columns)
    return {name: float(history[start + k]) for k, name in enumerate(columns)}
