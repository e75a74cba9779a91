"""Shape operations: the same elements at other places.

`expand` is the only way to repeat a value; nothing broadcasts by itself. ROWS, the batch axis, is never
cut, merged or padded.

    %7 = expand to [rows, 10] at 1 : [rows, 10] real      (operand axis 0 becomes result axis 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.contract import Contract
from dslc.ops.sample import Draw, Sample, Sampler, extents, real, shape
from dslc.scalar.affine import Affine, access, identity
from dslc.scalar.functions import ATOM, Formula
from dslc.scalar.types import ROWS, DType, Extent, Shape, elements, shape_text, sized


def _one(types: Sequence[TensorType]) -> TensorType:
    if len(types) != 1:
        raise TypeError(f"{len(types)} operands instead of one")
    return types[0]


def _list(values: Sequence[object]) -> str:
    return ", ".join(map(str, values)) if values else "none"


@dataclass(frozen=True, slots=True)
class Expand(Op):
    """Operand axis k becomes result axis `axes[k]`, strictly increasing; the result's other axes repeat it."""

    shape: Shape
    axes: tuple[int, ...]

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        operand = _one(types)
        if list(self.axes) != sorted(set(self.axes)) or not all(0 <= axis < len(self.shape) for axis in self.axes):
            raise TypeError(f"axes {self.axes} of {shape_text(self.shape)}")
        if operand.shape != tuple(self.shape[axis] for axis in self.axes):
            raise TypeError(f"{operand} does not stand at axes {self.axes} of {shape_text(self.shape)}")
        return TensorType(self.shape, operand.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        numbers = sized(self.shape, rows)
        aligned = values[0].reshape([numbers[k] if k in self.axes else 1 for k in range(len(numbers))])
        return np.broadcast_to(aligned, numbers)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        """The sum over the new axes, as a contraction: `Reduce` needs Expand for its own gradient.

        The simplifier writes it as a Reduce.
        """
        if len(self.axes) == len(self.shape):
            return (g,)
        rank = len(self.shape)
        operand = tuple(self.shape[axis] for axis in self.axes)
        return (build.add(Contract(self.shape, (identity(rank),), access(rank, *self.axes), operand), g),)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Expand((steps, *self.shape), (0, *(axis + 1 for axis in self.axes)))

    def to_text(self) -> str:
        return f"expand to {shape_text(self.shape)}" + (f" at {_list(self.axes)}" if self.axes else "")

    def formula(self, operands: Sequence[Formula]) -> Formula:
        """The operand: formulas repeat by themselves."""
        return operands[0]


@dataclass(frozen=True, slots=True)
class Reshape(Op):
    """The same elements in row-major order under another shape; ROWS, first or last, stays where it is."""

    shape: Shape

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        operand = _one(types)
        old, new = operand.shape, self.shape
        same = any(old[end] == new[end] == (ROWS,) for end in (slice(1), slice(-1, None)))
        if ROWS in (*old, *new) and (not same or (*old, *new).count(ROWS) != 2):
            raise TypeError(f"reshape of {operand} to {shape_text(new)} moves the batch axis")
        if elements(old, 1) != elements(new, 1):
            raise TypeError(f"reshape of {operand} to {shape_text(new)} changes the number of elements")
        return TensorType(new, operand.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return values[0].reshape(sized(self.shape, rows))

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return (build.add(Reshape(build.type(node.inputs[0]).shape), g),)

    def to_text(self) -> str:
        return f"reshape to {shape_text(self.shape)}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"reshape({operands[0][0]})", ATOM


@dataclass(frozen=True, slots=True)
class Transpose(Op):
    """Result axis k is operand axis `order[k]`, as in NumPy."""

    order: tuple[int, ...]

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        operand = _one(types)
        if sorted(self.order) != list(range(len(operand.shape))):
            raise TypeError(f"order {self.order} of {operand}")
        return TensorType(tuple(operand.shape[axis] for axis in self.order), operand.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return values[0].transpose(self.order)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return (build.add(Transpose(inverse(self.order)), g),)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Transpose((0, *(axis + 1 for axis in self.order)))

    def to_text(self) -> str:
        return f"transpose to {_list(self.order)}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"transpose({operands[0][0]})", ATOM


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The order that undoes `order`."""
    return tuple(order.index(axis) for axis in range(len(order)))


@dataclass(frozen=True, slots=True)
class Slice(Op):
    """Along each axis the elements `start`, `start + step`, ... before `stop`; a negative step runs backward.

    No bound is relative to the end, so a backward slice down to element 0 has stop -1. ROWS is taken
    whole: start 0, stop ROWS, step 1.
    """

    starts: tuple[int, ...]
    stops: tuple[Extent, ...]
    steps: tuple[int, ...]

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        operand = _one(types)
        result: list[Extent] = []
        for extent, start, stop, step in zip(operand.shape, self.starts, self.stops, self.steps, strict=True):
            if extent is ROWS or stop is ROWS:
                if (extent, start, stop, step) != (ROWS, 0, ROWS, 1):
                    raise TypeError(f"slice cuts the batch axis of {operand}")
                result.append(ROWS)
                continue
            taken = range(start, stop, step)
            if not taken or not (0 <= taken[0] < extent and 0 <= taken[-1] < extent):
                raise TypeError(f"slice {start}:{stop}:{step} of extent {extent}")
            result.append(len(taken))
        return TensorType(tuple(result), operand.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        if not self.starts:
            return values[0]
        taken = [
            np.arange(start, rows if stop is ROWS else stop, step)
            for start, stop, step in zip(self.starts, self.stops, self.steps, strict=True)
        ]
        return np.asarray(values[0][np.ix_(*taken)])

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        whole = build.type(node.inputs[0]).shape
        if all(step == 1 for step in self.steps):
            after = tuple(
                0 if extent is ROWS or stop is ROWS else extent - stop
                for extent, stop in zip(whole, self.stops, strict=True)
            )
            return (build.add(Pad(self.starts, after), g),)
        rank = len(whole)
        out = tuple(
            Affine(tuple(step * (k == axis) for k in range(rank)), start)
            for axis, (start, step) in enumerate(zip(self.starts, self.steps, strict=True))
        )
        return (build.add(Contract(node.type.shape, (identity(rank),), out, whole), g),)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Slice((0, *self.starts), (steps, *self.stops), (1, *self.steps))

    def to_text(self) -> str:
        parts = (
            f"{start}:{'rows' if stop is ROWS else stop}" + (f":{step}" if step != 1 else "")
            for start, stop, step in zip(self.starts, self.stops, self.steps, strict=True)
        )
        return f"slice [{', '.join(parts)}]"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        text, binding = operands[0]
        return (text if binding >= ATOM else f"({text})") + self.to_text().removeprefix("slice "), ATOM


def whole_slice(of: Shape, axis: int, start: int, stop: int) -> Slice:
    """The elements `start` to `stop` along `axis`, everything along the others."""
    starts = tuple(start if k == axis else 0 for k in range(len(of)))
    stops = tuple(stop if k == axis else extent for k, extent in enumerate(of))
    return Slice(starts, stops, (1,) * len(of))


@dataclass(frozen=True, slots=True)
class Pad(Op):
    """Zeros (or false) before and after, along each axis; never along ROWS."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        operand = _one(types)
        result: list[Extent] = []
        for extent, before, after in zip(operand.shape, self.before, self.after, strict=True):
            if before < 0 or after < 0 or (extent is ROWS and before + after):
                raise TypeError(f"pad {before}, {after} of {operand}")
            result.append(ROWS if extent is ROWS else before + extent + after)
        return TensorType(tuple(result), operand.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return np.pad(values[0], list(zip(self.before, self.after, strict=True))) if self.before else values[0]

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        stops: list[Extent] = [
            ROWS if extent is ROWS else before + extent
            for extent, before in zip(build.type(node.inputs[0]).shape, self.before, strict=True)
        ]
        return (build.add(Slice(self.before, tuple(stops), (1,) * len(stops)), g),)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Pad((0, *self.before), (0, *self.after))

    def to_text(self) -> str:
        return f"pad {_list(self.before)} before, {_list(self.after)} after"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"pad({operands[0][0]})", ATOM


@dataclass(frozen=True, slots=True)
class Concat(Op):
    """The operands one after another along `axis`, which is not ROWS; other extents and types are equal."""

    axis: int

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        if not types or not 0 <= self.axis < len(types[0].shape):
            raise TypeError(f"concat of {_list(types)} along axis {self.axis}")
        total = 0
        for operand in types:
            extent = operand.shape[self.axis] if self.axis < len(operand.shape) else ROWS
            if extent is ROWS or operand.dtype is not types[0].dtype or self._rest(operand) != self._rest(types[0]):
                raise TypeError(f"concat of {_list(types)} along axis {self.axis}")
            total += extent
        first = types[0].shape
        return TensorType((*first[: self.axis], total, *first[self.axis + 1 :]), types[0].dtype)

    def _rest(self, operand: TensorType) -> Shape:
        return operand.shape[: self.axis] + operand.shape[self.axis + 1 :]

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return np.concatenate(values, self.axis)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        parts: list[NodeId | None] = []
        start = 0
        for operand in node.inputs:
            extent = build.type(operand).shape[self.axis]
            stop = start + (0 if extent is ROWS else extent)
            parts.append(build.add(whole_slice(node.type.shape, self.axis, start, stop), g))
            start = stop
        return tuple(parts)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return Concat(self.axis + 1) if all(which) else None

    def to_text(self) -> str:
        return f"concat along {self.axis}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"concat({', '.join(text for text, _ in operands)})", ATOM


def _expand(draw: Draw) -> Sample:
    to = shape(draw)
    axes = tuple(k for k in range(len(to)) if draw.random() < 0.5)
    return Sample(Expand(to, axes), (real(tuple(to[k] for k in axes)),))


def _reshape(draw: Draw) -> Sample:
    found, rows = extents(draw, 0, 3), draw.random() < 0.5
    leading: Shape = (ROWS,) if rows else ()
    new: Shape = (*leading, prod(found)) if draw.random() < 0.5 else (*leading, *found[::-1], 1)
    return Sample(Reshape(new), (real((*leading, *found)),))


def _transpose(draw: Draw) -> Sample:
    of = shape(draw)
    return Sample(Transpose(tuple(int(k) for k in draw.permutation(len(of)))), (real(of),))


def _slice(draw: Draw) -> Sample:
    of = shape(draw)
    starts, stops, steps = [], list[Extent](), []
    for extent in of:
        low = 0 if extent is ROWS else int(draw.integers(extent))
        high: Extent = ROWS if extent is ROWS else int(draw.integers(low, extent)) + 1
        forward = high is ROWS or draw.random() < 0.7
        starts.append(low if high is ROWS or forward else high - 1)
        stops.append(high if high is ROWS or forward else low - 1)
        steps.append(1 if high is ROWS else int(draw.integers(1, 3)) * (1 if forward else -1))
    return Sample(Slice(tuple(starts), tuple(stops), tuple(steps)), (real(of),))


def _pad(draw: Draw) -> Sample:
    of = shape(draw)
    before, after = (tuple(0 if e is ROWS else int(draw.integers(3)) for e in of) for _ in range(2))
    return Sample(Pad(before, after), (real(of),))


def _concat(draw: Draw) -> Sample:
    of = shape(draw, 1)
    axis = int(draw.integers(len(of)))
    axis = min(axis + (of[axis] is ROWS), len(of) - 1)
    of = (*of[:axis], 1, *of[axis + 1 :])
    sizes = extents(draw, 1, 3)
    return Sample(Concat(axis), tuple(real((*of[:axis], size, *of[axis + 1 :])) for size in sizes))


def _whole_numbers(draw: Draw) -> Sample:
    """Structure moves any element type; INT has no gradient."""
    sample = _transpose(draw)
    return Sample(sample.op, tuple(type(o)(TensorType(o.type.shape, DType.INT), 0, 9) for o in sample.operands))


SAMPLES: tuple[Sampler, ...] = (_expand, _reshape, _transpose, _slice, _pad, _concat, _whole_numbers)
