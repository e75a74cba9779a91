"""Loop nodes, and everything that is a loop after all, as steps with a `LoopKernel`.

Copies, fills, pads, concatenations, and the contractions and scatters that no other kernel does, are loops
too: they are written as a `Nest` here and take the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from dslc.lowering.draft import Drafts, Step, View
from dslc.lowering.nest import Nest, smallest
from dslc.lowering.tiles import loop_tiles
from dslc.ops.contract import Contract
from dslc.ops.gather import ScatterAdd
from dslc.ops.loop import Loop
from dslc.ops.structure import Concat, Pad
from dslc.program.program import LoopKernel
from dslc.scalar.affine import Access, Affine, access, identity
from dslc.scalar.body import Apply, Body, Combine, IndexOf, Instruction, Literal, Load
from dslc.scalar.functions import equal, multiply, where
from dslc.scalar.types import DType, Shape, number
from dslc.source import Span


@dataclass(frozen=True, slots=True)
class Target:
    """Where steps write, and what the generated source says beside them; `drafts` makes room for what they copy.

    `usual` is the number of rows that the entry is mostly called with, as far as choices between kernels go.
    """

    result: View
    note: str
    span: Span
    drafts: Drafts
    usual: int


def nest_step(nest: Nest, operands: Sequence[View], target: Target) -> Step:
    """The step that runs `nest`, brought to its smallest form."""
    return _step(smallest(nest), operands, target)


def _step(nest: Nest, operands: Sequence[View], target: Target) -> Step:
    views = tuple(view.reshaped(shape) for view, shape in zip(operands, nest.shapes, strict=True))
    kernel = LoopKernel(
        rank=len(nest.extents),
        parallel=nest.parallel,
        elements=tuple(view.element for view in views),
        ranks=tuple(len(view.shape) for view in views),
        body=nest.body,
        combine=nest.combine,
        result=target.result.element,
        result_rank=len(nest.result),
        where=nest.where,
    )
    tiles = loop_tiles(nest.extents, nest.parallel, nest.body, target.drafts.capacity)
    return Step(kernel, views, target.result.reshaped(nest.result), nest.extents, tiles, target.span, target.note)


def loop_step(op: Loop, operands: Sequence[View], target: Target) -> Step:
    shapes, shape = tuple(view.shape for view in operands), op.extents[: op.parallel]
    written = identity(len(op.extents))[: op.parallel]
    nest = Nest(op.extents, op.parallel, op.body, op.combine, shapes, shape, written)
    return nest_step(nest, operands, target)


def copy_step(source: View, read: Access, target: Target) -> Step:
    """`result[i] = source[read(i)]`, converted to the result's element."""
    shape = target.result.shape
    nest = Nest(shape, len(shape), (Load(0, read),), None, (source.shape,), shape, identity(len(shape)))
    return nest_step(nest, (source,), target)


def contract_step(op: Contract, operands: Sequence[View], target: Target) -> Step:
    """A contraction with plain accesses, all inside, as a loop that sums products."""
    kept = [axis.index for axis in op.out if axis.index is not None]
    loops = kept + [k for k in range(len(op.extents)) if k not in kept]
    rank = len(loops)
    moved = access(rank, *(loops.index(k) for k in range(rank)))
    body: list[Instruction] = []
    product = -1
    for k, read in enumerate(op.operands):
        body.append(Load(k, tuple(axis.compose(moved) for axis in read)))
        if k:
            body.append(Apply(multiply, (product, len(body) - 1)))
        product = len(body) - 1
    nest = Nest(
        tuple(op.extents[k] for k in loops), len(kept), tuple(body), Combine.SUM if len(kept) < rank else None,
        tuple(view.shape for view in operands), op.shape, identity(rank)[: len(kept)],
    )  # fmt: skip
    return nest_step(nest, operands, target)


def scatter_step(op: ScatterAdd, index: View, value: View, target: Target) -> Step:
    """A scatter as a loop over its result: each place sums the values whose index names it."""
    shared, taken = op.shape[: op.shared], index.shape[op.shared :]
    rest = op.shape[op.shared + 1 :]
    extents: Shape = (*shared, op.shape[op.shared], *rest, *taken)
    rank, parallel = len(extents), len(op.shape)
    own, inner = range(op.shared), range(parallel, rank)
    body: Body = (
        Load(0, access(rank, *own, *inner)),
        IndexOf(access(rank, op.shared)[0]),
        Apply(equal, (0, 1)),
        Load(1, access(rank, *own, *inner, *range(op.shared + 1, parallel))),
        Literal(0.0, DType.REAL),
        Apply(where, (2, 3, 4)),
    )
    combine = Combine.SUM if taken else None
    nest = Nest(extents, parallel, body, combine, (index.shape, value.shape), op.shape, identity(rank)[:parallel])
    return nest_step(nest, (index, value), target)


def pad_steps(op: Pad, source: View, dtype: DType, target: Target) -> list[Step]:
    """Zeros everywhere, then the operand at its offset; without padding the operand alone."""
    if source.shape == target.result.shape:
        return [copy_step(source, identity(len(source.shape)), target)]
    zero: Instruction = Literal(False if dtype is DType.BOOL else 0 if dtype is DType.INT else 0.0, dtype)
    rank = len(target.result.shape)
    fill = Nest(target.result.shape, rank, (zero,), None, (), target.result.shape, identity(rank))
    return [nest_step(fill, (), target), copied_part(source, op.before, target)]


def concat_steps(op: Concat, sources: Sequence[View | None], shapes: Sequence[Shape], target: Target) -> list[Step]:
    """One copy for each operand that is not in its place; their parts of the result are disjoint."""
    offsets = concat_offsets(op, shapes)
    return [copied_part(source, offset, target) for source, offset in zip(sources, offsets, strict=True) if source]


def concat_offsets(op: Concat, shapes: Sequence[Shape]) -> list[tuple[int, ...]]:
    """Where in the result each operand begins."""
    starts = accumulate((number(shape[op.axis]) for shape in shapes), initial=0)
    return [tuple(start if axis == op.axis else 0 for axis in range(len(shape)))
            for start, shape in zip(starts, shapes, strict=False)]  # fmt: skip


def part_step(op: Loop, operands: Sequence[View], offset: Sequence[int], target: Target) -> Step:
    """A loop that writes its part of the result, from `offset` on; all parts see the result under its own shape."""
    shapes, own = tuple(view.shape for view in operands), identity(len(op.extents))[: op.parallel]
    written = tuple(Affine(axis.coefficients, start) for axis, start in zip(own, offset, strict=True))
    nest = Nest(op.extents, op.parallel, op.body, op.combine, shapes, target.result.shape, written)
    return replace(_step(nest, operands, target), part=True)


def copied_part(source: View, offset: Sequence[int], target: Target) -> Step:
    """Writes `source` into the result from `offset` on."""
    rank = len(source.shape)
    return part_step(Loop(source.shape, rank, (Load(0, identity(rank)),), None), (source,), offset, target)
