"""`derivative(u, x)` as nodes of the graph that has u and x: what elaboration is handed for it.

u is taken as a function of x alone, whatever x itself was computed from: x becomes a leaf, the function takes its
stable form, as every graph does before it is differentiated, and its gradient goes back where x is. Each row of u
depends on its own row of x only, so that the gradient of the sum over rows is every row's derivative.

    u = x * x  ->  derivative: x + x
"""

from __future__ import annotations

from dslc.autodiff import differentiate
from dslc.graph.graph import Builder, Graph, NodeId
from dslc.ops.leaf import Leaf, LeafRole
from dslc.passes import BEFORE_DIFFERENTIATION, apply
from dslc.passes.rewrite import sameness
from dslc.passes.simplify import simplify


def derive(build: Builder, of: NodeId, wrt: NodeId) -> NodeId:
    """Appends the derivative, of the type of `wrt`; both are REAL, and `of` has one number in each row or step of it.

    What stands between them already is read, not computed again.
    """
    between = _between(build, of, wrt)
    function = _cut(build, between, of, wrt)
    at = function.outputs["at"]
    graph, (found,) = differentiate(function, function.outputs["of"], [at])
    derivative = simplify(Graph(graph.nodes, {"at": at, "derivative": found}))
    return _placed(build, derivative, between, wrt)


def _between(build: Builder, of: NodeId, wrt: NodeId) -> list[NodeId]:
    """What `of` is computed from, itself included and nothing before `wrt`, in order."""
    found, waiting = {of, wrt}, [of]
    while waiting:
        for source in build.nodes[waiting.pop()].inputs:
            if source not in found:
                found.add(source)
                waiting.append(source)
    return sorted(found)


def _cut(build: Builder, between: list[NodeId], of: NodeId, wrt: NodeId) -> Graph:
    """The stable graph of `of` over a leaf in the place of `wrt`, which is the output `at`."""
    cut, where = Builder(), dict[NodeId, NodeId]()
    for node in (build.nodes[n] for n in between):
        cut.origin = node.origin
        op = Leaf(LeafRole.POINT, "", node.type) if node.id == wrt else node.op
        where[node.id] = cut.add(op, *(where[source] for source in node.inputs if node.id != wrt))
    return apply(cut.graph({"of": where[of], "at": where[wrt]}), BEFORE_DIFFERENTIATION)


def _placed(build: Builder, derivative: Graph, between: list[NodeId], wrt: NodeId) -> NodeId:
    """Where the derivative stands once its graph is appended, `wrt` for its leaf."""
    present = {sameness(build.nodes[n].op, build.nodes[n].inputs): n for n in reversed(between)}
    where = {derivative.outputs["at"]: wrt}
    for node in derivative.nodes:
        if node.id not in where:
            inputs = tuple(where[source] for source in node.inputs)
            key = sameness(node.op, inputs)
            if key not in present:
                build.origin = node.origin
                present[key] = build.add(node.op, *inputs)
            where[node.id] = present[key]
    return where[derivative.outputs["derivative"]]
