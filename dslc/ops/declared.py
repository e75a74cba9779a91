"""A gradient that the definition declares: `gradient x = grad * ...`.

Operands are (value, placeholder, x1, rule1, x2, rule2, ...). The result is the value. The placeholder is a
leaf of role GRADIENT that stands for `grad` in the rules; differentiating copies each rule with the
arriving gradient in its place. Neither the value's own formula nor the rules receive a gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.sample import Draw, Sample, Sampler, real, shape
from dslc.scalar.functions import Formula


@dataclass(frozen=True, slots=True)
class DeclaredGradient(Op):
    """The first operand; rule k has the type of xk, the placeholder the type of the value.

    `approximate`: the rules differ from the derivative on purpose.
    """

    approximate: bool = False

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        value, placeholder, *pairs = types
        if placeholder != value or len(pairs) % 2 or pairs[::2] != pairs[1::2]:
            raise TypeError(f"declared gradient of {', '.join(map(str, types))}")
        return value

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        return values[0]

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        placeholder = node.inputs[1]
        found: list[NodeId | None] = [None, None]
        for rule in node.inputs[3::2]:
            found += [substituted(build, rule, placeholder, g), None]
        return tuple(found)

    @property
    def only_once(self) -> str | None:
        return "its gradient is declared `approximate`" if self.approximate else None

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        return self if all(which) else None

    def to_text(self) -> str:
        return "declared gradient"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        """The value's own formula."""
        return operands[0]

    def used(self, inputs: tuple[NodeId, ...]) -> tuple[NodeId, ...]:
        return inputs[:1]

    def fault(self, sources: Sequence[Node]) -> str | None:
        placeholder = sources[1].op
        right = isinstance(placeholder, Leaf) and placeholder.role is LeafRole.GRADIENT
        return None if right else "the placeholder of a declared gradient is a leaf of role gradient"


def substituted(build: Builder, root: NodeId, old: NodeId, new: NodeId) -> NodeId:
    """`root` with `new` for `old`: what depends on `old` is copied, the rest is shared."""
    ancestors = {root}
    for node in reversed(build.nodes[: root + 1]):
        if node.id in ancestors:
            ancestors.update(node.inputs)
    where = {old: new}
    for node in build.nodes[old + 1 : root + 1]:
        if node.id in ancestors and any(operand in where for operand in node.inputs):
            where[node.id] = build.add(node.op, *(where.get(operand, operand) for operand in node.inputs))
    return where.get(root, root)


def _one_rule(draw: Draw) -> Sample:
    value, x = real(shape(draw)), real(shape(draw))
    return Sample(DeclaredGradient(), (value, value, x, x), honest=False)


SAMPLES: tuple[Sampler, ...] = (_one_rule,)
