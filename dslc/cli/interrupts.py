"""Ctrl-C and termination while a compiled loop runs: the first signal asks it to stop, the second kills the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(BaseException):
    """SIGTERM, where nothing is running that could be asked to stop."""


def terminate(number: int, frame: FrameType | None) -> None:
    """A handler that unwinds the stack, as Python's own does for SIGINT."""
    raise Terminated


class Interrupts:
    """While entered, signals call `stop`; `received` is the first one's number."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before: dict[signal.Signals, Handler] = {}
        self.received: signal.Signals | None = None

    @property
    def code(self) -> int:
        """The exit code: 128 and the signal's number."""
        return 128 + (self.received or 0)

    def __enter__(self) -> Interrupts:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in SIGNALS:
            signal.signal(number, self._before[number])

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            os._exit(128 + number)
        self.received = signal.Signals(number)
        # A handler may interrupt a write to stderr's buffer, so it writes past it.
        os.write(2, b"\nstopping after this batch; once more to kill\n")
        self._stop()
