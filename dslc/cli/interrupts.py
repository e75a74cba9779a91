"""Ctrl-C and termination, answered by a thread of its own whatever the main thread is doing.

The C-level handler writes the signal's number into a pipe, which the thread reads; Python's handlers do nothing.
One that raised would be lost wherever the interpreter cannot pass an exception on, as in finalisers and the callbacks
of weak references, of which compiling with Numba has many; and it would wait for LLVM, which nothing interrupts.

While training runs (`asking`), the first signal asks it to stop and the second ends the process; elsewhere the
first one ends it. Files that are being written are finished, or taken away.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from dslc.runtime.files import temporary, unfinished

SIGNALS = (signal.SIGINT, signal.SIGTERM)

PATIENCE = 0.5
"""Seconds that a file which is being written has to be finished in."""

SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """The process's answer to SIGINT and SIGTERM; `received` is the first one while `asking`."""

    def __init__(self) -> None:
        self._stop: Callable[[], None] | None = None
        self._watching = False
        self.received: signal.Signals | None = None

    @property
    def code(self) -> int:
        """The exit code: 128 and the signal's number."""
        return 128 + (self.received or 0)

    def watch(self) -> None:
        """Answers signals from now on. Called by the main thread."""
        if self._watching:
            return
        self._watching = True
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        threading.Thread(target=self._answer, args=(reading,), name="dslc signals", daemon=True).start()
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _nothing)

    @contextmanager
    def asking(self, stop: Callable[[], None]) -> Iterator[None]:
        """Within, the first signal calls `stop`, from another thread."""
        self.received, self._stop = None, stop
        try:
            yield
        finally:
            self._stop = None

    def _answer(self, reading: int) -> None:
        while numbers := os.read(reading, 1):
            number = numbers[0]
            if number not in SIGNALS:
                continue
            stop = self._stop
            if stop is None or self.received:
                _end(number, "terminated" if number == signal.SIGTERM else "interrupted")
            self.received = signal.Signals(number)
            _tell("stopping after this batch; once more to kill")
            stop()


INTERRUPTS = Interrupts()


def _nothing(number: int, frame: FrameType | None) -> None:
    """Python calls this beside the C-level handler, which has told the thread already."""


def _end(number: int, message: str) -> NoReturn:
    """Ends the process at once, its files whole."""
    until = time.monotonic() + PATIENCE
    while unfinished and time.monotonic() < until:
        time.sleep(0.005)
    for path in tuple(unfinished):
        with suppress(OSError):
            os.unlink(path)
    for folder in tuple(temporary):
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        if os.isatty(2):  # a progress bar hides it
            os.write(2, SHOW_CURSOR)
    _tell(message)
    os._exit(128 + number)


def _tell(message: str) -> None:
    """A line to stderr, past its buffer, whose lock the main thread may hold."""
    with suppress(OSError):
        os.write(2, f"\n{message}\n".encode())
