"""The cpu backend: prints a program as Python for Numba, compiles it kernel by kernel, runs it on T threads.

Program -> entries.py, loops.py, multiply.py, ...: units (Python or LLVM text, one function each)
        -> compiler.py: objects, kept in store.py by what they depend on
        -> linker.py: native functions, called without the GIL by executable.py
"""

from __future__ import annotations

from dslc.program.program import Program

from .executable import CpuExecutable
from .module import print_module


class CpuBackend:
    """See dslc.program.backend.Backend."""

    name = "cpu"

    def compile(self, program: Program) -> CpuExecutable:
        return CpuExecutable(print_module(program))
