"""Ctrl-C and termination while a compiled loop runs: the first signal asks it to stop, the second kills the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ended(BaseException):
    """SIGINT or SIGTERM, where nothing is running that could be asked to stop.

    Not KeyboardInterrupt: once that has passed through an `exec` of text, as dataclasses and Numba have them, CPython
    kills the process at its end whatever its exit code.
    """

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)


def end(number: int, frame: FrameType | None) -> None:
    """A handler that unwinds the stack; a second signal kills the process."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL)
    raise Ended(number)


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
