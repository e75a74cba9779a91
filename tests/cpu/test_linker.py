"""Linking in a process whose memory is full of holes, as that of a long session is."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest
from dslc.backends.cpu.compiler import compile_unit
from dslc.backends.cpu.linker import Library
from dslc.backends.cpu.module import print_module
from programs import Arena, call

from dslc.program.program import Element, LoopKernel, Phase, Program
from dslc.scalar.affine import identity
from dslc.scalar.body import Apply, Load
from dslc.scalar.functions import exp

HOLES, GAP, LINKS = 2000, 6 << 30, 200


def exponential() -> Program:
    """Its code reads constants of its own, at an offset from where it stands."""
    place = Arena()
    a, b = (place.add(name, Element.F32, 64) for name in "ab")
    body = (Load(0, identity(1)), Apply(exp, (0,)))
    kernel = LoopKernel(1, 1, (Element.F32,), (1,), body, None, Element.F32, 1, identity(1))
    return place.program(Phase((call(kernel, [a], b, (64,), 1),)))


def punch_holes() -> list[mmap.mmap]:
    """Leaves room for single pages, and for more only a gap away from them."""
    pages = [mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE) for _ in range(2 * HOLES)]
    gap = mmap.mmap(-1, GAP, mmap.MAP_PRIVATE, mmap.PROT_READ)
    for hole in pages[::2]:
        hole.close()
    return [*pages, gap]


def link_between_holes() -> None:
    """What the child does; LLVM ends the process where an offset between two sections is too long."""
    module = print_module(exponential())
    units, exports = module.needed("predict")
    objects = [compile_unit(unit) for unit in units]
    kept = punch_holes()
    libraries = [Library(objects, exports) for _ in range(LINKS)]
    del libraries, kept


@pytest.mark.skipif(sys.platform != "linux", reason="the order in which Linux fills holes is meant")
def test_sections_stay_within_an_offset_of_each_other() -> None:
    child = "from test_linker import link_between_holes; link_between_holes()"
    command = [sys.executable, "-c", child]
    done = subprocess.run(command, check=False, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
