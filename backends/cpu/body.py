"""A kernel's scalar body as Python lines: one expression per instruction, in the order of the body.

    t2 = x0[i0 * x0_0 + i1] + x1[i1]
    t4 = maximum_f32(t2, f32(0.0))

Loads, literals and indices are written where they are used; each application has a line of its own.
Operand k is the pointer `xk`, row-major with strides `xk_0`, `xk_1`, ... for all axes but the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from dslc.program.program import Element
from dslc.scalar.affine import Affine
from dslc.scalar.body import Apply, Body, IndexOf, Literal, Load, Taken
from dslc.scalar.functions import SUPPORT
from dslc.scalar.types import DType

from .scalars import SUFFIXES, scalar
from .unit import Function


@dataclass(frozen=True, slots=True)
class Operand:
    """How a body names what it loads: the pointer's and the strides' stem, and the element there."""

    name: str
    element: Element


@dataclass(frozen=True, slots=True)
class Printed:
    """A body's lines, its value as an expression of type `dtype`, and the functions that it calls."""

    lines: tuple[str, ...]
    value: str
    dtype: DType
    functions: tuple[Function, ...]


def print_body(body: Body, operands: Sequence[Operand], real: Element) -> Printed:
    """The body with reals computed in `real`."""
    lines: list[str] = []
    values: list[str] = []
    dtypes: list[DType] = []
    functions: dict[str, Function] = {}
    for number, instruction in enumerate(body):
        match instruction:
            case Load():
                operand = operands[instruction.operand]
                values.append(_load(instruction, operand, values, real))
                dtypes.append(operand.element.dtype)
            case Literal():
                values.append(literal(instruction, real))
                dtypes.append(instruction.dtype)
            case IndexOf():
                values.append(f"({affine(instruction.where)})")
                dtypes.append(DType.INT)
            case Apply():
                given = [dtypes[k] for k in instruction.arguments]
                text, called = _apply(instruction, [values[k] for k in instruction.arguments], given[0], real)
                lines.append(f"t{number} = {text}")
                values.append(f"t{number}")
                dtypes.append(instruction.function.result(given))
                functions |= {function.signature.name: function for function in called}
            case _:
                assert_never(instruction)
    return Printed(tuple(lines), values[-1], dtypes[-1], tuple(functions.values()))


def literal(instruction: Literal, real: Element) -> str:
    match instruction.dtype:
        case DType.REAL:
            return f"{SUFFIXES[real]}({float(instruction.value)!r})"
        case DType.INT:
            return repr(int(instruction.value))
        case DType.BOOL:
            return repr(bool(instruction.value))
        case _:
            assert_never(instruction.dtype)


def affine(where: Affine) -> str:
    """`2 * i0 + i1 - 1`; `0` for the empty sum."""
    terms = [f"i{k}" if c == 1 else f"{c} * i{k}" for k, c in enumerate(where.coefficients) if c]
    if where.constant or not terms:
        terms.append(str(where.constant))
    return " + ".join(terms)


def element_at(name: str, indices: Sequence[str]) -> str:
    """`name[i0 * name_0 + i1]`: one element, the last axis contiguous."""
    return f"{name}[{element_offset(name, indices)[1:-1]}]"


def element_offset(name: str, indices: Sequence[str]) -> str:
    """`(i0 * name_0 + i1)`: how many elements are before one, the last axis contiguous."""
    last = len(indices) - 1
    terms = []
    for axis, index in enumerate(indices):
        if index == "0":
            continue
        whole = f"({index})" if " " in index and axis != last else index
        terms.append(index if axis == last else f"{whole} * {name}_{axis}")
    return f"({' + '.join(terms) or '0'})"


def cast(value: str, have: Element, want: Element) -> str:
    """A real's value in another width."""
    return value if have is want else f"{SUFFIXES[want]}({value})"


def _load(load: Load, operand: Operand, values: Sequence[str], real: Element) -> str:
    indices = [values[where.value] if isinstance(where, Taken) else affine(where) for where in load.where]
    place = element_at(operand.name, indices)
    match operand.element:
        case Element.B8:
            return f"({place} != 0)"
        case Element.I64:
            return place
        case Element.F32 | Element.F64:
            return cast(place, operand.element, real)
        case _:
            assert_never(operand.element)


def _apply(apply: Apply, arguments: Sequence[str], first: DType, real: Element) -> tuple[str, tuple[Function, ...]]:
    name, _, rest = apply.function.symbol.partition("(")
    if name not in SUPPORT:
        return apply.function.symbol.format(*arguments), ()
    if name == "real":
        return f"{SUFFIXES[real]}({arguments[0]})", ()
    draws = name in ("uniform", "normal")
    function = scalar(name, Element.I64 if first is DType.INT and not draws else real)
    return f"{function.signature.name}({rest.format(*arguments)}", (function,)
