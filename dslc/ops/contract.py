"""Contraction: a sum of products over a loop domain, each tensor read and written through an affine access.

    result[out(i)] += product over k of operand_k[access_k(i)]      for every point i of the loop domain

Reads outside a tensor are 0 and writes outside are dropped. Matrix products, einsum, every convolution and
all their gradients are of this form: the gradient for operand k is the same domain with operand k's access
and the result's exchanged, so padding, stride and dilation need no further rule.

>>> matmul = contraction(((0, 2), (2, 1)), (0, 1), (4, 5, 3))
>>> matmul.to_text()
'contract [i0, i2] [i2, i1] -> [i0, i1] over 4, 5, 3'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_letters
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.sample import Draw, Sample, Sampler, real
from dslc.scalar.affine import Access, Affine, access, to_text
from dslc.scalar.functions import ATOM, Formula
from dslc.scalar.types import ROWS, DType, Extent, Shape, extents_text, sized

Reals: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contract(Op):
    """Loops of `extents`; `operands[k]` reads input k, `out` writes the result of `shape`. REAL throughout."""

    extents: Shape
    operands: tuple[Access, ...]
    out: Access
    shape: Shape

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        if not types or len(types) != len(self.operands):
            raise TypeError(f"{len(types)} operands for {len(self.operands)} accesses")
        for where, type in zip((*self.operands, self.out), (*types, TensorType(self.shape)), strict=True):
            if type.dtype is not DType.REAL or len(where) != len(type.shape):
                raise TypeError(f"access {to_text(where)} of {type}")
            if any(len(axis.coefficients) != len(self.extents) for axis in where):
                raise TypeError(f"access {to_text(where)} is not over {len(self.extents)} loops")
        return TensorType(self.shape)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        """Each operand is first read over the loops that its access uses; then all are multiplied and summed."""
        extents, shape = sized(self.extents, rows), sized(self.shape, rows)
        factors: list[Reals] = []
        indices: list[list[int]] = []
        for where, x in zip(self.operands, values, strict=True):
            indices.append(_loops(where))
            factors.append(_read(np.asarray(x, np.float64), where, indices[-1], extents))
        for unused in set(range(len(extents))).difference(*indices):
            indices.append([unused])
            factors.append(np.ones(extents[unused]))
        loops = _loops(self.out)
        subscripts = ",".join(map(_letters, indices)) + "->" + _letters(loops)
        value = np.asarray(np.einsum(subscripts, *factors, optimize=True), np.float64)
        return _write(value, self.out, loops, extents, shape)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        def exchanged(k: int) -> NodeId:
            accesses = (*self.operands[:k], *self.operands[k + 1 :], self.out)
            others = (*node.inputs[:k], *node.inputs[k + 1 :], g)
            return build.add(
                Contract(self.extents, accesses, self.operands[k], build.type(node.inputs[k]).shape), *others
            )

        return tuple(exchanged(k) for k in range(len(node.inputs)))

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        total = self.over_steps(steps, which)
        return replace(total, out=(Affine((1, *(0 for _ in self.extents))), *total.out), shape=(steps, *self.shape))

    def over_steps(self, steps: int, which: Sequence[bool]) -> Contract:
        """The sum over a first axis of `steps` that the operands have which `which` says."""
        first = Affine((1, *(0 for _ in self.extents)))

        def moved(where: Access, stacks: bool) -> Access:
            inner = tuple(Affine((0, *axis.coefficients), axis.constant) for axis in where)
            return (first, *inner) if stacks else inner

        operands = tuple(moved(where, stacks) for where, stacks in zip(self.operands, which, strict=True))
        return Contract((steps, *self.extents), operands, moved(self.out, False), self.shape)

    def to_text(self) -> str:
        accesses = " ".join(to_text(where) for where in self.operands)
        return f"contract {accesses} -> {to_text(self.out)} over {extents_text(self.extents)}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        """In index notation: `sum(x[i0, i2] * w[i2, i1] over i2)`."""
        reads = [
            (text if binding >= ATOM else f"({text})") + to_text(where)
            for (text, binding), where in zip(operands, self.operands, strict=True)
        ]
        summed = sorted(set(range(len(self.extents))) - set(_loops(self.out)))
        over = f" over {', '.join(f'i{loop}' for loop in summed)}" if summed else ""
        return f"sum({' * '.join(reads)}{over})", ATOM

    def inside(self, shapes: Sequence[Shape]) -> bool:
        """Do all reads of operands of these shapes stay in them?"""
        pairs = (
            pair for where, shape in zip(self.operands, shapes, strict=True) for pair in zip(where, shape, strict=True)
        )
        return all(index.stays(self.extents, size) for index, size in pairs)

    def walks_whole(self, extents: Shape) -> bool:
        """Is every place of the result one point of loops of its own, with these extents?"""
        kept = [axis.index for axis in self.out if axis.index is not None]
        return len(set(kept)) == len(self.out) and self.shape == tuple(extents[k] for k in kept)

    @property
    def plain(self) -> bool:
        """Every access is a list of different loop indices."""
        return all(_plain(where) for where in (*self.operands, self.out))


def contraction(operands: tuple[tuple[int, ...], ...], out: tuple[int, ...], extents: Sequence[Extent]) -> Contract:
    """The contraction whose accesses are plain indices: einsum. `extents[k]` is the extent of index k."""
    rank = len(extents)
    accesses = tuple(access(rank, *indices) for indices in operands)
    return Contract(tuple(extents), accesses, access(rank, *out), tuple(extents[k] for k in out))


def matmul(left: Shape, right: Shape) -> Contract:
    """`left @ right`, [.., k] and [k, ..]: the last axis of `left` meets the first of `right`."""
    if not left or not right or left[-1] != right[0]:
        raise TypeError(f"no matrix product of {left} and {right}")
    outer, inner = len(left) - 1, len(left) + len(right) - 2
    columns = tuple(range(outer, inner))
    extents = (*left[:-1], *right[1:], right[0])
    return contraction(((*range(outer), inner), (inner, *columns)), (*range(outer), *columns), extents)


def _plain(where: Access) -> bool:
    indices = [axis.index for axis in where]
    return None not in indices and len(set(indices)) == len(indices)


def _letters(loops: list[int]) -> str:
    return "".join(ascii_letters[loop] for loop in loops)


def _loops(where: Access) -> list[int]:
    """The loops that an access depends on; in the access's own order where it is plain."""
    if _plain(where):
        return [axis.index for axis in where if axis.index is not None]
    return sorted({k for axis in where for k, c in enumerate(axis.coefficients) if c})


