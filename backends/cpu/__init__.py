"""The cpu backend: prints a program as Python for Numba, compiles it kernel by kernel, runs it on T threads.

Program -> entries.py, loops.py, multiply.py, ...: units (Python or LLVM text, one function each)
        -> compiler.py: objects, kept in store.py by what they depend on
        -> linker.py: native functions, called without the GIL by executable.py
"""

from __future__ import annotations

from importlib.util import find_spec

from dslc.processors import processors
from dslc.program.backend import Facts
from dslc.program.program import Element, Program

from .crew import CREW
from .executable import CpuExecutable
from .host import this_host
from .kept import ObjectStore
from .module import print_module


class CpuBackend:
    """See dslc.program.backend.Backend."""

    name = "cpu"

    def compile(self, program: Program) -> CpuExecutable:
        return CpuExecutable(print_module(program))

    def missing(self) -> str | None:
        return None if find_spec("numba") else "numba is not installed"

    def facts(self) -> Facts:
        host = this_host()
        return {
            "code for": host.cpu,
            "vector bits": 8 * host.vector_bytes,
            "vector registers": host.registers,
            "fused multiply-add": host.fused,
            "most threads by default": processors(),
        }

    def prepare(self) -> None:
        from .compiler import compile_unit  # this imports numba

        compile_unit(CREW)

    def peak_flops(self, real: Element) -> float:
        from .peak import peak_flops  # this imports numba

        return peak_flops(real, processors())

    def store(self) -> ObjectStore:
        return ObjectStore()
