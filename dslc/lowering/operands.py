"""A contraction's operands in memory: which loop walks which axis, how far it steps, copies in other orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dslc.lowering.draft import Step, View
from dslc.lowering.loops import Target, copy_step
from dslc.ops.contract import Contract
from dslc.program.program import Element
from dslc.scalar.affine import Access, access
from dslc.scalar.types import Shape, Stride, stride


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor and the loop that walks each of its axes."""

    view: View
    loops: tuple[int, ...]

    def stride(self, group: tuple[int, ...]) -> Stride:
        """Elements from one point of the group to the next; 0 where it has one point."""
        return stride(self.view.shape[self.loops.index(group[-1]) + 1 :]) if group else 0

    def in_one_piece(self, group: tuple[int, ...]) -> bool:
        """Do the group's loops walk neighbouring axes, in their order?"""
        if not group:
            return True
        start = self.loops.index(group[0])
        return self.loops[start : start + len(group)] == group

    def fits(self, groups: Sequence[tuple[int, ...]], element: Element) -> bool:
        """Is each group in one piece, of this element?"""
        return all(map(self.in_one_piece, groups)) and self.view.element is element


def loops_of(op: Contract, where: Access) -> tuple[int, ...]:
    """The loops of a plain access; those of extent 1 are left out."""
    return tuple(axis.index for axis in where if axis.index is not None and op.extents[axis.index] != 1)


def operands_of(op: Contract, views: Sequence[View]) -> list[Operand]:
    """The operands of plain accesses, without axes of extent 1."""
    return [
        Operand(view.reshaped(tuple(e for e in view.shape if e != 1)), loops_of(op, where))
        for view, where in zip(views, op.operands, strict=True)
    ]


def packed(op: Contract, operand: Operand, loops: tuple[int, ...], target: Target, steps: list[Step]) -> Operand:
    """A copy of the operand whose axes are walked by `loops`."""
    shape: Shape = tuple(op.extents[k] for k in loops)
    name = f"{operand.view.draft.name}.packed"
    copy = target.drafts.scratch(name, target.result.element, shape, target.span)
    read = access(len(loops), *(loops.index(k) for k in operand.loops))
    steps.append(copy_step(operand.view, read, replace(target, result=copy, note=f"{name} for {target.note}")))
    return Operand(copy, loops)
