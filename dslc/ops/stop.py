"""Stop gradient: the operand's value, through which nothing is differentiated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.sample import Sample, Sampler, real, shape
from dslc.scalar.functions import ATOM, Formula


@dataclass(frozen=True, slots=True)
class StopGradient(Op):
    """One operand of any type; the simplifier drops it once everything is differentiated."""

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        (operand,) = types
        return operand

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return values[0]

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        return (None,)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return self

    def to_text(self) -> str:
        return "stop gradient"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"stop_gradient({operands[0][0]})", ATOM


SAMPLES: tuple[Sampler, ...] = (lambda draw: Sample(StopGradient(), (real(shape(draw)),), honest=False),)
