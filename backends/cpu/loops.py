"""Loop kernels: a nest of plain loops around a scalar body, printed so that LLVM turns the inner one into vectors.

    for i0 in range(start, stop):
        for i1 in range(n1):
            t2 = x0[i0 * x0_0 + i1] + x1[i1]
            y[i0 * y_0 + i1] = maximum_f32(t2, f32(0.0))

A reduction has its reduced loops inside, except where the operands are contiguous along the last parallel
loop: then the result's row is started first and added to, reduced loop by reduced loop, so that a sum over
rows runs over columns in vectors. Either way the order of a sum follows from the kernel and its extents.

Where an operand is read along another loop than the one that writes side by side, as when a matrix is turned, both
loops go in squares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from dslc.program.program import Element, LoopKernel
from dslc.program.text import loop_formula
from dslc.scalar.affine import Affine
from dslc.scalar.body import Combine, Load
from dslc.scalar.types import DType

from .assembly import add_in_any_order
from .body import Operand, Printed, affine, cast, element_at, print_body
from .scalars import SUFFIXES, scalar
from .tiles import tiled_unit
from .unit import CType, Function, Unit

POINTERS = {Element.F32: CType.F32S, Element.F64: CType.F64S, Element.I64: CType.I64S, Element.B8: CType.U8S}

BLOCK = 8
"""Lines that lie a power of two apart share few places of the nearest cache: eight of them do fit."""

Parameters = tuple[tuple[str, CType], ...]


def loop_unit(kernel: LoopKernel, in_place: frozenset[int] = frozenset()) -> Unit:
    """The kernel as a function of (its share, further extents, operands with strides, result with strides).

    Operands numbered in `in_place` are the result's own buffer, which the call then passes once: the compiler is
    told that pointers lead to separate memory.
    """
    operands = [Operand("y" if k in in_place else f"x{k}", element) for k, element in enumerate(kernel.elements)]
    parameters = [(f"n{k}", CType.I64) for k in range(first_extent(kernel), kernel.rank)]
    for k, (element, rank) in enumerate(zip(kernel.elements, kernel.ranks, strict=True)):
        if k not in in_place:
            parameters += pointer_parameters(f"x{k}", element, rank)
    parameters += pointer_parameters("y", kernel.result, kernel.result_rank)
    printed = print_body(kernel.body, operands, kernel.real)
    nest = _Nest(kernel, printed)
    lines, functions = nest.plain() if kernel.combine is None else nest.reduced(kernel.combine)
    formula = [*loop_formula(kernel), *(f"x{k} is y" for k in sorted(in_place))]
    return tiled_unit("loop", parameters, lines, (*printed.functions, *functions), formula)


def first_extent(kernel: LoopKernel) -> int:
    """The first loop whose extent is an argument: `start` and `stop` bound the first one if it is parallel."""
    return 1 if kernel.parallel else 0


def pointer_parameters(name: str, element: Element, rank: int) -> Parameters:
    strides = tuple((f"{name}_{axis}", CType.I64) for axis in range(rank - 1))
    return ((name, POINTERS[element]), *strides)


def indent(lines: Sequence[str], depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]


def nest(heads: Sequence[str], inside: Sequence[str]) -> list[str]:
    """Loop heads, each inside the one before, around `inside`."""
    lines = [f"{'    ' * depth}{head}" for depth, head in enumerate(heads)]
    return lines + indent(inside, len(heads))


def loop_head(index: int, tiled: bool) -> str:
    return f"for i{index} in range(start, stop):" if tiled else f"for i{index} in range(n{index}):"


def contiguous_in(where: Sequence[Affine | object], index: int) -> bool:
    """Whether an access walks its last axis, and only that, by one as loop `index` advances."""
    if not where or not all(isinstance(axis, Affine) for axis in where):
        return False
    steps = [axis.coefficients[index] for axis in where if isinstance(axis, Affine)]
    return steps[-1] == 1 and not any(steps[:-1])


def _walks(where: Sequence[Affine | object], index: int) -> bool:
    return any(isinstance(axis, Affine) and axis.coefficients[index] for axis in where)


@dataclass(frozen=True, slots=True)
class _Nest:
    kernel: LoopKernel
    body: Printed

    @property
    def place(self) -> str:
        return element_at("y", [affine(where) for where in self.kernel.where])

    @property
    def parallel(self) -> list[str]:
        return [loop_head(k, k == 0) for k in range(self.kernel.parallel)]

    @property
    def inner(self) -> list[str]:
        return [loop_head(k, False) for k in range(self.kernel.parallel, self.kernel.rank)]

    @property
    def summed(self) -> Element:
        """Where a combination is kept: as wide as its result."""
        kept = self.kernel.result
        return kept if kept.dtype is DType.REAL and self.body.dtype is DType.REAL else self.kernel.real

    def plain(self) -> tuple[list[str], tuple[Function, ...]]:
        store = f"{self.place} = {self.stored(self.body.value, self.kernel.real)}"
        if self._turned():
            return nest(self._blocks(), [*self.body.lines, store]), (scalar("minimum", Element.I64),)
        return nest(self.parallel, [*self.body.lines, store]), ()

    def _turned(self) -> bool:
        """Whether the last loop, which writes along a row, goes across rows that the loop before reads along."""
        kernel, last = self.kernel, self.kernel.parallel - 1
        if last < 1 or not contiguous_in(kernel.where, last):
            return False
        loads = [i.where for i in kernel.body if isinstance(i, Load)]
        return any(contiguous_in(where, last - 1) and _walks(where, last) for where in loads)

    def _blocks(self) -> list[str]:
        """The last two loops a square of `BLOCK` places at a time: what it reads across stays in the cache."""
        heads = []
        for k in (self.kernel.parallel - 2, self.kernel.parallel - 1):
            first, stop = ("start", "stop") if k == 0 else ("0", f"n{k}")
            heads.append(f"for b{k} in range({first}, {stop}, {BLOCK}):")
        within = []
        for k in (self.kernel.parallel - 2, self.kernel.parallel - 1):
            stop = "stop" if k == 0 else f"n{k}"
            within.append(f"for i{k} in range(b{k}, minimum_i64(b{k} + {BLOCK}, {stop})):")
        return [*self.parallel[:-2], *heads, *within]

    def stored(self, value: str, have: Element) -> str:
        match self.kernel.result:
            case Element.B8:
                return f"u8({value})"
            case Element.I64:
                return value
            case Element.F32 | Element.F64:
                return cast(value, have, self.kernel.result)
            case _:
                assert_never(self.kernel.result)

    def reduced(self, combine: Combine) -> tuple[list[str], tuple[Function, ...]]:
        if combine is Combine.ARGMAX:
            return self._argmax(), ()
        first, step, functions = self._combination(combine)
        value = self.body.value
        if self.body.dtype is DType.REAL:
            value = cast(value, self.kernel.real, self.summed)
        if self._rows_inside():
            return self._row_by_row(first, step, value), functions
        inside = nest(self.inner, [*self.body.lines, f"total = {step('total', value)}"])
        lines = [f"total = {first}", *inside, f"{self.place} = {self.stored('total', self.summed)}"]
        return nest(self.parallel, lines), functions

    def _combination(self, combine: Combine) -> tuple[str, Callable[[str, str], str], tuple[Function, ...]]:
        """The first value, the step, and what the step calls."""
        whole = self.body.dtype is not DType.REAL
        element = Element.I64 if whole else self.summed
        real = SUFFIXES[element]
        match combine:
            case Combine.SUM if whole:
                return "0", lambda total, value: f"{total} + {value}", ()
            case Combine.SUM:
                function: Function = add_in_any_order(element)
                first = f"{real}(0.0)"
            case Combine.MAX:
                function = scalar("maximum", element)
                first = str(-(2**63)) if whole else f"{real}(-inf)"
            case Combine.MIN:
                function = scalar("minimum", element)
                first = str(2**63 - 1) if whole else f"{real}(inf)"
            case Combine.ARGMAX:
                raise AssertionError("has no step")
            case _:
                assert_never(combine)
        name = function.signature.name
        return first, lambda total, value: f"{name}({total}, {value})", (function,)

    def _rows_inside(self) -> bool:
        """Whether more loads are contiguous along the last parallel loop than along the last reduced one."""
        kernel = self.kernel
        if kernel.parallel == 0 or kernel.result is Element.B8 or not contiguous_in(kernel.where, kernel.parallel - 1):
            return False
        loads = [i.where for i in kernel.body if isinstance(i, Load)]
        along_row = sum(contiguous_in(where, kernel.parallel - 1) for where in loads)
        along_sum = sum(contiguous_in(where, kernel.rank - 1) for where in loads)
        return along_row > along_sum

    def _row_by_row(self, first: str, step: Callable[[str, str], str], value: str) -> list[str]:
        outer, row = self.parallel[:-1], self.parallel[-1]
        begin = nest([row], [f"{self.place} = {first}"])
        advance = nest([*self.inner, row], [*self.body.lines, f"{self.place} = {step(self.place, value)}"])
        return nest(outer, [*begin, *advance])

    def _argmax(self) -> list[str]:
        """The first index of the maximum, counted over the reduced loops; the first NaN is a maximum."""
        value = self.body.value
        inside = [
            *self.body.lines,
            f"value = {value}",
            "if at == 0 or value > best or (value != value and best == best):",
            "    best = value",
            "    place = at",
            "at += 1",
        ]
        start = f"{SUFFIXES[self.kernel.real]}(0.0)" if self.body.dtype is DType.REAL else "0"
        lines = ["at = 0", "place = 0", f"best = {start}", *nest(self.inner, inside), f"{self.place} = place"]
        return nest(self.parallel, lines)
