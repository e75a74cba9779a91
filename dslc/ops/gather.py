"""Gather and its transpose: elements chosen by an INT tensor.

With l the first `shared` axes of both operands:

    gather       x[l.., n, r..], index[l.., m..]        -> result[l.., m.., r..] = x[l.., index[l.., m..], r..]
    scatter add  index[l.., m..], value[l.., m.., r..]  -> result[l.., n, r..] of 0,
                                                           result[l.., index[l.., m..], r..] += value[l.., m.., r..]

An embedding shares nothing; the loss of a chosen class shares the batch. Indices lie in 0 .. n - 1: whoever
feeds a program checks them before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.sample import Draw, Operand, Sample, Sampler, extents, index, real
from dslc.scalar.functions import ATOM, Formula
from dslc.scalar.types import ROWS, DType, Extent, Shape, shape_text, sized


@dataclass(frozen=True, slots=True)
class Gather(Op):
    """Operands (x, index)."""

    shared: int

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        x, chosen = types
        n = self.shared
        if chosen.dtype is not DType.INT or len(x.shape) <= n or x.shape[:n] != chosen.shape[:n]:
            raise TypeError(f"gather of {chosen} from {x} sharing {n} axes")
        if len(chosen.shape) < n:
            raise TypeError(f"gather of {chosen} from {x} sharing {n} axes")
        return TensorType(chosen.shape + x.shape[n + 1 :], x.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        x, chosen = values
        return np.asarray(x[_places(chosen, self.shared)])

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        x, chosen = node.inputs
        return build.add(ScatterAdd(self.shared, build.type(x).shape), chosen, g), None

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        if all(which):
            return Gather(self.shared + 1)
        return self if which[1] and not self.shared else None

    def to_text(self) -> str:
        return f"gather sharing {self.shared}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        (text, binding), (index, _) = operands
        return f"{text if binding >= ATOM else f'({text})'}[{index}]", ATOM


@dataclass(frozen=True, slots=True)
class ScatterAdd(Op):
    """Operands (index, value); the result has `shape`. Values that meet in one place are added in the order of m."""

    shared: int
    shape: Shape

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        chosen, value = types
        n = self.shared
        if chosen.dtype is not DType.INT or value.dtype is not DType.REAL or len(self.shape) <= n:
            raise TypeError(f"scatter of {value} at {chosen}")
        if len(chosen.shape) < n or chosen.shape[:n] != self.shape[:n]:
            raise TypeError(f"scatter at {chosen} sharing {n} axes of {shape_text(self.shape)}")
        if value.shape != chosen.shape + self.shape[n + 1 :]:
            raise TypeError(f"scatter of {value} at {chosen} into {shape_text(self.shape)}")
        return TensorType(self.shape)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        chosen, value = values
        result = np.zeros(sized(self.shape, rows))
        np.add.at(result, _places(chosen, self.shared), np.asarray(value, np.float64))
        return result

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return None, build.add(Gather(self.shared), g, node.inputs[0])

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return ScatterAdd(self.shared + 1, (steps, *self.shape)) if all(which) else None

    def to_text(self) -> str:
        return f"scatter add sharing {self.shared} into {shape_text(self.shape)}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"scatter_add({operands[0][0]}, {operands[1][0]})", ATOM


def _places(chosen: Array, shared: int) -> tuple[npt.NDArray[np.int64], ...]:
    """NumPy's index tuple: the shared axes' own indices, shaped to meet `chosen`, then `chosen`."""
    own = [np.arange(n).reshape([-1 if a == k else 1 for a in range(chosen.ndim)])
           for k, n in enumerate(chosen.shape[:shared])]  # fmt: skip
    return (*own, np.asarray(chosen, np.int64))


def _operands(draw: Draw) -> tuple[int, Shape, Shape, int]:
    """shared, x's shape, the index's shape, n."""
    leading: tuple[Extent, ...] = extents(draw, 0, 2)
    leading = (ROWS, *leading[1:]) if leading and draw.random() < 0.5 else leading
    n = int(draw.choice([1, 3, 5]))
    return len(leading), (*leading, n, *extents(draw, 0, 2)), (*leading, *extents(draw, 0, 2)), n


def _gather(draw: Draw) -> Sample:
    shared, x, chosen, n = _operands(draw)
    return Sample(Gather(shared), (real(x), index(chosen, n)))


def _gather_rows(draw: Draw) -> Sample:
    """An embedding: the index carries the batch axis, the table does not."""
    n = int(draw.choice([1, 3, 5]))
    table: Shape = (n, *extents(draw, 0, 1))
    return Sample(Gather(0), (real(table), index((ROWS, *extents(draw, 0, 1)), n)))


def _scatter(draw: Draw) -> Sample:
    shared, x, chosen, n = _operands(draw)
    value = Operand(TensorType(chosen + x[shared + 1 :]))
    return Sample(ScatterAdd(shared, x), (index(chosen, n), value))


SAMPLES: tuple[Sampler, ...] = (_gather, _gather_rows, _scatter)
