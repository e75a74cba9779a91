"""Map: a scalar function on every element of operands of equal shape.

What may stand in a map, and every facet of it, is the table of dslc/scalar/functions.py; here are the rules
that all maps share. `Value` lets the table's derivatives, and any rewrite, be written as formulas:

    x = Value(build, node); y = exp(-(x * x)) + 1.0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.leaf import Constant
from dslc.ops.sample import Draw, Operand, Sample, Sampler, shape
from dslc.ops.structure import Expand
from dslc.scalar import functions
from dslc.scalar.functions import Formula, ScalarFunction, Term
from dslc.scalar.types import DType, Shape


@dataclass(frozen=True, slots=True)
class Map(Op):
    """`function` of the operands, element by element; no operand is stretched."""

    function: ScalarFunction

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        if len(types) != self.function.arity or len({operand.shape for operand in types}) != 1:
            raise TypeError(f"{self.function.name} of {', '.join(map(str, types))}")
        try:
            return TensorType(types[0].shape, self.function.result([operand.dtype for operand in types]))
        except TypeError as fault:
            raise TypeError(f"{self.function.name} of {', '.join(map(str, types))}: {fault}") from None

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.function.meaning(*values))

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        if self.function.derivative is None:
            return (None,) * len(node.inputs)
        operands = [Value(build, operand) for operand in node.inputs]
        rules = self.function.derivative(*operands, Value(build, node.id), Value(build, g))
        return tuple(rule.node if isinstance(rule, Value) else None for rule in rules)

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return self if all(which) else None

    def to_text(self) -> str:
        return self.function.name

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return self.function.notation.fill(operands)


@dataclass(frozen=True, slots=True)
class Value(Term):
    """A node as a term of formulas; numbers beside it become REAL constants of its shape."""

    build: Builder
    node: NodeId

    def apply(self, function: ScalarFunction, arguments: tuple[functions.Operand, ...]) -> Value:
        shape = self.build.type(self.node).shape
        inputs = [a.node if isinstance(a, Value) else filled(self.build, float(_number(a)), shape) for a in arguments]
        return Value(self.build, self.build.add(Map(function), *inputs))


def _number(operand: functions.Operand) -> float:
    if isinstance(operand, Term):
        raise TypeError("terms of different kinds in one formula")
    return operand


def filled(build: Builder, value: float | int | bool, shape: Shape, dtype: DType = DType.REAL) -> NodeId:
    """A tensor of one constant."""
    scalar = build.add(Constant(value, dtype))
    return build.add(Expand(shape, ()), scalar) if shape else scalar


def _sampler(function: ScalarFunction) -> Sampler:
    """Samples of one function: all types that its operands may have, in turn."""
    choices = [
        dtypes
        for dtypes in ([REAL] * function.arity, [INT] * function.arity, [BOOL] * function.arity, [BOOL, REAL, REAL])
        if len(dtypes) == function.arity and _allowed(function, dtypes)
    ]

    def sample(draw: Draw) -> Sample:
        of = shape(draw)
        dtypes = choices[int(draw.integers(len(choices)))]
        operands = [
            Operand(TensorType(of, dtype), *(interval if dtype is REAL else (min(interval[0], 0), 3)))
            for dtype, interval in zip(dtypes, function.domain, strict=True)
        ]
        return Sample(Map(function), tuple(operands))

    return sample


def _allowed(function: ScalarFunction, dtypes: list[DType]) -> bool:
    try:
        function.result(dtypes)
    except TypeError:
        return False
    return True


REAL, INT, BOOL = DType.REAL, DType.INT, DType.BOOL
SAMPLES: tuple[Sampler, ...] = tuple(_sampler(function) for function in functions.FUNCTIONS.values())
