"""What each kernel computes, in terms of the primitive that it realises.

A loop kernel is the fused loop of the graph with a place to write to, a contraction and a scatter are the
primitives themselves, and a multiply kernel is a matrix product of strided views. Tiles do not matter here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import assert_never

import numpy as np
import numpy.typing as npt

from dslc.ops.contract import Contract
from dslc.ops.gather import ScatterAdd
from dslc.ops.loop import Loop
from dslc.program.arena import view
from dslc.program.backend import Array, Bytes
from dslc.program.program import Call, ContractKernel, LoopKernel, MultiplyKernel, ScatterKernel
from dslc.scalar.affine import Access, identity
from dslc.scalar.panels import PANEL
from dslc.scalar.types import distance, sized


def run_call(call: Call, arena: Bytes, rows: int, step: int = 0) -> None:
    """Computes the call's result in float64 and stores it in the result's element."""
    result, operands = view(arena, call.result, rows, step), _operands(call, arena, rows, step)
    # A diverging run overflows; the machine finds it by its objective.
    with np.errstate(all="ignore"):
        match call.kernel:
            case LoopKernel():
                loop(call.kernel, call, operands, rows, result)
            case MultiplyKernel():
                multiply(call, operands, rows, result)
            case ContractKernel(operands=reads, out=out):
                op = Contract(call.extents, reads, out, call.result.shape)
                result[...] = op.evaluate(operands, rows)
            case ScatterKernel():
                scatter(call, operands, rows, result)
            case _:
                assert_never(call.kernel)


def loop(kernel: LoopKernel, call: Call, operands: Sequence[Array], rows: int, result: Array) -> None:
    op = Loop(call.extents, kernel.parallel, kernel.body, kernel.combine)
    value = op.evaluate(operands, rows)
    extents = sized(call.extents, rows)[: kernel.parallel]
    if kernel.where == identity(kernel.rank)[: kernel.parallel] and result.shape == extents:
        result[...] = value
    else:
        result[_places(kernel.where, extents)] = value


def multiply(call: Call, operands: Sequence[Array], rows: int, result: Array) -> None:
    m, n, *summed = sized(call.extents, rows)
    k = prod(summed)
    a, b = (operand.ravel() for operand in operands)
    a_m, a_k, b_k, b_n = (distance(stride, rows) for stride in call.strides)
    left = a[np.arange(m)[:, None] * a_m + np.arange(k) * a_k]
    panel, column = np.divmod(np.arange(n), PANEL)
    right = b[np.arange(k)[:, None] * b_k + panel * b_n + column]
    result[...] = (left @ right).reshape(result.shape)


def scatter(call: Call, operands: Sequence[Array], rows: int, result: Array) -> None:
    """Extents (l, n, m, e, r): operands index[l, m, e] and value[l, m, e, r], result [l, n, r]."""
    shared, places, taken, each, rest = sized(call.extents, rows)
    taken *= each
    index, value = operands
    op = ScatterAdd(1, (shared, places, rest))
    total = op.evaluate((index.reshape(shared, taken), value.reshape(shared, taken, rest)), rows)
    result[...] = total.reshape(result.shape)


def _operands(call: Call, arena: Bytes, rows: int, step: int) -> list[Array]:
    """Copies, reals in float64, so that a result may take an operand's place."""
    found: list[Array] = []
    for operand in call.operands:
        stored = view(arena, operand, rows, step)
        found.append(stored.astype(np.float64 if stored.dtype.kind == "f" else stored.dtype))
    return found


def _places(where: Access, extents: tuple[int, ...]) -> tuple[npt.NDArray[np.int64], ...]:
    """For each axis of the result the indices that the parallel loops write."""
    grid = np.indices(extents, np.int64, sparse=True)
    places: list[npt.NDArray[np.int64]] = []
    for axis in where:
        place = np.full(extents, axis.constant, np.int64)
        for c, own in zip(axis.coefficients, grid, strict=False):  # coefficients of reduced loops are 0
            place += c * own
        places.append(place)
    return tuple(places)
