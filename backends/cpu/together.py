"""Many units at once: a second process compiles from the other end, where there is a second processor.

Numba works under Python's lock, so threads would gain nothing. The other process is a fork, which has numba already; it
sends objects through a pipe and shares one number with the first, the unit that it is at. Should it die, or hang on
a lock that was held when it was forked, the first one does its work as well.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import signal
import struct
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

from dslc.processors import processors

from .compiler import compile_unit
from .unit import Unit

FEW = 6
"""So few units are compiled before another process has begun."""

PATIENCE = 3.0
"""Seconds that a unit may take the other process when there is nothing left to do but to wait for it."""

_PR_SET_PDEATHSIG = 1

_HEAD = struct.Struct("=qq")
"""Before an object: its unit's number and its length in bytes."""


def compile_units(units: Sequence[Unit]) -> Generator[tuple[int, bytes]]:
    """Each unit's number and object, as they are made. Raises what `compile_unit` raises."""
    if len(units) < FEW or processors() < 2 or sys.platform != "linux":
        yield from enumerate(map(compile_unit, units))
        return
    done: set[int] = set()
    with _other(units) as (at, receive):
        for number, unit in enumerate(units):
            at[0] = number
            found = receive(0)
            if number not in done and number not in found and at[1] == number:
                found |= receive(PATIENCE)
            if number not in done and number not in found:
                found[number] = compile_unit(unit)
            yield from ((k, content) for k, content in found.items() if k not in done)
            done |= found.keys()


Receive = Callable[[float], dict[int, bytes]]


@contextmanager
def _other(units: Sequence[Unit]) -> Iterator[tuple[memoryview, Receive]]:
    """The units that the two processes are at, and what takes the objects that have come, waiting so long for one."""
    shared = mmap.mmap(-1, 16)
    at = memoryview(shared).cast("q")
    at[1] = len(units)
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a process of several threads forks: see above
        child = os.fork()
    if not child:
        os.close(reader)  # or a write to a first process that has died would wait for ever
        _compile_backward(units, at, writer)
    os.close(writer)
    pending = bytearray()

    def receive(seconds: float) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while select.select([reader], [], [], 0 if found else seconds)[0]:
            part = os.read(reader, 1 << 20)
            if not part:
                break
            pending.extend(part)
            found |= _objects(pending)
        return found

    try:
        yield at, receive
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        at.release()
        shared.close()


def _die_with_the_first() -> None:
    """Whatever ends the first process ends this one, which would hold its pipes until the next unit: prctl(2)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _objects(pending: bytearray) -> dict[int, bytes]:
    """Takes the whole objects off the bytes that have come."""
    found: dict[int, bytes] = {}
    while len(pending) >= _HEAD.size:
        number, length = _HEAD.unpack_from(pending)
        end = _HEAD.size + length
        if len(pending) < end:
            break
        found[number] = bytes(pending[_HEAD.size : end])
        del pending[:end]
    return found


def _compile_backward(units: Sequence[Unit], at: memoryview, writer: int) -> None:
    """The other process, from the last unit down to where the first process is; it never returns."""
    status = 1
    try:
        _die_with_the_first()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends it
        for number in reversed(range(len(units))):
            if number <= at[0]:
                break
            at[1] = number
            content = compile_unit(units[number])
            rest = memoryview(_HEAD.pack(number, len(content)) + content)
            while rest:
                rest = rest[os.write(writer, rest) :]
        status = 0
    finally:
        os._exit(status)
