"""What a graph starts from: tensors given from outside, constants, and the indices of an axis.

A leaf is found by role and name; its value comes from whoever evaluates the graph or runs the program.
A constant is a scalar: where a tensor of it is needed, `expand` makes one.

    %0 = input image : [rows, 8, 8, 1] real
    %1 = constant 0.5 : [] real
    %2 = iota 10 : [10] int
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.sample import Sample, Sampler
from dslc.scalar.functions import ATOM, Formula
from dslc.scalar.types import ROWS, DType, Extent, extents_text, sized

NUMPY = {DType.REAL: np.float64, DType.INT: np.int64, DType.BOOL: np.bool_}
"""The element types of the graph's meaning."""


class LeafRole(Enum):
    """Who gives a leaf its value."""

    INPUT = "input"
    TARGET = "target"
    EXAMPLE_WEIGHT = "example weight"
    ROW_ID = "row id"
    PREDICTION = "prediction"
    """What the net has predicted of every row, in metrics of a whole part."""
    PARAMETER = "parameter"
    STATE = "state"
    SETTING = "setting"
    CLOCK = "clock"
    TOTAL = "total"
    STEP = "step"
    """An operand of a scan, in its body and in the graph of one step that the body is taken from."""
    POINT = "point"
    """The tensor by which `derivative` differentiates, while it does."""
    GRADIENT = "gradient"
    """The gradient that arrives: of a parameter, in an update; of a declared gradient's result, in its rule."""


UPDATE = "update."
"""Before the name of a parameter or state: the output that is its new value."""


@dataclass(frozen=True, slots=True)
class Leaf(Op):
    """A tensor from outside."""

    role: LeafRole
    name: str
    type: TensorType

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        return self.type

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        """ValueError: a leaf's value is given, not computed."""
        raise ValueError(f"no value was given for {self.to_text()}")

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return ()

    def to_text(self) -> str:
        return f"{self.role.value} {self.name}".rstrip()

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return self.name or self.role.value.replace(" ", "_"), ATOM

    @property
    def key(self) -> str | None:
        """Role and name; None for GRADIENT, whose placeholders are found by their position."""
        return None if self.role is LeafRole.GRADIENT else self.to_text()


@dataclass(frozen=True, slots=True)
class Constant(Op):
    """A scalar that the model file or a rule states."""

    value: float | int | bool
    dtype: DType

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        return TensorType((), self.dtype)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return np.asarray(self.value, NUMPY[self.dtype])

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return ()

    def to_text(self) -> str:
        return f"constant {self.value}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        if self.dtype is DType.BOOL:
            return str(self.value).lower(), ATOM
        return f"{self.value:.12g}", ATOM if self.value >= 0 else 70


@dataclass(frozen=True, slots=True)
class Iota(Op):
    """0, 1, 2, ... as INT [extent]."""

    extent: Extent

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        return TensorType((self.extent,), DType.INT)

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return np.arange(*sized((self.extent,), rows), dtype=np.int64)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return ()

    def to_text(self) -> str:
        return f"iota {extents_text((self.extent,))}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return "index", ATOM


SAMPLES: tuple[Sampler, ...] = (
    lambda draw: Sample(Leaf(LeafRole.INPUT, "x", TensorType((ROWS, 3))), ()),
    lambda draw: Sample(Constant(float(draw.normal()), DType.REAL), ()),
    lambda draw: Sample(Constant(bool(draw.integers(2)), DType.BOOL), ()),
    lambda draw: Sample(Iota(int(draw.integers(1, 6))), ()),
    lambda draw: Sample(Iota(ROWS), ()),
)
