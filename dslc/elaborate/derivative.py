"""`derivative(u, x)`: of one number per example by a tensor of the net that it was computed from.

The result has x's shape. It is part of the graph like everything else, so it may be differentiated again: by another
`derivative`, and by training. How it is made is the business of whoever hands over `Session.derive`.
"""

from __future__ import annotations

from math import prod

from dslc.elaborate import batching
from dslc.elaborate.derivative_errors import AcrossExamples, NoDependence, NoSecondDerivative
from dslc.elaborate.draft import NODES
from dslc.elaborate.errors import Exhausted, Fault, TooLarge, Unexpected
from dslc.elaborate.frame import Frame
from dslc.elaborate.values import Axes, Bound, Tensor, Value, kind_of, shape_of
from dslc.graph.graph import Node, NodeId
from dslc.scalar.types import ROWS, DType
from dslc.source import Span

SEARCHED = 10 * NODES
"""Operations that all derivatives of one elaboration may go through: ten of the largest graph."""


def derivative(frame: Frame, arguments: tuple[Bound, ...], over: Axes, span: Span) -> Value:
    """Real, of x's shape. Raises Fault."""
    u, x = _number(arguments[0]), _tensor(arguments[1])
    of, wrt = (argument.span.text for argument in arguments)
    home, derive = batching.common_home((u, x), span), frame.session.derive
    assert derive is not None, "no definition of the library has a derivative"
    nodes = home.builder.nodes
    frame.session.searched += len(nodes)
    if frame.session.searched > SEARCHED:
        raise Exhausted(TooLarge(frame.here(span), "operations under `derivative`", SEARCHED))
    _check(frame, nodes, (u.node, x.node), (of, wrt), span, x.span)
    node = derive(home.builder, u.node, x.node)
    if len(nodes) > NODES:
        raise Exhausted(TooLarge(frame.here(span), "operations", NODES))
    return Tensor(home, node, x.shape, True, frame.here(span), maker="derivative")


def _number(argument: Bound) -> Tensor:
    match argument.value:
        case Tensor(batched=True, shape=shape) as u if prod(shape) == 1 and len(shape) <= 1:
            return u
        case Tensor(batched=True, shape=shape):
            found, advice = f"a tensor of shape {shape_of(shape)}", "take one of its numbers, or their sum"
            raise Fault(Unexpected(argument.span, found, "one number per example", advice))
        case Tensor():
            raise Fault(Unexpected(argument.span, "what is the same for every example", "one number per example"))
        case value:
            raise Fault(Unexpected(argument.span, kind_of(value), "one number per example"))


def _tensor(argument: Bound) -> Tensor:
    wanted = "an input, or a name of the net that is computed from one,"
    match argument.value:
        case Tensor(batched=True) as x if x.dtype is DType.REAL:
            return x
        case Tensor(batched=True):
            raise Fault(Unexpected(argument.span, "a tensor of whole numbers or conditions", wanted))
        case Tensor():
            raise Fault(Unexpected(argument.span, "what is the same for every example", wanted))
        case value:
            raise Fault(Unexpected(argument.span, kind_of(value), wanted))


def _check(
    frame: Frame, nodes: list[Node], ends: tuple[NodeId, NodeId], texts: tuple[str, str], span: Span, bound: Span
) -> None:
    """Raises Fault where there is no derivative of one end by the other, or none that may be differentiated again."""
    (u, x), (of, wrt) = ends, texts
    real, any_type = {x}, {x}
    for node in nodes[x + 1 : u + 1]:
        if not any_type.isdisjoint(node.inputs):
            any_type.add(node.id)
            if node.type.dtype is DType.REAL and not real.isdisjoint(node.inputs):
                real.add(node.id)
    if u not in real:
        jumps = u in any_type
        how = "is constant between jumps along" if jumps else "does not depend on"
        advice = (
            "a smooth activation, such as `tanh`, has derivatives of every order"
            if jumps
            else f"bind a part of an input to a name, `x = inputs[0]`, and compute `{of}` from that name"
        )
        raise Fault(NoDependence(span, of, how, wrt, advice, bound))
    leading = {u}
    for node in reversed(nodes[x + 1 : u + 1]):
        if node.id not in leading:
            continue
        leading.update(node.inputs)
        if node.id not in real:
            continue
        place = node.origin.span
        if ROWS not in node.type.shape:
            raise Fault(AcrossExamples(span, of, wrt, place))
        if node.op.only_once is not None:
            raise Fault(NoSecondDerivative(span, of, node.op.only_once, place))