def _places(
    where: Access, loops: list[int], extents: Sequence[int], shape: tuple[int, ...]
) -> tuple[list[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]:
    """For each axis the indices over the grid of `loops`, clipped into `shape`, and where all lie inside."""
    grid = dict(zip(loops, np.ix_(*(np.arange(extents[k]) for k in loops)), strict=True)) if loops else {}
    inside = np.ones(tuple(extents[k] for k in loops), np.bool_)
    places: list[npt.NDArray[np.int64]] = []
    for axis, extent in zip(where, shape, strict=True):
        place = np.full(inside.shape, axis.constant, np.int64)
        for k in loops:
            place = place + axis.coefficients[k] * grid[k]
        inside = inside & (place >= 0) & (place < extent)
        places.append(np.clip(place, 0, max(extent - 1, 0)))
    return places, inside


def _read(x: Reals, where: Access, loops: list[int], extents: Sequence[int]) -> Reals:
    if _plain(where) and x.shape == tuple(extents[k] for k in loops):
        return x
    places, inside = _places(where, loops, extents, x.shape)
    return np.where(inside, x[tuple(places)], 0.0) if x.size else np.zeros(inside.shape)


def _write(value: Reals, where: Access, loops: list[int], extents: Sequence[int], shape: tuple[int, ...]) -> Reals:
    if _plain(where) and shape == tuple(extents[k] for k in loops):
        return value
    places, inside = _places(where, loops, extents, shape)
    result = np.zeros(shape)
    if result.size:
        np.add.at(result, tuple(places), np.where(inside, value, 0.0))
    return result


def _matmul(draw: Draw) -> Sample:
    batch: tuple[Extent, ...] = (ROWS,) if draw.random() < 0.5 else ()
    m, k, n = (int(s) for s in draw.choice([1, 2, 3, 5], 3))
    left: Shape = (*batch, m, k)
    return Sample(matmul(left, (k, n)), (real(left), real((k, n))))


def _convolution(draw: Draw) -> Sample:
    """One spatial axis, [rows, n, c] with [size, c, f]: loops row, place, filter, tap, channel."""
    n, size, channels, filters = 7, int(draw.choice([1, 2, 3])), int(draw.choice([1, 2])), int(draw.choice([1, 3]))
    stride, dilation, pad = (int(draw.integers(low, 3)) for low in (1, 1, 0))
    places = max((n + 2 * pad - dilation * (size - 1) - 1) // stride + 1, 1)
    row, place, tap = Affine((1, 0, 0, 0, 0)), Affine((0, stride, 0, dilation, 0), -pad), access(5, 4)
    op = Contract(
        (ROWS, places, filters, size, channels),
        ((row, place, *tap), access(5, 3, 4, 2)),
        access(5, 0, 1, 2),
        (ROWS, places, filters),
    )
    return Sample(op, (real((ROWS, n, channels)), real((size, channels, filters))))


def _three_factors(draw: Draw) -> Sample:
    b, i, j = (int(s) for s in draw.choice([1, 2, 3, 5], 3))
    return Sample(contraction(((0, 1), (1, 2), (2,)), (0,), (b, i, j)), (real((b, i)), real((i, j)), real((j,))))


def _diagonal(draw: Draw) -> Sample:
    """The trace's gradient: reads one element per loop point, writes into a window of the result."""
    n = int(draw.choice([1, 2, 5]))
    where = (Affine((1,)), Affine((1,)))
    return Sample(Contract((n,), (where,), (Affine((2,), -1),), (n,)), (real((n, n)),))


def _beyond(draw: Draw) -> Sample:
    """Loops that leave an operand or the result: zeros are read there, and nothing is written."""
    i, j, a, b, c = (int(s) for s in draw.choice([1, 2, 3, 5], 5))
    op = Contract((i, j), (access(2, 0, 1), access(2, 1)), access(2, 0), (c,))
    return Sample(op, (real((a, b)), real((j,))))


SAMPLES: tuple[Sampler, ...] = (_matmul, _convolution, _three_factors, _diagonal, _beyond)
