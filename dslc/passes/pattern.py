"""Patterns: rewrite rules over maps, written as the formulas they are.

    x = Hole("x")
    (log(1.0 + exp(x)), softplus(x))

A hole takes any node and, named twice, the same one, and `-x` whatever is known to be its negative, as b - a is of
a - b; a number takes a constant of that value, expanded or not; `Hole("c", constant=True)` takes any constant.
Commutative functions are tried in both orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dslc.graph.graph import Builder, NodeId, Op, TensorType
from dslc.ops.leaf import NUMPY, Constant
from dslc.ops.map import Map, filled
from dslc.ops.structure import Expand
from dslc.passes.rewrite import COMMUTATIVE, Rule
from dslc.scalar.functions import Operand, ScalarFunction, Term, multiply, negate, subtract
from dslc.scalar.types import DType

Bound: TypeAlias = Mapping[str, NodeId]


@dataclass(frozen=True, slots=True)
class Hole(Term):
    """Any node, or any constant."""

    name: str
    constant: bool = False

    def apply(self, function: ScalarFunction, arguments: tuple[Operand, ...]) -> Form:
        return Form(function, arguments)


@dataclass(frozen=True, slots=True)
class Form(Term):
    """A map of `function` over operands that match."""

    function: ScalarFunction
    arguments: tuple[Operand, ...]

    def apply(self, function: ScalarFunction, arguments: tuple[Operand, ...]) -> Form:
        return Form(function, arguments)


Equation: TypeAlias = tuple[Term, Operand]
"""Left side and right side, of equal value for whatever the holes stand for."""


def formulas(equations: Sequence[Equation]) -> Rule:
    """One rule that rewrites each left side to its right side, the first that matches."""
    by_function: dict[ScalarFunction, list[tuple[Form, Operand]]] = {}
    for left, right in equations:
        if not isinstance(left, Form):
            raise TypeError("the left side of a rule is a formula")
        by_function.setdefault(left.function, []).append((left, right))

    def rule(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
        if not isinstance(op, Map):
            return None
        for left, right in by_function.get(op.function, ()):
            bound = _arguments(build, left, inputs, {})
            if bound is not None:
                return instance(build, right, bound, op.infer([build.type(source) for source in inputs]))
        return None

    return rule


def constant(build: Builder, node: NodeId) -> float | int | bool | None:
    """The value that every element of the node has, if it is a constant, expanded or not."""
    found = build.nodes[node]
    if isinstance(found.op, Expand):
        found = build.nodes[found.inputs[0]]
    return found.op.value if isinstance(found.op, Constant) else None


def matches(build: Builder, pattern: Operand, node: NodeId, bound: Bound | None = None) -> Bound | None:
    """`bound` and what the holes of the pattern stand for at `node`; None if it does not match."""
    bound = {} if bound is None else bound
    if isinstance(pattern, Hole):
        if pattern.constant and constant(build, node) is None:
            return None
        known = bound.get(pattern.name)
        return {**bound, pattern.name: node} if known is None else bound if known == node else None
    if isinstance(pattern, Form):
        if _negative(build, pattern, node, bound):
            return bound
        found = build.nodes[node]
        if not isinstance(found.op, Map) or found.op.function != pattern.function:
            return None
        return _arguments(build, pattern, found.inputs, bound)
    value = constant(build, node)
    return bound if value is not None and value == pattern else None


def _negative(build: Builder, form: Form, node: NodeId, bound: Bound) -> bool:
    """Is it `-x` of a hole that stands for a difference or a multiple, written without the sign?"""
    hole = form.arguments[0]
    if form.function != negate or not isinstance(hole, Hole) or hole.name not in bound:
        return False
    one, other = build.nodes[bound[hole.name]], build.nodes[node]
    if one.op == other.op == Map(subtract):
        return one.inputs == other.inputs[::-1]
    if one.op == other.op == Map(multiply):
        factors = [[(constant(build, k), rest) for k, rest in (n.inputs, n.inputs[::-1])] for n in (one, other)]
        return any(a is not None and b is not None and a == -b and p == q for a, p in factors[0] for b, q in factors[1])
    return one.op == Map(negate) and one.inputs == (node,)


def _arguments(build: Builder, form: Form, inputs: Sequence[NodeId], bound: Bound) -> Bound | None:
    orders = [inputs, inputs[::-1]] if form.function in COMMUTATIVE else [inputs]
    for order in orders:
        found: Bound | None = bound
        for pattern, node in zip(form.arguments, order, strict=True):
            if found is not None:
                found = matches(build, pattern, node, found)
        if found is not None:
            return found
    return None


def instance(build: Builder, right: Operand, bound: Bound, type: TensorType) -> NodeId:
    """The formula built, its holes filled by `bound`; its numbers are of the result's type, truth values BOOL."""
    if isinstance(right, Hole):
        return bound[right.name]
    if isinstance(right, Form):
        return build.add(Map(right.function), *(instance(build, part, bound, type) for part in right.arguments))
    if isinstance(right, Term):
        raise TypeError("the right side of a rule is a formula of holes and numbers")
    dtype = DType.BOOL if isinstance(right, bool) else type.dtype
    return filled(build, NUMPY[dtype](right).item(), type.shape, dtype)
