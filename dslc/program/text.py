"""A program to be read: buffers with their places, entries with their phases, and each kernel's loops once.

entry train
  phase 2
    loop 3: dense1, dense1.b -> dense1.2 over rows, 256 in tiles of 16   # dense1: forward  mlp.dsl:3
loop 3: for i0, i1: y[i0, i1] = max(x0[i0, i1] + x1[i1], 0.0)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import assert_never

from dslc.program.program import (
    Buffer,
    Call,
    ContractKernel,
    Entry,
    Fetch,
    Kernel,
    LoopKernel,
    MultiplyKernel,
    Phase,
    Program,
    ScatterKernel,
)
from dslc.scalar.affine import to_text as access_text
from dslc.scalar.body import formula
from dslc.scalar.panels import PANEL
from dslc.scalar.types import ROWS, extents_text, shape_text
from dslc.source import BUILT_IN, Span


def to_text(program: Program) -> str:
    """The whole program, one line a buffer, a call, a kernel's loops."""
    names = _kernel_names(program)
    lines = [
        f"program {program.name}: {program.real.value}, up to {program.capacity} rows, {program.arena_bytes:,} bytes",
        f"sources: {', '.join(program.sources) or 'none'}",
        *_buffers(program.buffers),
    ]
    for entry in program.entries.values():
        lines += ["", *_entry(entry, names)]
    lines += ["", *(line for kernel, name in names.items() for line in _kernel(kernel, name))]
    return "\n".join(lines).rstrip() + "\n"


def _kernel_names(program: Program) -> dict[Kernel, str]:
    """Each distinct kernel, numbered within its kind in the order of first use."""
    kinds = {LoopKernel: "loop", MultiplyKernel: "multiply", ContractKernel: "contract", ScatterKernel: "scatter"}
    counts = Counter[str]()
    names: dict[Kernel, str] = {}
    for entry in program.entries.values():
        for call, _ in entry.calls:
            if isinstance(call, Call) and call.kernel not in names:
                kind = kinds[type(call.kernel)]
                counts[kind] += 1
                names[call.kernel] = f"{kind} {counts[kind]}"
    return names


def _buffers(buffers: Sequence[Buffer]) -> Iterator[str]:
    width = max((len(buffer.name) for buffer in buffers), default=0)
    for region in dict.fromkeys(buffer.region for buffer in buffers):
        yield f"\n{region.value}"
        for buffer in (buffer for buffer in buffers if buffer.region is region):
            yield f"  {buffer.offset:>10}  {buffer.name:<{width}}  {buffer.element.value} {shape_text(buffer.shape)}"


def _entry(entry: Entry, names: dict[Kernel, str]) -> Iterator[str]:
    yield f"entry {entry.name}"
    for number, part in enumerate(entry.phases):
        if isinstance(part, Phase):
            yield from _phase(part, number, names)
            continue
        yield f"  phase {number}, for each of {part.steps} steps{', the last first' if part.reverse else ''}"
        for inner, phase in enumerate(part.phases):
            yield from (f"  {line}" for line in _phase(phase, inner, names))
    if entry.results:
        yield f"  results: {', '.join(f'{name} in {buffer.name}' for name, buffer in entry.results.items())}"


def _phase(phase: Phase, number: int, names: dict[Kernel, str]) -> Iterator[str]:
    yield f"  phase {number}"
    for call in phase.calls:
        match call:
            case Fetch():
                yield f"    fetch source {call.source} -> {call.result.name}"
            case Call():
                yield f"    {'then ' if call.follows else ''}{_call(call, names[call.kernel])}"
            case _:
                assert_never(call)


def _named(buffer: Buffer) -> str:
    """`h`, in a loop over time `h[step + 1]`."""
    if buffer.slot is None:
        return buffer.name
    first = f" + {buffer.slot.first}" if buffer.slot.first else ""
    if buffer.slot.moves:
        return f"{buffer.name}[step{first}]"
    return f"{buffer.name}[{buffer.slot.first}..]" if buffer.slot.first else buffer.name


def _call(call: Call, name: str) -> str:
    operands = ", ".join(map(_named, call.operands))
    read = f"{operands} -> " if operands else "-> "
    strides = f" strides {', '.join(map(str, call.strides))}" if call.strides else ""
    over = f" over {extents_text(call.extents)}" if call.extents else ""
    tiles = "" if _single(call) else f" in tiles of {call.tiles.size}"
    return f"{name}: {read}{_named(call.result)}{over}{strides}{tiles}   # {call.note}{_place(call.span)}"


def _single(call: Call) -> bool:
    return call.tiles.extent is not ROWS and call.tiles.extent <= call.tiles.size


def _place(span: Span) -> str:
    return "" if span.source is BUILT_IN.source else f"  {span.source.name}:{span.line}"


# --- kernels --------------------------------------------------------------------------------------


def _kernel(kernel: Kernel, name: str) -> Iterator[str]:
    match kernel:
        case LoopKernel():
            yield from _loop(kernel, name)
        case MultiplyKernel(element):
            column = f"n // {PANEL} * b_n + n % {PANEL}"
            yield f"{name}: {element.value} y[m, n] = sum over k of x0[m * a_m + k * a_k] * x1[k * b_k + {column}]"
        case ContractKernel():
            yield f"{name}: {kernel.element.value} {contract_formula(kernel)}"
        case ScatterKernel(element):
            yield f"{name}: {element.value} y[l, x0[l, m], r] += x1[l, m, r]"
        case _:
            assert_never(kernel)


def _loop(kernel: LoopKernel, name: str) -> Iterator[str]:
    elements = ", ".join(
        f"x{k} {element.value}[{rank}]"
        for k, (element, rank) in enumerate(zip(kernel.elements, kernel.ranks, strict=True))
    )
    given = f"({elements}) -> " if elements else ""
    yield f"{name}: {given}y {kernel.result.value}[{kernel.result_rank}]"
    yield from (f"  {line}" for line in loop_formula(kernel))


def contract_formula(kernel: ContractKernel) -> str:
    """`for i0, i1, i2: y[i0, i1] += x0[i0, i2] * x1[i2, i1]`."""
    product = " * ".join(f"x{k}{access_text(where)}" for k, where in enumerate(kernel.operands))
    sign = "+=" if kernel.accumulate or kernel.parallel < kernel.rank else "="
    how = "" if kernel.registers is None else f", lanes along the {kernel.registers.lanes.value}"
    return f"{_heads(0, kernel.rank)}y{access_text(kernel.out)} {sign} {product}{how}"


def loop_formula(kernel: LoopKernel) -> Iterator[str]:
    """`for i0, i1: y[i0, i1] = x0[i0, i1] + t3, where`, and a line for each value that is used twice."""
    temporaries, value = formula(kernel.body)
    if kernel.combine is not None:
        value = f"{kernel.combine.value} {_heads(kernel.parallel, kernel.rank)}{value}"
    where = ", where" if temporaries else ""
    yield f"{_heads(0, kernel.parallel)}y{access_text(kernel.where)} = {value}{where}"
    yield from (f"  {line}" for line in temporaries)


def _heads(first: int, last: int) -> str:
    return f"for {', '.join(f'i{k}' for k in range(first, last))}: " if last > first else ""
