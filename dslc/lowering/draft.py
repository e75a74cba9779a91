"""A program on its way: buffers without places, and the steps of one entry in an order that may run as it stands.

A `Step` is a call whose buffers are `View`s; several views may name one `Draft` under different shapes, since
a row-major tensor keeps its memory when it is reshaped. `plan.py` gives drafts their places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dslc.program.program import Element, Kernel, Region, Slot, Tiles
from dslc.scalar.types import DType, Extent, Shape, Stride, elements, number
from dslc.source import Span


@dataclass(frozen=True, slots=True)
class Draft:
    """A buffer without its place; `number` is unique in the program."""

    number: int
    name: str
    element: Element
    shape: Shape
    region: Region
    span: Span

    def bytes(self, capacity: int) -> int:
        return elements(self.shape, capacity) * self.element.bytes


@dataclass(frozen=True, slots=True)
class View:
    """A draft's memory, or a slot of it, under a shape of the same number of elements."""

    draft: Draft
    shape: Shape
    slot: Slot | None = None

    @property
    def memory(self) -> tuple[int, int]:
        """What tells the memory of one view from another's: the draft, and of it the slot that moves along a loop."""
        return self.draft.number, self.slot.first if self.slot and self.slot.moves else -1

    @property
    def of_step(self) -> View:
        """Of [steps, ..] the part of one step, in a loop over them."""
        first = self.slot.first if self.slot else 0
        count = self.slot.count if self.slot else number(self.shape[0])
        return View(self.draft, self.shape[1:], Slot(self.shape[1:], count, first, moves=True))

    @property
    def element(self) -> Element:
        return self.draft.element

    def reshaped(self, shape: Shape) -> View:
        return replace(self, shape=shape)


@dataclass(frozen=True, slots=True)
class FetchStep:
    """Copies the entry's rows of source number `source`."""

    source: int
    result: View


@dataclass(frozen=True, slots=True)
class Step:
    """A call before its buffers have places. A `part` writes some of its result, no other step's part of it.

    One that `follows` goes tile by tile with the step before it.
    """

    kernel: Kernel
    operands: tuple[View, ...]
    result: View
    extents: tuple[Extent, ...]
    tiles: Tiles
    span: Span
    note: str
    strides: tuple[Stride, ...] = ()
    part: bool = False
    follows: bool = False


@dataclass(frozen=True, slots=True)
class RepeatStep:
    """A loop over time: its phases are done for each step."""

    steps: int
    reverse: bool
    phases: Sequence[Sequence[Step]]
    span: Span
    note: str

    @property
    def results(self) -> list[View]:
        return [step.result for phase in self.phases for step in phase]

    @property
    def operands(self) -> list[View]:
        return [view for phase in self.phases for step in phase for view in step.operands]


AnyStep: TypeAlias = Step | FetchStep | RepeatStep


class Drafts:
    """All drafts of a program; names are made unique within a region."""

    def __init__(self, real: Element, capacity: int) -> None:
        self.real = real
        self.capacity = capacity
        self.all: list[Draft] = []
        self._names: Counter[tuple[Region, str]] = Counter()

    def add(self, name: str, element: Element, shape: Shape, region: Region, span: Span) -> View:
        self._names[region, name] += 1
        count = self._names[region, name]
        draft = Draft(len(self.all), name if count == 1 else f"{name}.{count}", element, shape, region, span)
        self.all.append(draft)
        return View(draft, shape)

    def scratch(self, name: str, element: Element, shape: Shape, span: Span) -> View:
        return self.add(name, element, shape, Region.SCRATCH, span)


def element_of(dtype: DType, real: Element) -> Element:
    """The element that a graph's type becomes, `real` for REAL."""
    return {DType.REAL: real, DType.INT: Element.I64, DType.BOOL: Element.B8}[dtype]
