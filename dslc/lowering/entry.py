"""One entry: its graph's nodes, in an order that allows updates in place, as steps on drafts.

A node that is an output writes the output's own buffer; a reshape is its operand's memory under another
shape; every other node writes scratch. A scalar is float64 wherever it stands: there are few of them, and a
schedule or a bias correction loses digits otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dslc.graph.graph import Graph, Node, NodeId, Role
from dslc.lowering.draft import AnyStep, Drafts, FetchStep, Step, View, element_of
from dslc.lowering.loops import Target, concat_offsets, concat_steps, loop_step, pad_steps, part_step
from dslc.lowering.outputs import Placed, place
from dslc.lowering.products import contract_steps
from dslc.lowering.scans import Leaves, members, scan_steps
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
    entry = _Entry(placed, _parts(placed), leaves, results, sources, real, drafts, usual)
    for k in placed.order:
        if k not in entry.views:  # unless it is another result of a loop over time, or holds parts already
            entry.add(placed.graph.nodes[k])
        elif isinstance(placed.graph.nodes[k].op, Concat):
            entry.concat(placed.graph.nodes[k])
    return entry.steps


@dataclass(slots=True)
class _Entry:
    """An entry on its way: where each node's value is, and the steps so far."""

    placed: Placed
    parts: Mapping[NodeId, Part]
    leaves: Leaves
    results: Mapping[str, View]
    sources: Sequence[str]
    real: Element
    drafts: Drafts
    usual: int
    views: dict[NodeId, View] = field(default_factory=dict)
    steps: list[AnyStep] = field(default_factory=list)

    def add(self, node: Node) -> None:
        match node.op:
            case Leaf(role, name):
                self.views[node.id] = self.leaves[role, name].reshaped(node.type.shape)
                if role in SOURCES:
                    self.steps.append(FetchStep(self.sources.index(SOURCES[role] + name), self.views[node.id]))
            case Scan():
                self.loop(node, node.op)
            case Reshape():
                self.views[node.id] = self.views[node.inputs[0]].reshaped(node.type.shape)
            case Loop() as op if node.id in self.parts:
                whole, offset = self.parts[node.id]
                target = replace(self.target(whole), note=_note(node, None))
                self.steps.append(part_step(op, self.operands(node), offset, target))
            case Concat():
                self.concat(node)
            case _:
                self.steps += _steps(node, self.operands(node), self.target(node))

    def operands(self, node: Node) -> list[View]:
        return [self.views[i] for i in node.inputs]

    def target(self, node: Node) -> Target:
        """Where the node's value goes: an output's buffer, or one of its own."""
        output = self.placed.targets.get(node.id)
        if node.id not in self.views:
            result = self.scratch(node) if output is None else _of_output(output, self.leaves, self.results)
            self.views[node.id] = result.reshaped(node.type.shape)
        return Target(self.views[node.id], _note(node, output), node.origin.span, self.drafts, self.usual)

    def scratch(self, node: Node) -> View:
        element = element_of(node.type.dtype, self.real if node.type.shape else Element.F64)
        return self.drafts.scratch(_name(node), element, node.type.shape, node.origin.span)

    def concat(self, node: Node) -> None:
        """What is not in its place yet is copied there."""
        assert isinstance(node.op, Concat)
        shapes = [self.placed.graph.type(i).shape for i in node.inputs]
        given = [None if i in self.parts else self.views[i] for i in node.inputs]
        self.steps += concat_steps(node.op, given, shapes, self.target(node))

    def loop(self, node: Node, scan: Scan) -> None:
        """A loop over time with all of its results."""
        found = members(self.placed.graph, node)
        operands = self.operands(node)
        target = Target(operands[0], _name(node), node.origin.span, self.drafts, self.usual)

        def lower(body: Graph, leaves: Leaves, written: Mapping[str, View]) -> list[AnyStep]:
            return entry_steps(body, leaves, written, self.sources, self.real, self.drafts, self.usual)

        lowered = scan_steps(scan, list(found.values()), operands, target, self.real, lower)
        self.steps += lowered.steps
        self.views |= {member: lowered.results[result] for member, result in found.items()}


Part: TypeAlias = tuple[Node, tuple[int, ...]]
"""A concatenation, and where in it a part begins."""


def _parts(placed: Placed) -> dict[NodeId, Part]:
    """Loops that only a concatenation reads, which then write their part of it themselves."""
    readers: dict[NodeId, list[Node]] = {}
    for node in placed.graph.nodes:
        for source in node.inputs:
            readers.setdefault(source, []).append(node)
    found: dict[NodeId, Part] = {}
    for whole in placed.graph.nodes:
        if not isinstance(whole.op, Concat) or placed.targets.get(whole.id, "").startswith(UPDATE):
            continue
        nodes = [placed.graph.nodes[i] for i in whole.inputs]
        for node, offset in zip(nodes, concat_offsets(whole.op, [node.type.shape for node in nodes]), strict=True):
            if isinstance(node.op, Loop) and node.id not in placed.targets and len(readers[node.id]) == 1:
                found[node.id] = whole, offset
    return found


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
        case _:
            raise TypeError(f"{node.op.to_text()} in a graph that should be fused")


def _of_output(output: str, leaves: Leaves, results: Mapping[str, View]) -> View:
    name = output.removeprefix(UPDATE)
    if output.startswith(UPDATE):
        return leaves.get((LeafRole.PARAMETER, name)) or leaves[LeafRole.STATE, name]
    return results[output]


def _note(node: Node, output: str | None) -> str:
    """`dense.w: gradient`; an output says its name."""
    return output or f"{node.origin.path or 'value'}: {node.origin.role.value}"
