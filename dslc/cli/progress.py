"""Live progress on stderr: a bar on a terminal, else one line for each epoch.

epoch  12/100  train.loss 0.1034  val.loss 0.1210  val.accuracy 0.9630
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dslc.cli.exits import say

Row: TypeAlias = Mapping[str, float]
"""A line of the history: `train.loss`, `val.loss`, `val.accuracy` ..."""

OnEpoch: TypeAlias = Callable[[int, Row], None]
"""Takes the number of epochs done and the last one's row."""

REFRESH = 0.1
"""Seconds between two looks at a running epoch."""


@contextmanager
def lines(epochs: int) -> Iterator[OnEpoch]:
    """One line for each epoch."""
    width = len(str(epochs))

    def on_epoch(done: int, row: Row) -> None:
        columns = "  ".join(f"{name} {number(value)}" for name, value in row.items())
        say(f"epoch {done:>{width}}/{epochs}  {columns}")

    yield on_epoch


@contextmanager
def bar(epochs: int, position: Callable[[], float]) -> Iterator[OnEpoch]:
    """A bar with the last epoch's row; `position` gives the epochs done with their fraction, while one runs."""
    display = Progress(
        TextColumn("epoch {task.fields[done]}/{task.total:.0f}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[row]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
        expand=True,
    )
    task = display.add_task("", total=epochs, row="", done=0)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(REFRESH):
            display.update(task, completed=position(), refresh=True)

    def on_epoch(done: int, row: Row) -> None:
        columns = " ".join(f"{short(name)} {number(value)}" for name, value in row.items())
        display.update(task, completed=done, done=done, row=columns)

    watcher = threading.Thread(target=watch, daemon=True)
    with display:
        watcher.start()
        try:
            yield on_epoch
        finally:
            ended.set()
            watcher.join()
            display.refresh()


def short(name: str) -> str:
    """`train.loss` as `train`, `val.loss` as `val`, `val.accuracy` as `accuracy`: a terminal has 80 columns."""
    part, _, quantity = name.partition(".")
    return part if quantity == "loss" else quantity


def number(value: float) -> str:
    """Four digits: `0.1034`, `56.12`, `1.2e-07`."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 or value == 0 else f"{value:.4g}"
