"""Loop: a fused nest, the form in which maps, reductions and gathers reach the program.

The body (dslc/scalar/body.py) computes one value per loop point; the first `parallel` loops index the result
and the others are combined. Fusion makes it after differentiation, so it has no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import numpy as np
import numpy.typing as npt

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.leaf import NUMPY
from dslc.ops.sample import Draw, Sample, Sampler, index, real
from dslc.scalar.affine import Affine, access
from dslc.scalar.body import Apply, Body, Combine, IndexOf, Instruction, Literal, Load, Taken, to_text
from dslc.scalar.functions import ATOM, Formula, add, exp, multiply
from dslc.scalar.types import ROWS, DType, Shape, extents_text, sized

Whole: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Loop(Op):
    """Operand k is what the body's loads of number k read, always inside; `combine` is None if no loop is reduced."""

    extents: Shape
    parallel: int
    body: Body
    combine: Combine | None

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        if (self.combine is None) != (self.parallel == len(self.extents)) or not self.body:
            raise TypeError(f"loop of {len(self.extents)} loops, {self.parallel} of them parallel")
        dtypes: list[DType] = []
        for instruction in self.body:
            dtypes.append(self._dtype(instruction, dtypes, types))
        dtype = DType.INT if self.combine is Combine.ARGMAX else dtypes[-1]
        return TensorType(self.extents[: self.parallel], dtype)

    def _dtype(self, instruction: Instruction, earlier: list[DType], types: Sequence[TensorType]) -> DType:
        match instruction:
            case Load(operand, where):
                if len(where) != len(types[operand].shape):
                    raise TypeError(f"load of operand {operand}, {types[operand]}, at {len(where)} indices")
                if any(isinstance(w, Taken) and earlier[w.value] is not DType.INT for w in where):
                    raise TypeError(f"load of operand {operand} at an index that is not int")
                return types[operand].dtype
            case Literal(_, dtype):
                return dtype
            case IndexOf():
                return DType.INT
            case Apply(function, arguments):
                return function.result([earlier[argument] for argument in arguments])
            case _:
                assert_never(instruction)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        extents = sized(self.extents, rows)
        grid = [np.arange(n, dtype=np.int64) for n in extents]
        grid = [own.reshape([-1 if a == k else 1 for a in range(len(grid))]) for k, own in enumerate(grid)]
        found: list[Array] = []
        for instruction in self.body:
            found.append(_value(instruction, found, values, grid))
        points = np.broadcast_to(found[-1], extents)
        reduced = tuple(range(self.parallel, len(extents)))
        match self.combine:
            case None:
                return points
            case Combine.SUM:
                return np.asarray(points.sum(reduced))
            case Combine.MAX:
                return np.asarray(points.max(reduced))
            case Combine.MIN:
                return np.asarray(points.min(reduced))
            case Combine.ARGMAX:
                return np.asarray(points.reshape(*extents[: self.parallel], -1).argmax(-1), np.int64)
            case _:
                assert_never(self.combine)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        raise TypeError("a fused loop has no gradient: differentiate before fusing")

    def to_text(self) -> str:
        combine = f" {self.combine.value} from loop {self.parallel}" if self.combine else ""
        return f"loop over {extents_text(self.extents) or 'one point'}{combine}: {to_text(self.body)}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        combine = f"{self.combine.value} of " if self.combine else ""
        return f"loop({combine}{to_text(self.body)} of {', '.join(text for text, _ in operands)})", ATOM


def _value(instruction: Instruction, found: list[Array], values: Sequence[Array], grid: list[Whole]) -> Array:
    """An instruction's value over the whole grid, with extent 1 along loops that it does not depend on."""
    match instruction:
        case Load(operand, where):
            places = [found[w.value] if isinstance(w, Taken) else _index(w, grid) for w in where]
            return np.asarray(values[operand][tuple(places)])
        case Literal(value, dtype):
            return np.asarray(value, NUMPY[dtype])
        case IndexOf(where):
            return _index(where, grid)
        case Apply(function, arguments):
            with np.errstate(all="ignore"):
                return np.asarray(function.meaning(*(found[argument] for argument in arguments)))
        case _:
            assert_never(instruction)


def _index(where: Affine, grid: list[Whole]) -> Whole:
    place = np.full([1] * len(grid), where.constant, np.int64)
    for c, own in zip(where.coefficients, grid, strict=True):
        place = place + c * own if c else place
    return place


def _row_sums(draw: Draw) -> Sample:
    """sum over j of exp(x[i, j]) * y[j]."""
    n = int(draw.choice([1, 3, 5]))
    body: Body = (
        Load(0, access(2, 0, 1)),
        Apply(exp, (0,)),
        Load(1, access(2, 1)),
        Apply(multiply, (1, 2)),
    )
    return Sample(Loop((ROWS, n), 1, body, Combine.SUM), (real((ROWS, n)), real((n,))))


def _taken(draw: Draw) -> Sample:
    """table[index[i], j] + 1."""
    n, m = (int(s) for s in draw.choice([1, 3, 5], 2))
    body: Body = (
        Load(1, access(2, 0)),
        Load(0, (Taken(0), *access(2, 1))),
        Literal(1.0, DType.REAL),
        Apply(add, (1, 2)),
    )
    return Sample(Loop((ROWS, m), 2, body, None), (real((n, m)), index((ROWS,), n)))


SAMPLES: tuple[Sampler, ...] = (_row_sums, _taken)
