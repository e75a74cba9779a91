"""`gradient x = grad * ...`: the gradients that a definition declares for its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dslc.elaborate import batching
from dslc.elaborate.arithmetic import as_tensor, operand
from dslc.elaborate.errors import BadGradient, Fault
from dslc.elaborate.frame import Frame
from dslc.elaborate.scope import Scope
from dslc.elaborate.values import POISON, Poison, Tensor, Value, shape_of
from dslc.graph.graph import NodeId
from dslc.ops.declared import DeclaredGradient
from dslc.ops.leaf import Leaf, LeafRole
from dslc.scalar.types import DType
from dslc.syntax.ast import Definition, Gradient


def declare_gradients(frame: Frame, definition: Definition, value: Tensor, rules: Sequence[Gradient]) -> Value:
    """The value, differentiated by the rules: one for every tensor that the definition takes. Raises Fault."""
    home, name = value.home, definition.name.text
    inputs = {p.name.text: t for p in definition.parameters if isinstance(t := frame.scope.find(p.name.text), Tensor)}
    inputs = {key: t for key, t in inputs.items() if t.dtype is DType.REAL}
    stated = [rule.name.text for rule in rules]
    for rule in rules:
        if rule.name.text not in inputs or stated.count(rule.name.text) > 1:
            raise Fault(BadGradient(rule.name.span, f"`{name}` takes no tensor `{rule.name.text}`, or states it twice"))
    if left := sorted(inputs.keys() - set(stated)):
        raise Fault(BadGradient(rules[0].span, f"`{name}` declares no gradient for `{left[0]}`"))
    frame.locate(definition.name.span)
    placeholder = home.add(Leaf(LeafRole.GRADIENT, frame.path, home.builder.type(value.node)))
    scope = Scope(frame.scope)
    scope.bind("grad", replace(value, node=placeholder), definition.name.span)
    nodes: list[NodeId] = [value.node, placeholder]
    for rule in rules:
        found = replace(frame, scope=scope).evaluate(rule.value)
        if isinstance(found, Poison):
            return POISON
        x = inputs[rule.name.text]
        x = batching.spread(x, x.shape, x.batched or value.batched)
        given = batching.as_real(as_tensor(home, operand(found, rule.value.span), rule.value.span))
        if given.shape != x.shape and given.shape:
            reason = f"the gradient of `{rule.name.text}` is {shape_of(given.shape)}, and it is {shape_of(x.shape)}"
            raise Fault(BadGradient(rule.value.span, reason))
        nodes += [x.node, batching.spread(given, x.shape, x.batched).node]
    return replace(value, node=home.add(DeclaredGradient(any(rule.approximate for rule in rules)), *nodes))
