"""The machine's peak: how many operations multiply-adds in registers alone make, the most that any kernel can.

per thread   count * CHAINS fused multiply-adds of whole vectors; a multiply-add is two operations
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from dslc.program.program import Element

from .assembly import REALS, WORD
from .compiler import compile_unit
from .crew import CREW, WORK
from .host import Host, this_host
from .linker import Library
from .unit import Assembly, CType, Signature, Unit

CHAINS = 12
"""Sums at a time: enough for two units of four or five cycles each, and few enough for sixteen registers."""

COUNT = 4_000_000
"""Multiply-adds of a chain in one run: some ten milliseconds."""

RUNS = 7


@cache
def peak_flops(element: Element, threads: int) -> float:
    """Operations a second of so many threads together: the best of some runs."""
    host = this_host()
    burn = _burn(element, host)
    work = Signature(f"crew_{burn.signature.name}", WORK)
    text = f"{work.head}\n    {burn.signature.name}(word(words, 0), word(words, 1) + 64 * thread)\n"
    unit = Unit(work, text, (WORD, burn))
    library = Library([compile_unit(unit), compile_unit(CREW)], (CREW.signature, work))
    results = np.zeros(threads * 64, np.uint8)
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        library.in_crew(work.name, threads, [COUNT, results.ctypes.data])
        seconds.append(time.perf_counter() - began)
    return 2.0 * COUNT * CHAINS * host.lanes(element) * threads / min(seconds)


def _burn(element: Element, host: Host) -> Assembly:
    """`count` times `CHAINS` multiply-adds of whole vectors; their sum goes to `place`, so that they are made."""
    lanes, kind = host.lanes(element), REALS[element].llvm
    vector = f"<{lanes} x {kind}>"
    fma = f"@llvm.fma.v{lanes}{'f32' if kind == 'float' else 'f64'}"

    def splat(value: float) -> str:
        return "<" + ", ".join([f"{kind} {value:e}"] * lanes) + ">"

    x, y = splat(0.5), splat(0.25)
    lines = ["entry:", "  br label %loop", "loop:", "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]"]
    lines += [f"  %s{k} = phi {vector} [ {splat(k)}, %entry ], [ %t{k}, %loop ]" for k in range(CHAINS)]
    for k in range(CHAINS):
        if host.fused:
            lines.append(f"  %t{k} = call {vector} {fma}({vector} %s{k}, {vector} {x}, {vector} {y})")
        else:
            lines += [f"  %p{k} = fmul {vector} %s{k}, {x}", f"  %t{k} = fadd {vector} %p{k}, {y}"]
    lines += ["  %next = add i64 %i, 1", "  %more = icmp slt i64 %next, %count"]
    lines += ["  br i1 %more, label %loop, label %done", "done:", f"  %u0 = fadd {vector} %t0, {splat(0)}"]
    lines += [f"  %u{k} = fadd {vector} %u{k - 1}, %t{k}" for k in range(1, CHAINS)]
    lines += [f"  %r = extractelement {vector} %u{CHAINS - 1}, i32 0", "  %p = inttoptr i64 %place to ptr"]
    lines += [f"  store {kind} %r, ptr %p, align {element.bytes}", "  ret i64 0"]
    name = f"multiply_adds_{element.name.lower()}"
    declared = f"declare {vector} {fma}({vector}, {vector}, {vector})\n" if host.fused else ""
    head = f"define i64 @{name}(i64 %count, i64 %place) alwaysinline {{\n"
    parameters = (("count", CType.I64), ("place", CType.I64))
    return Assembly(Signature(name, parameters, CType.I64), declared + head + "\n".join(lines) + "\n}\n")
