"""The processor that code is made for: its vectors, and what tells its objects from another's."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

from dslc.program.program import Element


@dataclass(frozen=True, slots=True)
class Host:
    """`vector_bytes` is the width of a register; `fused` says that a multiply-add is one instruction.

    `futex` is the number of that system call, None where there is none.
    """

    cpu: str
    features: str
    machine: str
    vector_bytes: int
    registers: int
    fused: bool
    futex: int | None

    def lanes(self, element: Element) -> int:
        return self.vector_bytes // element.bytes


@cache
def this_host() -> Host:
    machine = platform.machine()
    features = llvm.get_host_cpu_features()
    cpu = llvm.get_host_cpu_name()
    futex = {"x86_64": 202, "aarch64": 98}.get(machine) if sys.platform == "linux" else None
    if machine not in ("x86_64", "AMD64"):
        return Host(cpu, features.flatten(), machine, 16, 32, True, futex)
    wide = features.get("avx512f", False)
    width = 64 if wide else 32 if features.get("avx", False) else 16
    return Host(cpu, features.flatten(), machine, width, 32 if wide else 16, features.get("fma", False), futex)
