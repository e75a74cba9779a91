"""One call on its own: do kernel, buffers, extents and tiles agree, and does every access stay inside?

Extents are checked at the batch's capacity; an axis of ROWS may only be walked by a loop over ROWS, one row
at a time, so that rows beyond the present ones are never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from dslc.program.errors import BrokenProgram
from dslc.program.program import (
    Buffer,
    Call,
    ContractKernel,
    Element,
    Lanes,
    LoopKernel,
    MultiplyKernel,
    Registers,
    ScatterKernel,
    Tiles,
)
from dslc.scalar.affine import Access, Affine
from dslc.scalar.body import Apply, Body, Combine, IndexOf, Literal, Load, Taken
from dslc.scalar.panels import PANEL
from dslc.scalar.types import ROWS, DType, Extent, Shape, distance, elements


def demand(holds: bool, otherwise: str) -> None:
    """Raises BrokenProgram where a law does not hold."""
    if not holds:
        raise BrokenProgram(otherwise)


def verify_call(call: Call, capacity: int) -> None:
    """Raises BrokenProgram where the call contradicts itself."""
    match call.kernel:
        case LoopKernel():
            _loop(call, call.kernel)
        case MultiplyKernel():
            _multiply(call, call.kernel, capacity)
        case ContractKernel():
            _contract(call, call.kernel)
        case ScatterKernel():
            _scatter(call, call.kernel, capacity)
        case _:
            assert_never(call.kernel)
    demand(call.tiles.size >= 1, f"tiles of {call.tiles.size}")


def _tiled(call: Call, first: Extent) -> None:
    demand(call.tiles.extent == first, f"tiles over {call.tiles.extent}, not over {first}")


# --- loops ----------------------------------------------------------------------------------------


def _loop(call: Call, kernel: LoopKernel) -> None:
    demand(len(call.extents) == kernel.rank, f"{len(call.extents)} extents for {kernel.rank} loops")
    demand(0 <= kernel.parallel <= kernel.rank, f"{kernel.parallel} parallel loops of {kernel.rank}")
    demand(
        (kernel.combine is None) == (kernel.parallel == kernel.rank), "combine without reduced loops, or the reverse"
    )
    demand(not call.strides, "strides for a loop")
    elements = tuple(buffer.element for buffer in call.operands)
    ranks = tuple(len(buffer.shape) for buffer in call.operands)
    demand(elements == kernel.elements, "operands of other elements than the kernel's")
    demand(ranks == kernel.ranks, "operands of other ranks than the kernel's")
    demand(call.result.element is kernel.result, "a result of another element than the kernel's")
    demand(len(call.result.shape) == kernel.result_rank == len(kernel.where), "a result of another rank")
    _tiled(call, call.extents[0] if kernel.parallel else 1)
    found = _body(kernel.body, call.operands, call.extents)
    stored = DType.INT if kernel.combine is Combine.ARGMAX else found
    demand(stored is kernel.result.dtype, f"a body of {stored.value} for {kernel.result.value}")
    for axis in kernel.where:
        reduced = axis.coefficients[kernel.parallel :]
        demand(not any(reduced), "the result's place depends on a reduced loop")
    _inside(kernel.where, call.result.shape, call.extents, "the result")
    used = [k for k, count in enumerate(_uses(kernel.where, kernel.rank)) if count == 1 and k < kernel.parallel]
    single = [k for k in range(kernel.parallel) if call.extents[k] != 1]
    demand(set(single) <= set(used), "two points of the loop write one place")


def _uses(where: Access, rank: int) -> list[int]:
    return [sum(axis.coefficients[k] != 0 for axis in where) for k in range(rank)]


def _body(body: Body, operands: Sequence[Buffer], extents: Sequence[Extent]) -> DType:
    """The type of the body's value."""
    demand(bool(body), "an empty body")
    types: list[DType] = []
    for position, instruction in enumerate(body):
        match instruction:
            case Load(operand, where):
                demand(0 <= operand < len(operands), f"a load of operand {operand}")
                buffer = operands[operand]
                demand(len(where) == len(buffer.shape), f"a load of `{buffer.name}` at {len(where)} indices")
                for index in where:
                    if isinstance(index, Taken):
                        demand(0 <= index.value < position, "an index that is computed later")
                        demand(types[index.value] is DType.INT, "an index that is no int")
                _inside(where, buffer.shape, extents, f"`{buffer.name}`")
                types.append(buffer.element.dtype)
            case Literal(_, dtype):
                types.append(dtype)
            case IndexOf(where):
                demand(len(where.coefficients) == len(extents), "an index over another nest")
                types.append(DType.INT)
            case Apply(function, arguments):
                demand(all(0 <= argument < position for argument in arguments), "an argument that comes later")
                demand(len(arguments) == function.arity, f"{function.name} of {len(arguments)} arguments")
                types.append(_applied(instruction, types))
            case _:
                assert_never(instruction)
    return types[-1]


