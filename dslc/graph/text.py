"""How graphs read: one line a node, or one node as a formula.

    %0 = input x : [rows, 3] real  # inputs a.dsl:4
    %1 = exp %0 : [rows, 3] real  # net a.dsl:4
    loss = %1

A gradient's or an update's line says so: `# gradient of net a.dsl:4`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from dslc.graph.graph import Graph, Node, NodeId, Role
from dslc.scalar.functions import ATOM, Formula
from dslc.source import BUILT_IN

LARGE = 16
"""Characters from which a formula that is used twice gets a name."""


def to_text(graph: Graph) -> str:
    """Every node with inputs, type and origin, then the outputs by name; below a loop's first result its step."""
    lines: list[str] = []
    shown: set[tuple[Node, ...]] = set()
    for node in graph.nodes:
        lines.append(_line(node))
        if node.op.inner not in shown:
            lines += [f"    {_line(inner)}" for inner in node.op.inner]
            shown.add(node.op.inner)
    return "\n".join([*lines, *(f"{name} = %{node}" for name, node in graph.outputs.items()), ""])


def _line(node: Node) -> str:
    inputs = "".join(f" %{source}" for source in node.inputs)
    origin = _origin(node)
    return f"%{node.id} = {node.op.to_text()}{inputs} : {node.type}" + (f"  # {origin}" if origin else "")


def _origin(node: Node) -> str:
    origin = node.origin
    role = {Role.FORWARD: "", Role.GRADIENT: "gradient of", Role.UPDATE: "update", Role.METRIC: "metric"}[origin.role]
    place = "" if origin.span == BUILT_IN else f"{origin.span.source.name}:{origin.span.line}"
    return " ".join(part for part in (role, origin.path, place) if part) if origin.path or place else ""


def formula(graph: Graph, node: NodeId, named: Mapping[NodeId, str] | None = None) -> str:
    """The node as mathematics over the graph's leaves, with no more parentheses than it needs.

    A large part that is used more than once is named first, on a line of its own:

        a = prediction - target
        where(abs(a) <= 1, a, sign(a))

    `named` are the nodes below it that have a name already.
    """
    uses = _uses(graph, node)
    texts: dict[NodeId, Formula] = {}
    names = _names(graph)
    lines: list[str] = []
    for each in graph.nodes:
        if each.id not in uses:
            continue
        text, binding = each.op.formula([texts[source] for source in each.inputs])
        if named and each.id in named:
            texts[each.id] = named[each.id], ATOM
            continue
        texts[each.id] = text, binding
        transparent = any(texts[source][0] == text for source in each.inputs)
        if uses[each.id] > 1 and each.id != node and len(text) >= LARGE and not transparent:
            texts[each.id] = next(names), ATOM
            lines.append(f"{texts[each.id][0]} = {text}")
    return "\n".join([*lines, texts[node][0]])


def _uses(graph: Graph, node: NodeId) -> Counter[NodeId]:
    """How often each node that `node` depends on is read on the way to it."""
    uses = Counter({node: 1})
    for each in reversed(graph.nodes[: node + 1]):
        if each.id in uses:
            uses.update(each.inputs)
    return uses


def _names(graph: Graph) -> Iterator[str]:
    """a, b, c, ..., a1, b1, ... without the names of leaves."""
    taken = {node.op.formula(())[0] for node in graph.nodes if node.op.key is not None}
    letters = [letter for letter in "abcdefghjkmnpqrstuvw" if letter not in taken]
    yield from letters
    number = 1
    while True:
        yield from (f"{letter}{number}" for letter in letters)
        number += 1
