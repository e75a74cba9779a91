"""Two processes compile what one would, and the first one does it alone where the second dies or hangs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import pytest
from dslc.backends.cpu import together
from dslc.backends.cpu.compiler import compile_unit
from dslc.backends.cpu.loops import loop_unit
from dslc.backends.cpu.unit import Unit

from dslc.program.program import Element, LoopKernel
from dslc.scalar.affine import access
from dslc.scalar.body import Apply, Literal, Load
from dslc.scalar.functions import multiply
from dslc.scalar.types import DType

F32 = Element.F32

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process compiles")


def units(count: int) -> list[Unit]:
    def unit(factor: float) -> Unit:
        body = (Load(0, access(1, 0)), Literal(factor, DType.REAL), Apply(multiply, (0, 1)))
        return loop_unit(LoopKernel(1, 1, (F32,), (1,), body, None, F32, 1, access(1, 0)))

    return [unit(k + 0.5) for k in range(count)]


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "processors", lambda: 2)


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("count", [0, 1, together.FEW, 9])
def test_each_unit_has_its_object(count: int) -> None:
    given = units(count)
    assert dict(together.compile_units(given)) == dict(enumerate(map(compile_unit, given)))


def die(given: Sequence[Unit], at: memoryview, writer: int) -> None:
    os._exit(1)


def die_within(given: Sequence[Unit], at: memoryview, writer: int) -> None:
    at[1] = len(given) - 1
    os.write(writer, b"half a head")
    os._exit(1)


def hang(given: Sequence[Unit], at: memoryview, writer: int) -> None:
    at[1] = len(given) - 1
    time.sleep(60)


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("other", [die, die_within, hang])
def test_what_the_other_process_does_not_do_the_first_one_does(
    other: Callable[[Sequence[Unit], memoryview, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "_compile_backward", other)
    monkeypatch.setattr(together, "PATIENCE", 0.05)
    given = units(together.FEW)
    assert dict(together.compile_units(given)) == dict(enumerate(map(compile_unit, given)))


@pytest.mark.usefixtures("two_processors")
def test_a_unit_that_cannot_be_compiled_is_an_error_and_no_process_is_left() -> None:
    given = units(together.FEW)
    broken = Unit(given[0].signature, given[0].text.replace("f32(", "no_such_name("))
    with pytest.raises(Exception, match="is not defined"):
        list(together.compile_units([*given, broken]))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.usefixtures("two_processors")
def test_who_stops_early_has_what_was_made_and_leaves_no_process() -> None:
    given = units(together.FEW)
    with closing(together.compile_units(given)) as objects:
        number, content = next(objects)
    assert content == compile_unit(given[number])
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


SLEEPING = """
import time
from dslc.backends.cpu import together
together.processors = lambda: 2
together.compile_unit = lambda unit: time.sleep(60)
print("ready", flush=True)
list(together.compile_units([None] * together.FEW))
"""


def test_the_other_process_dies_with_the_first_one() -> None:
    """It has the first one's pipes, which nobody could read to their end otherwise."""
    process = subprocess.Popen([sys.executable, "-c", SLEEPING], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    process.kill()
    killed = time.monotonic()
    assert process.stdout.read() == b""
    assert time.monotonic() - killed < 5
    process.wait()