def _applied(instruction: Apply, types: Sequence[DType]) -> DType:
    try:
        return instruction.function.result([types[argument] for argument in instruction.arguments])
    except TypeError as fault:
        raise BrokenProgram(f"{instruction.function.name}: {fault}") from fault


def _inside(where: Sequence[Affine | Taken], shape: Shape, extents: Sequence[Extent], what: str) -> None:
    """Does each index stay within its axis, at every point of the nest?"""
    for index, extent in zip(where, shape, strict=True):
        if isinstance(index, Taken):
            continue
        demand(len(index.coefficients) == len(extents), f"an access of {what} over another nest")
        walked = [k for k, c in enumerate(index.coefficients) if c]
        over_rows = any(extents[k] is ROWS for k in walked)
        if extent is ROWS or over_rows:
            plain = index.index is not None and extents[index.index] is ROWS
            demand(extent is ROWS and (plain or (not walked and index.constant == 0)), f"rows of {what} left behind")
            continue
        low, high = index.range(tuple(extents))
        demand(low >= 0 and high < extent, f"an access of {what} at {low}..{high} of {extent}")


# --- the other kernels ----------------------------------------------------------------------------


def _multiply(call: Call, kernel: MultiplyKernel, capacity: int) -> None:
    demand(
        len(call.operands) == 2 and len(call.extents) in {3, 4} and len(call.strides) == 4, "no product of two matrices"
    )
    _elements(call, kernel.element)
    m, n = (elements((extent,), capacity) for extent in call.extents[:2])
    k = elements(call.extents[2:], capacity)
    demand(ROWS not in call.extents[3:], "rows that come second")
    a_m, a_k, b_k, b_n = (distance(stride, capacity) for stride in call.strides)
    demand(min(a_m, a_k, b_k, b_n) >= 0, "a stride below 0")
    sizes = [elements(buffer.shape, capacity) for buffer in (*call.operands, call.result)]
    demand(sizes[2] == m * n, f"a result of {sizes[2]} elements for {m} x {n}")
    if min(m, n, k) > 0:
        demand((m - 1) * a_m + (k - 1) * a_k < sizes[0], "the left operand is read outside")
        last = max((n - 1) // PANEL * b_n + (n - 1) % PANEL, (n // PANEL - 1) * b_n + PANEL - 1)
        demand((k - 1) * b_k + last < sizes[1], "the right operand is read outside")
    for buffer, loops in zip((*call.operands, call.result), ((0, 2), (2, 1), (0, 1)), strict=True):
        walked = any(call.extents[loop] is ROWS for loop in loops)
        demand(walked == (ROWS in buffer.shape), f"rows of `{buffer.name}` left behind")
    _tiled(call, call.extents[0])


def _contract(call: Call, kernel: ContractKernel) -> None:
    demand(len(call.extents) == kernel.rank, f"{len(call.extents)} extents for {kernel.rank} loops")
    demand(len(call.operands) == len(kernel.operands) > 0, "another number of operands than the kernel's")
    demand(not call.strides, "strides for a contraction")
    _elements(call, kernel.element)
    left = kernel.registers.edges if kernel.registers is not None else ()
    tensors = zip((*kernel.operands, kernel.out), (*call.operands, call.result), strict=True)
    for number, (where, buffer) in enumerate(tensors):
        demand(len(where) == len(buffer.shape), f"an access of `{buffer.name}` at {len(where)} indices")
        demand(all(len(axis.coefficients) == kernel.rank for axis in where), "an access over another nest")
        for place, (axis, extent) in enumerate(zip(where, buffer.shape, strict=True)):
            if (number, place) in left:
                continue
            # A backend looks at indices that are sums, and drops what lies outside; others are its loops.
            walked = extent if axis.index is None else call.extents[axis.index]
            inside = walked is extent or (walked is not ROWS and extent is not ROWS and walked <= extent)
            demand(inside, f"a loop over {walked} walks `{buffer.name}` along {extent}")
    if not kernel.accumulate:
        indices = [axis.index for axis in kernel.out]
        demand(sorted(indices, key=str) == list(range(kernel.parallel)), "the result's place is no list of its loops")
        extents = tuple(call.extents[index] for index in indices if index is not None)
        demand(extents == call.result.shape, "the loops do not walk the whole result")
    if kernel.registers is None:
        _tiled(call, call.extents[0] if kernel.parallel and not kernel.accumulate else 1)
    else:
        _registers(call, kernel, kernel.registers)


def _registers(call: Call, kernel: ContractKernel, how: Registers) -> None:
    """Do the loops stand where a register tile needs them?"""
    places = kernel.parallel - 2
    m, n, lanes = places, places + 1, places + 1 if how.lanes is Lanes.RESULT else kernel.rank - 1
    demand(places >= 0 and not kernel.accumulate, "no two loops for a register tile")
    demand(len(call.operands) == 2 and kernel.rank > kernel.parallel, "no sum of products of two operands")
    demand(
        ROWS not in call.extents[1 : places + 1] and (places > 0 or ROWS not in call.extents[:1]),
        "rows that stand behind",
    )
    demand(how.by_row == (places > 1 and call.extents[0] is ROWS), "rows as one place of several")
    _tiled(call, ROWS if ROWS in call.extents[:places] else elements(call.extents[:places], 1))
    first, second = kernel.operands
    demand(not any(axis.coefficients[n] for axis in first), "the first operand looks at n")
    demand(not any(axis.coefficients[m] for axis in second), "the second operand looks at m")
    along = (second, kernel.out) if how.lanes is Lanes.RESULT else (first, second)
    for where in along:
        demand(where[-1].index == lanes, "lanes that are not contiguous")
        demand(not any(axis.coefficients[lanes] for axis in where[:-1]), "lanes that are not contiguous")
    for operand, (where, buffer) in enumerate(zip(kernel.operands, call.operands, strict=True)):
        for axis, (index, extent) in enumerate(zip(where, buffer.shape, strict=True)):
            used = [k for k, c in enumerate(index.coefficients) if c]
            if (operand, axis) in how.edges:
                sums = [k for k in used if k >= kernel.parallel]
                demand(extent is not ROWS and len(sums) <= 1, f"axis {axis} of `{buffer.name}` is left by two sums")
                demand(not {m, n, lanes} & set(used), f"axis {axis} of `{buffer.name}` is left within a tile")
            elif index.index is None:
                _inside((index,), (extent,), call.extents, f"`{buffer.name}`")


def _scatter(call: Call, kernel: ScatterKernel, capacity: int) -> None:
    demand(len(call.operands) == 2 and len(call.extents) == 5 and not call.strides, "no scatter of values by indices")
    index, value = call.operands
    demand(index.element is Element.I64, "an index that is no int")
    demand(value.element is call.result.element is kernel.element, "values of another element than the kernel's")
    lead, n, m, each, tail = (elements((extent,), capacity) for extent in call.extents)
    m *= each
    sizes = [elements(buffer.shape, capacity) for buffer in (index, value, call.result)]
    demand(sizes == [lead * m, lead * m * tail, lead * n * tail], "tensors of other sizes than the extents'")
    demand(all(call.extents[k] is not ROWS for k in (0, 1, 3, 4)), "a scatter into rows")
    demand(call.tiles == Tiles(lead * tail, call.tiles.size), "tiles over something else than columns")


def _elements(call: Call, element: Element) -> None:
    for buffer in (*call.operands, call.result):
        demand(buffer.element is element, f"`{buffer.name}` is {buffer.element.value}, the kernel {element.value}")
