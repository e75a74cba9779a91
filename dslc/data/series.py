"""Rows in time cut into windows: each an example, whose target lies some rows ahead. No window crosses a part's end.

    rows      0 1 2 3 4 5 6 7 8 9     window 3 ahead 2
    reads     [0 1 2] . 4             the example of row 4: the rows 0 to 2, and what stands two rows after them
                [1 2 3] . 5

What is fitted of the columns is fitted on the rows of the training part; of targets, on its windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray

from dslc.data.prepared import PreparedRows
from dslc.data.scale import Reals
from dslc.data.sequence_recipe import WindowPlan
from dslc.data.split import Parts, Rows
from dslc.data.table import Frame, Series, Table
from dslc.data.tokens import Tokens
from dslc.diagnostics import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Rows [rows, length, elements], float64: row k is the steps from `starts[k]` on. Made when they are read.

    They are had as `windows[3:5]`, as `windows[chosen]` and as `np.asarray(windows, np.float32)`.
    """

    steps: Reals | PreparedRows
    starts: Rows
    length: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self.starts), self.length, self.steps.shape[1])

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Reals:
        within = self.starts[rows][:, None] + np.arange(self.length)
        return self.steps[within.ravel()].reshape(*within.shape, self.shape[2])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.floating]:
        """All windows, rounded to `dtype`. ValueError where no copy is wanted."""
        if copy is False:
            raise ValueError("windows are made when they are read; they cannot be had without a copy")
        steps = np.asarray(self.steps, np.float64 if dtype is None else dtype)
        if not len(self):
            return np.empty(self.shape, steps.dtype)
        every = sliding_window_view(steps, self.length, axis=0)  # [steps, elements, length], no copy
        windows: NDArray[np.floating] = np.ascontiguousarray(every[self.starts].transpose(0, 2, 1))
        return windows


def cut(table: Table, parts: Parts, plan: WindowPlan) -> tuple[Table, Parts]:
    """The windows of the parts, whose rows follow one another: a row for each, and which of them are which.

    DataError for a part with rows, but too few for a window.
    """
    starts = [_starts(part, plan, name) for part, name in _named(parts)]
    first = np.concatenate(starts)
    ends = np.cumsum([len(part) for part in starts])
    at = first + plan.reach - 1
    plain = {name: values for name, values in table.targets.items() if not isinstance(values, Tokens)}
    windowed = replace(table, columns={}, texts={}, targets=plain).take(at)
    texts = {name: tokens.windows(first, plan.length) for name, tokens in table.texts.items()}
    ahead = {n: v.windows(first + plan.ahead, plan.length) for n, v in table.targets.items() if isinstance(v, Tokens)}
    steps = Frame(table.rows, table.columns, table.origin)
    series = Series(steps, first, plan.length) if table.columns else None
    targets = {**windowed.targets, **ahead}
    windowed = replace(windowed, texts=texts, targets=targets, series=series, training_steps=parts.train)
    return windowed, Parts(*np.split(np.arange(len(at)), ends[:-1]))


def _named(parts: Parts) -> tuple[tuple[Rows, str], ...]:
    return ((parts.train, "training"), (parts.val, "validation"), (parts.test, "test"))


def _starts(part: Rows, plan: WindowPlan, name: str) -> Rows:
    """Where the part's windows begin: every `every` rows of each run of rows that follow one another."""
    if not len(part):
        return part
    runs = np.split(part, np.flatnonzero(np.diff(part) != 1) + 1)
    found = [np.arange(run[0], run[-1] - plan.reach + 2, plan.every) for run in runs if len(run) >= plan.reach]
    if not found:
        asked = f"{plan.length} rows and the one {plan.ahead} after them" if plan.ahead > 1 else f"{plan.reach} rows"
        raise DataError(f"the {name} part has {len(part)} rows, too few for a window of {plan.length} ({asked})")
    return np.concatenate(found).astype(np.int64)
