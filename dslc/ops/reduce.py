"""Reductions: many elements become one along some axes, which disappear.

%4 = reduce sum over 1 : [rows] real
%5 = argmax over 1 : [rows] int
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

import numpy as np

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.leaf import Iota
from dslc.ops.map import Map, filled
from dslc.ops.sample import Draw, Sample, Sampler, shape
from dslc.ops.sample import real as real_operand
from dslc.ops.structure import Expand
from dslc.scalar.functions import ATOM, Formula, add, equal, multiply, real, where
from dslc.scalar.types import ROWS, DType, Shape


class ReduceKind(Enum):
    SUM = "sum"
    MAX = "max"
    MIN = "min"


@dataclass(frozen=True, slots=True)
class Reduce(Op):
    """REAL or INT; `axes` strictly increasing.

    The gradient of MAX and MIN goes to the first extremum in row-major order.
    """

    kind: ReduceKind
    axes: tuple[int, ...]

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        (operand,) = types
        if operand.dtype is DType.BOOL or list(self.axes) != sorted(set(self.axes)):
            raise TypeError(f"reduce {self.kind.value} over {self.axes} of {operand}")
        if self.axes and not 0 <= self.axes[0] <= self.axes[-1] < len(operand.shape):
            raise TypeError(f"reduce over {self.axes} of {operand}")
        return TensorType(tuple(e for k, e in enumerate(operand.shape) if k not in self.axes), operand.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        meaning = {ReduceKind.SUM: np.add, ReduceKind.MAX: np.maximum, ReduceKind.MIN: np.minimum}[self.kind]
        return np.asarray(meaning.reduce(values[0], axis=self.axes))

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        (operand,) = node.inputs
        kept = tuple(k for k in range(len(build.type(operand).shape)) if k not in self.axes)
        if self.kind is ReduceKind.SUM:
            return (build.add(Expand(build.type(operand).shape, kept), g),)
        return (self._to_first(build, node, kept, g) if self.axes else g,)

    def _to_first(self, build: Builder, node: Node, kept: tuple[int, ...], g: NodeId) -> NodeId:
        """To the element with the least row-major number of those that are the extremum.

        The numbers are REAL, as wide as the elements: a float32 counts 2^24 exactly, more than is reduced to one.
        """
        (operand,) = node.inputs
        whole = build.type(operand).shape
        number = build.add(Map(real), self._numbers(build, whole))
        hit = build.add(Map(equal), operand, build.add(Expand(whole, kept), node.id))
        candidates = build.add(Map(where), hit, number, filled(build, inf, whole))
        first = build.add(Reduce(ReduceKind.MIN, self.axes), candidates)
        chosen = build.add(Map(equal), number, build.add(Expand(whole, kept), first))
        return build.add(Map(where), chosen, build.add(Expand(whole, kept), g), filled(build, 0.0, whole))

    def _numbers(self, build: Builder, whole: Shape) -> NodeId:
        """For each element its row-major number along `axes`, as INT; rows count first, wherever they stand.

        Their number is not known, so that nothing can be counted before them.
        """
        first, *rest = sorted(self.axes, key=lambda axis: whole[axis] is not ROWS)
        number = build.add(Expand(whole, (first,)), build.add(Iota(whole[first])))
        for axis in rest:
            extent = whole[axis]
            if extent is ROWS:
                raise TypeError("two batch axes")
            number = build.add(Map(multiply), number, filled(build, extent, whole, DType.INT))
            index = build.add(Expand(whole, (axis,)), build.add(Iota(extent)))
            number = build.add(Map(add), number, index)
        return number

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Reduce(self.kind, tuple(axis + 1 for axis in self.axes))

    def to_text(self) -> str:
        return f"reduce {self.kind.value} over {', '.join(map(str, self.axes)) or 'none'}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"{self.kind.value}({operands[0][0]})", ATOM


@dataclass(frozen=True, slots=True)
class Argmax(Op):
    """The index of the maximum along `axis` as INT; ties go to the first. It has no gradient."""

    axis: int

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        (operand,) = types
        if operand.dtype is DType.BOOL or not 0 <= self.axis < len(operand.shape):
            raise TypeError(f"argmax over {self.axis} of {operand}")
        return TensorType(operand.shape[: self.axis] + operand.shape[self.axis + 1 :], DType.INT)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return np.asarray(np.argmax(values[0], self.axis), np.int64)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return (None,)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Argmax(self.axis + 1)

    def to_text(self) -> str:
        return f"argmax over {self.axis}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"argmax({operands[0][0]})", ATOM


def _reduce(kind: ReduceKind) -> Sampler:
    def sample(draw: Draw) -> Sample:
        of = shape(draw)
        return Sample(Reduce(kind, tuple(k for k in range(len(of)) if draw.random() < 0.6)), (real_operand(of),))

    return sample


def _argmax(draw: Draw) -> Sample:
    of = shape(draw, 1)
    return Sample(Argmax(int(draw.integers(len(of)))), (real_operand(of),))


SAMPLES: tuple[Sampler, ...] = (*(_reduce(kind) for kind in ReduceKind), _argmax)
