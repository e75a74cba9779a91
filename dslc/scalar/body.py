"""The body of a loop nest: what happens at one loop point, as straight-line scalar instructions.

An instruction names earlier ones by position; the last one is the point's value. Fused maps, reductions
and gathers of the graph and the loop kernels of a program share this form, and every backend prints it.

    0: load a[i0, i1]
    1: load b[i1]
    2: 0 + 1
    3: literal 0.0
    4: maximum(2, 3)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from dslc.scalar.affine import Affine
from dslc.scalar.affine import to_text as access_text
from dslc.scalar.functions import ATOM, Formula, ScalarFunction
from dslc.scalar.types import ROWS, DType, Shape

Ref: TypeAlias = int
"""The position of an earlier instruction."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An index that an earlier INT instruction computed: a gather."""

    value: Ref


Place: TypeAlias = tuple[Affine | Taken, ...]
"""One index for each axis of a tensor."""


@dataclass(frozen=True, slots=True)
class Load:
    """Reads operand number `operand` at one index per axis."""

    operand: int
    where: Place


@dataclass(frozen=True, slots=True)
class Literal:
    value: float | int | bool
    dtype: DType


@dataclass(frozen=True, slots=True)
class IndexOf:
    """The loop point's own index as an INT."""

    where: Affine


@dataclass(frozen=True, slots=True)
class Apply:
    function: ScalarFunction
    arguments: tuple[Ref, ...]


Instruction: TypeAlias = Load | Literal | IndexOf | Apply
Body: TypeAlias = tuple[Instruction, ...]


class Combine(Enum):
    """How the reduced loops' values become one; ARGMAX yields the first index of the maximum, ties to the first."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    ARGMAX = "argmax"


def each_index(place: Place, change: Callable[[Affine], Affine]) -> Place:
    """The place with its affine indices changed; what was taken was changed where it was computed."""
    return tuple(change(index) if isinstance(index, Affine) else index for index in place)


def reindexed(
    instruction: Instruction, of_place: Callable[[int, Place], Place], of_index: Callable[[Affine], Affine]
) -> Instruction:
    """The instruction in another nest: `of_place` of an operand's number and a place in it, `of_index` of an index."""
    match instruction:
        case Load(operand, where):
            return Load(operand, of_place(operand, where))
        case IndexOf(where):
            return IndexOf(of_index(where))
        case Literal() | Apply():
            return instruction


def along_first(where: Sequence[Affine | Taken], extents: Shape) -> int | None:
    """How many places of the first axis belong to each point of the first loop, side by side: `step` in
    `step * i0 + rest` with a rest of 0 .. step - 1, the other axes not looking at that loop. Else None.
    """
    if not where or any(isinstance(axis, Affine) and axis.coefficients[0] for axis in where[1:]):
        return None
    first = where[0]
    if not isinstance(first, Affine) or not first.coefficients:
        return None
    step = first.coefficients[0]
    if any(c and extent is ROWS for c, extent in zip(first.coefficients[1:], extents[1:], strict=True)):
        return None
    low, high = Affine(first.coefficients[1:], first.constant).range(extents[1:])
    return step if low >= 0 and high < step else None


# --- as text --------------------------------------------------------------------------------------


def to_text(body: Body) -> str:
    """The point's value on one line: `t1 = exp(x0[i0]); t1 * t1`."""
    named, value = formula(body)
    return "; ".join([*named, value])


def formula(body: Body) -> tuple[list[str], str]:
    """A line for each result of a function that is read more than once, `t1 = exp(x0[i0])`, and the point's value.

    Operands are x0, x1, ... and the loop indices i0, i1, ...
    """
    uses = Counter(ref for instruction in body for ref in _reads(instruction))
    named: list[str] = []
    texts: list[Formula] = []
    for ref, instruction in enumerate(body):
        text = _text(instruction, texts)
        if isinstance(instruction, Apply) and uses[ref] > 1:
            named.append(f"t{ref} = {text[0]}")
            text = f"t{ref}", ATOM
        texts.append(text)
    return named, texts[-1][0] if texts else "nothing"


def _reads(instruction: Instruction) -> tuple[Ref, ...]:
    match instruction:
        case Load(_, where):
            return tuple(index.value for index in where if isinstance(index, Taken))
        case Apply(_, arguments):
            return arguments
        case Literal() | IndexOf():
            return ()
        case _:
            assert_never(instruction)


def _text(instruction: Instruction, earlier: Sequence[Formula]) -> Formula:
    match instruction:
        case Load(operand, where):
            indices = (earlier[i.value][0] if isinstance(i, Taken) else access_text((i,))[1:-1] for i in where)
            return f"x{operand}[{', '.join(indices)}]", ATOM
        case Literal(value, _):
            return str(value), ATOM
        case IndexOf(where):
            return access_text((where,))[1:-1], ATOM if where.index is not None else 0
        case Apply(function, arguments):
            return function.notation.fill([earlier[argument] for argument in arguments])
        case _:
            assert_never(instruction)
