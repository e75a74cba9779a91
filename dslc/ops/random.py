"""Random tensors, by counting: each element is a pure function of (seed, stream, epoch, row, element).

`element` is the row-major index within the row; a tensor without a batch axis is one row, number 0. See
dslc/scalar/random.py for the generator. Randomness has no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod

import numpy as np

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.sample import Draw, Sample, Sampler, index, shape
from dslc.scalar.functions import ATOM, Formula, ScalarFunction, normal, uniform
from dslc.scalar.types import ROWS, DType, Shape, shape_text


class Distribution(Enum):
    """UNIFORM on [0, 1); NORMAL with mean 0 and variance 1."""

    UNIFORM = "uniform"
    NORMAL = "normal"

    @property
    def function(self) -> ScalarFunction:
        """The scalar function of (seed, stream, epoch, row, element) that draws from it."""
        return {Distribution.UNIFORM: uniform, Distribution.NORMAL: normal}[self]


@dataclass(frozen=True, slots=True)
class Random(Op):
    """Operands (seed, epoch, row ids [rows]) if `shape` starts with ROWS, else (seed, epoch); all INT.

    `stream` is the hash of a name: `dslc.scalar.random.stream`.
    """

    distribution: Distribution
    stream: int
    shape: Shape

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        scalar, per_row = TensorType((), DType.INT), TensorType((ROWS,), DType.INT)
        expected = [scalar, scalar, per_row] if self.shape[:1] == (ROWS,) else [scalar, scalar]
        if list(types) != expected or ROWS in self.shape[1:]:
            raise TypeError(f"{self.to_text()} from {', '.join(map(str, types))}")
        return TensorType(self.shape)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        seed, epoch, *ids = values
        inner = [extent for extent in self.shape if extent is not ROWS]
        element = np.arange(prod(inner), dtype=np.int64).reshape(inner)
        row = ids[0].reshape(-1, *[1] * len(inner)) if ids else np.zeros((), np.int64)
        return np.asarray(self.distribution.function.meaning(seed, np.int64(self.stream), epoch, row, element))

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return (None,) * len(node.inputs)

    def to_text(self) -> str:
        return f"random {self.distribution.value} {shape_text(self.shape)} stream {self.stream:08x}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"random_{self.distribution.value}({shape_text(self.shape)})", ATOM


@dataclass(frozen=True, slots=True)
class RandomOrthonormal(Op):
    """A matrix whose columns are orthonormal, or where it is wider than high its rows. Operands (seed, epoch), INT.

    The axes before the last count as one. It is the Q of a normal matrix of the same stream, with the signs for which R
    has a positive diagonal: uniform among all such matrices (Mezzadri 2007, "How to generate random matrices from the
    classical compact groups", section 5). Weights begin so; no program has this primitive, the host evaluates it.
    """

    stream: int
    shape: tuple[int, ...]

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        if list(types) != [TensorType((), DType.INT)] * 2 or len(self.shape) < 2:
            raise TypeError(f"{self.to_text()} from {', '.join(map(str, types))}")
        return TensorType(self.shape)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        normals = Random(Distribution.NORMAL, self.stream, self.shape).evaluate(values, rows)
        matrix = np.asarray(normals, np.float64).reshape(-1, self.shape[-1])
        wide = matrix.shape[1] > matrix.shape[0]
        q, r = np.linalg.qr(matrix.T if wide else matrix)
        columns = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        return np.asarray(columns.T if wide else columns).reshape(self.shape)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return None, None

    def to_text(self) -> str:
        return f"random orthonormal {shape_text(self.shape)} stream {self.stream:08x}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"random_orthonormal({shape_text(self.shape)})", ATOM


def _orthonormal(draw: Draw) -> Sample:
    of = tuple(int(extent) for extent in draw.integers(1, 5, draw.integers(2, 5)))
    return Sample(RandomOrthonormal(int(draw.integers(2**32)), of), (index((), 99), index((), 9)))


def _sampler(distribution: Distribution) -> Sampler:
    def sample(draw: Draw) -> Sample:
        of = shape(draw)
        ids = (index((ROWS,), 1000),) if of[:1] == (ROWS,) else ()
        return Sample(Random(distribution, int(draw.integers(2**32)), of), (index((), 99), index((), 9), *ids))

    return sample


SAMPLES: tuple[Sampler, ...] = (*map(_sampler, Distribution), _orthonormal)
