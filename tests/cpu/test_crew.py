"""Threads: crews under Python threads and after a fork, more threads than processors, and how many are chosen."""

from __future__ import annotations

import os
import threading
from itertools import pairwise

import numpy as np
import pytest
from dslc.backends.cpu.cost import default_threads
from programs import Arena, call, compiled, memory, view

from dslc.program.program import Element, LoopKernel, MultiplyKernel, Phase, Program, Region
from dslc.scalar.affine import Affine, identity
from dslc.scalar.body import Apply, Load
from dslc.scalar.functions import add

PHASES, SIZE = 40, 64


def chain() -> Program:
    """Doubles each row into the other, over and over: every tile reads what another thread wrote a phase before."""
    place = Arena()
    buffers = [place.add(f"b{k}", Element.F32, 2, SIZE, region=Region.SCRATCH) for k in range(PHASES)]
    mirrored = (Affine((-1, 0), 1), Affine((0, 1)))
    body = (Load(0, mirrored), Load(0, mirrored), Apply(add, (0, 1)))
    kernel = LoopKernel(2, 2, (Element.F32,), (2,), body, None, Element.F32, 2, identity(2))
    phases = [Phase((call(kernel, [a], b, (2, SIZE), 1),)) for a, b in pairwise(buffers)]
    return place.program(*phases)


def works(threads: int) -> bool:
    program = chain()
    arena = memory(program.arena_bytes)
    view(arena, program.buffers[0])[...] = 1
    compiled(program).call("predict", arena, [], np.zeros(0, np.int64), 0, 0, threads)
    return bool((view(arena, program.buffers[-1]) == 2.0 ** (PHASES - 1)).all())


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_every_phase_waits_for_the_one_before(threads):
    assert all(works(threads) for _ in range(5))


def test_more_threads_than_a_stack_has_room_for_are_as_many_as_it_has():
    assert works(10**9)


def test_crews_of_several_python_threads():
    found: list[bool] = []
    callers = [threading.Thread(target=lambda: found.append(works(2))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [True] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_crews_of_its_own():
    assert works(2)
    child = os.fork()
    if child == 0:
        os._exit(0 if works(2) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_small_programs_have_one_thread_and_large_ones_no_more_than_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(3)), raising=False)
    assert default_threads(chain()) == 1
    place = Arena()
    a, b, c = (place.add(name, Element.F32, 1024, 1024) for name in "abc")
    product = call(MultiplyKernel(Element.F32), [a, b], c, (1024, 1024, 1024), 64, (1024, 1, 1024, 32))
    assert default_threads(place.program(Phase((product,)))) == 3


def test_memory_that_is_too_small_is_refused():
    program = chain()
    executable = compiled(program)
    nothing = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="an arena of 64 bytes"):
        executable.call("predict", memory(64), [], nothing, 0, 0, 1)
    with pytest.raises(IndexError, match="room for 0"):
        executable.call("predict", memory(program.arena_bytes), [], np.arange(4), 0, 4, 1)
