"""One entry: its graph's nodes, in an order that allows updates in place, as steps on drafts.

A node that is an output writes the output's own buffer; a reshape is its operand's memory under another
shape; every other node writes scratch. A scalar is float64 wherever it stands: there are few of them, and a
schedule or a bias correction loses digits otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslc.graph.graph import Graph, Node, NodeId, Role
from dslc.lowering.draft import AnyStep, Drafts, FetchStep, Step, View, element_of
from dslc.lowering.loops import Target, concat_steps, loop_step, pad_steps
from dslc.lowering.outputs import place
from dslc.lowering.products import contract_steps
from dslc.lowering.scans import Leaves, Lowered, members, scan_steps
from dslc.lowering.scatters import scatter_steps
from dslc.ops.contract import Contract
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import UPDATE, Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.scan import Scan
from dslc.ops.structure import Concat, Pad, Reshape
from dslc.program.program import Element

SOURCES = {
    LeafRole.INPUT: "input.",
    LeafRole.TARGET: "target.",
    LeafRole.EXAMPLE_WEIGHT: "weight",
    LeafRole.ROW_ID: "row",
}
"""The leaves that come with each row, and how their row sources are called: the prefix, then the leaf's name."""


def entry_steps(
    graph: Graph,
    leaves: Leaves,
    results: Mapping[str, View],
    sources: Sequence[str],
    real: Element,
    drafts: Drafts,
    usual: int,
) -> list[AnyStep]:
    """The steps in an order that may run as it stands; `results` are the outputs' buffers, updates aside."""
    placed = place(graph)
    views: dict[NodeId, View] = {}
    steps: list[AnyStep] = []
    for k in placed.order:
        node = placed.graph.nodes[k]
        if k in views:
            continue  # another result of a loop over time
        if isinstance(node.op, Leaf):
            views[k] = leaves[node.op.role, node.op.name].reshaped(node.type.shape)
            if node.op.role in SOURCES:
                steps.append(FetchStep(sources.index(SOURCES[node.op.role] + node.op.name), views[k]))
            continue
        operands = [views[i] for i in node.inputs]
        if isinstance(node.op, Scan):
            loop = _loop(placed.graph, node, operands, sources, real, drafts, usual)
            steps += loop.steps
            views |= {member.id: loop.results[_result(member)] for member in members(placed.graph, node)}
            continue
        if isinstance(node.op, Reshape):
            views[k] = operands[0].reshaped(node.type.shape)
            continue
        output = placed.targets.get(k)
        result = _scratch(node, real, drafts) if output is None else _of_output(output, leaves, results)
        views[k] = result.reshaped(node.type.shape)
        steps += _steps(node, operands, Target(views[k], _note(node, output), node.origin.span, drafts, usual))
    return steps


def _loop(
    graph: Graph,
    node: Node,
    operands: Sequence[View],
    sources: Sequence[str],
    real: Element,
    drafts: Drafts,
    usual: int,
) -> Lowered:
    """A loop over time with all of its results."""
    assert isinstance(node.op, Scan)
    results = [_result(member) for member in members(graph, node)]
    target = Target(operands[0], _name(node), node.origin.span, drafts, usual)

    def lower(body: Graph, leaves: Leaves, written: Mapping[str, View]) -> list[AnyStep]:
        return entry_steps(body, leaves, written, sources, real, drafts, usual)

    return scan_steps(node.op, results, operands, target, real, lower)


def _result(member: Node) -> NodeId:
    assert isinstance(member.op, Scan)
    return member.op.result


def _name(node: Node) -> str:
    """As a buffer is called for what is in it."""
    prefix = {Role.GRADIENT: "grad.", Role.UPDATE: "update."}.get(node.origin.role, "")
    return prefix + (node.origin.path or "value")


def _steps(node: Node, operands: Sequence[View], target: Target) -> list[Step]:
    match node.op:
        case Loop():
            return [loop_step(node.op, operands, target)]
        case Contract():
            return contract_steps(node.op, operands, target)
        case ScatterAdd():
            return scatter_steps(node.op, operands[0], operands[1], target)
        case Pad():
            return pad_steps(node.op, operands[0], node.type.dtype, target)
        case Concat():
            return concat_steps(node.op, operands, target)
        case _:
            raise TypeError(f"{node.op.to_text()} in a graph that should be fused")


def _of_output(output: str, leaves: Leaves, results: Mapping[str, View]) -> View:
    name = output.removeprefix(UPDATE)
    if output.startswith(UPDATE):
        return leaves.get((LeafRole.PARAMETER, name)) or leaves[LeafRole.STATE, name]
    return results[output]


def _scratch(node: Node, real: Element, drafts: Drafts) -> View:
    element = element_of(node.type.dtype, real if node.type.shape else Element.F64)
    return drafts.scratch(_name(node), element, node.type.shape, node.origin.span)


def _note(node: Node, output: str | None) -> str:
    """`dense.w: gradient`; an output says its name."""
    return output or f"{node.origin.path or 'value'}: {node.origin.role.value}"
