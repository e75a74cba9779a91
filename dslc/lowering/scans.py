"""A scan as steps: the states' first values, then a loop over time whose body is lowered as a graph of its own.

A state is kept for all steps, [steps + 1, ..]: each step reads one slot and writes the next, so that the values before
all steps and those after them are parts of one tensor. What a step computes alike in every step is done before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dslc.graph.graph import Graph, Node, NodeId
from dslc.lowering.draft import FetchStep, RepeatStep, Step, View, element_of
from dslc.lowering.loops import Target, copy_step
from dslc.lowering.schedule import phases
from dslc.ops.leaf import LeafRole
from dslc.ops.scan import Scan
from dslc.program.program import Element, Slot
from dslc.scalar.affine import identity

Leaves: TypeAlias = Mapping[tuple[LeafRole, str], View]

Lower: TypeAlias = Callable[[Graph, Leaves, Mapping[str, View]], Sequence[Step | FetchStep | RepeatStep]]
"""The steps of a body with these leaves and outputs."""

STATE, RESULT = "state ", "result "


@dataclass(frozen=True, slots=True)
class Lowered:
    """The steps, and where the values of each result are, [steps, ..]."""

    steps: Sequence[Step | RepeatStep]
    results: Mapping[NodeId, View]


def scan_steps(
    scan: Scan, results: Sequence[NodeId], operands: Sequence[View], target: Target, real: Element, lower: Lower
) -> Lowered:
    """The loop with all of its results, nodes of the body; `target` says where it comes from."""
    states = len(scan.following)
    before, after = (1, 0) if scan.reverse else (0, 1)
    kept = [_stack(scan.body[after_], scan.steps + 1, f"{target.note}.{k}", real, target)
            for k, after_ in enumerate(scan.following)]  # fmt: skip
    leaves = {(LeafRole.STEP, str(k)): _part(whole, before).of_step for k, whole in enumerate(kept)}
    for k, stepped in enumerate(scan.stepped, states):
        leaves[LeafRole.STEP, str(k)] = operands[k].of_step if stepped else operands[k]
    outputs = {f"{STATE}{k}": node for k, node in enumerate(scan.following)}
    written = {f"{STATE}{k}": _part(whole, after).of_step for k, whole in enumerate(kept)}
    found: dict[NodeId, View] = {}
    for node in results:
        number = scan.operand(scan.body[node])
        if number is not None:
            found[node] = _part(kept[number], before) if number < states else operands[number]
        elif node in scan.following:
            found[node] = _part(kept[scan.following.index(node)], after)
        else:
            found[node] = _stack(scan.body[node], scan.steps, target.note, real, target)
            outputs[f"{RESULT}{node}"] = node
            written[f"{RESULT}{node}"] = found[node].of_step
    inner = lower(Graph(scan.body, outputs), leaves, written)
    alike, stepwise = _parted([step for step in inner if isinstance(step, Step)])
    first = [_begin(whole, operand, scan, target) for whole, operand in zip(kept, operands[:states], strict=True)]
    loop = RepeatStep(scan.steps, scan.reverse, _scheduled(stepwise), target.span, target.note)
    return Lowered([*first, *alike, loop], found)


def _scheduled(steps: Sequence[Step]) -> list[list[Step]]:
    return [[step for step in phase if isinstance(step, Step)] for phase in phases(steps)]


def _stack(node: Node, count: int, name: str, real: Element, target: Target) -> View:
    shape = (count, *node.type.shape)
    element = element_of(node.type.dtype, real)
    whole = target.drafts.scratch(name, element, shape, target.span)
    return View(whole.draft, shape, Slot(node.type.shape, count, 0))


def _part(whole: View, first: int) -> View:
    """All slots but one."""
    count = _count(whole)
    return View(whole.draft, (count - 1, *whole.shape[1:]), Slot(whole.shape[1:], count, first))


def _count(whole: View) -> int:
    assert whole.slot is not None
    return whole.slot.count


def _begin(whole: View, initial: View, scan: Scan, target: Target) -> Step:
    """The state before the first step that is done."""
    shape = whole.shape[1:]
    place = View(whole.draft, shape, Slot(shape, _count(whole), scan.steps if scan.reverse else 0))
    return replace(copy_step(initial, identity(len(shape)), replace(target, result=place)), part=True)


def _parted(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """What is alike in every step, since nothing that it reads is made in the loop, and the rest."""
    made = {step.result.draft.number for step in steps}
    alike: list[Step] = []
    rest: list[Step] = []
    for step in steps:
        moves = any(view.slot and view.slot.moves for view in (step.result, *step.operands))
        if moves or step.part or any(view.draft.number in made for view in step.operands):
            rest.append(step)
        else:
            alike.append(step)
            made.discard(step.result.draft.number)
    return alike, rest


def members(graph: Graph, node: Node) -> dict[NodeId, NodeId]:
    """All results of the loop that a scan is one of: the node of the graph, and that of the body."""
    scan = node.op
    assert isinstance(scan, Scan)
    return {
        other.id: other.op.result
        for other in graph.nodes
        if isinstance(other.op, Scan) and other.inputs == node.inputs and other.op.family == scan.family
    }
