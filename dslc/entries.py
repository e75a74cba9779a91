"""The entries of a program as graphs: forward, gradients and updates from what an experiment means.

    experiment -> stable forward -> gradients and updates -> passes

An entry is what a program can be asked to do. Each function is pure, graph to graph.
"""

from __future__ import annotations

from collections.abc import Iterable

from dslc.autodiff import differentiate
from dslc.elaborate.experiment import AVERAGE, GRADIENT, OBJECTIVE, Experiment
from dslc.graph.graph import Builder, Graph, NodeId
from dslc.ops.leaf import UPDATE, LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.passes.bodies import in_bodies
from dslc.passes.fuse import fuse
from dslc.passes.join import real_leaves, with_parameters, with_updates
from dslc.passes.panels import in_panels, worth_panels
from dslc.passes.prune import prune
from dslc.passes.rows_last import rows_last
from dslc.passes.share import share
from dslc.scalar import functions

ENTRIES = ("train", "health", "evaluate", "predict", "finish", "gradients")
"""What a program can be asked to do."""


def graph_of(experiment: Experiment, entry: str) -> Graph:
    """One entry: gradients come from the forward graph, updates are spliced onto them."""
    match entry:
        case "train":
            graph, gradients = differentiated(experiment)
            return with_updates(graph, experiment.updates, gradients)
        case "health":
            return health_of(experiment)
        case "gradients":
            return gradients_of(experiment)
        case "evaluate":
            return apply(experiment.evaluate, BEFORE_DIFFERENTIATION)
        case "predict":
            return apply(experiment.predict, BEFORE_DIFFERENTIATION)
        case "finish":
            return apply(experiment.finish, BEFORE_DIFFERENTIATION)
    raise KeyError(entry)


def gradients_of(experiment: Experiment, inputs: bool = False) -> Graph:
    """The objective, and its gradients as `gradient.NAME`; those of `inputs` as `gradient.inputs.NAME`."""
    graph, gradients = differentiated(experiment, inputs)
    return Graph(
        graph.nodes,
        {"objective": graph.outputs["objective"]} | {f"gradient.{name}": g for name, g in gradients.items()},
    )


def health_of(experiment: Experiment) -> Graph:
    """`gradient.LAYER`: the norm of the objective's gradient in the weights that an update changes, layer by layer."""
    graph, gradients = differentiated(experiment)
    layers: dict[str, list[NodeId]] = {}
    for name, g in gradients.items():
        if UPDATE + name in experiment.updates.outputs:
            layers.setdefault(name.rpartition(".")[0] or name, []).append(g)
    build = Builder(graph)
    return build.graph({GRADIENT + layer: _norm(build, parts) for layer, parts in layers.items()})


def _norm(build: Builder, parts: Iterable[NodeId]) -> NodeId:
    """The root of the sum of squares of all elements of some tensors."""
    total: NodeId | None = None
    for g in parts:
        build.origin = build.nodes[g].origin
        squares = build.add(Map(functions.multiply), g, g)
        axes = tuple(range(len(build.type(g).shape)))
        part = build.add(Reduce(ReduceKind.SUM, axes), squares) if axes else squares
        total = part if total is None else build.add(Map(functions.add), total, part)
    assert total is not None  # a layer has a weight
    return build.add(Map(functions.sqrt), total)


def differentiated(experiment: Experiment, inputs: bool = False) -> tuple[Graph, dict[str, NodeId]]:
    """The forward graph with gradients by the parameter's name, and by `inputs.NAME`.

    Of several objectives a weight has that of the one that moves it; all are taken of the same forward pass.
    """
    shapes = {parameter.name: parameter.shape for parameter in experiment.parameters if parameter.trained}
    forward = with_parameters(apply(experiment.forward, BEFORE_DIFFERENTIATION), shapes)
    sources = {name: node for name, node in real_leaves(forward, LeafRole.PARAMETER).items() if name in shapes}
    if inputs:
        sources |= {f"inputs.{name}": node for name, node in real_leaves(forward, LeafRole.INPUT).items()}
    graph, gradients = forward, dict[str, NodeId]()
    for objective, names in _by_objective(experiment, sources).items():
        graph, found = differentiate(graph, forward.outputs[objective], [sources[name] for name in names])
        gradients |= zip(names, found, strict=True)
    outputs = {name: node for name, node in graph.outputs.items() if not name.startswith(OBJECTIVE)}
    return Graph(graph.nodes, outputs), {name: gradients[name] for name in sources}


def _by_objective(experiment: Experiment, sources: Iterable[str]) -> dict[str, list[str]]:
    """What is differentiated with respect to each: for a weight the objective that moves it, else the sum of all."""
    moves = {name: OBJECTIVE + objective.name for objective in experiment.objectives for name in objective.weights}
    found: dict[str, list[str]] = {}
    for name in sources:
        found.setdefault(moves.get(name, "objective"), []).append(name)
    return found


def tensors_of(experiment: Experiment, names: Iterable[str]) -> Graph:
    """The net at prediction, optimised, with these of its tensors as results."""
    graph = Graph(experiment.predict.nodes, {name: experiment.tensors[name] for name in names})
    return optimise(apply(graph, BEFORE_DIFFERENTIATION), experiment)


def whole_part_of(experiment: Experiment) -> Graph:
    """The metrics of a whole part as they are evaluated: exponentials in their stable form, nothing twice."""
    return apply(experiment.whole, (*BEFORE_DIFFERENTIATION, share, prune))


def optimise(graph: Graph, experiment: Experiment) -> Graph:
    """As it is lowered: rewritten, fused, and laid out, the weights alike in all graphs of the experiment."""
    fused = fuse(in_bodies(apply(graph, AFTER_DIFFERENTIATION), (fuse,)))
    worth = worth_panels(prune(experiment.predict))  # what a loop over time reads keeps its order
    return in_panels(rows_last(fused), worth | {name.removeprefix(AVERAGE) for name in worth})


def simplified_gradients(graph: Graph, of: str) -> Graph:
    """The output `of` differentiated with respect to each real input and parameter, as outputs named like them."""
    stable = apply(graph, BEFORE_DIFFERENTIATION)
    leaves = real_leaves(stable, LeafRole.INPUT, LeafRole.PARAMETER)
    whole, gradients = differentiate(stable, stable.outputs[of], list(leaves.values()))
    return apply(Graph(whole.nodes, dict(zip(leaves, gradients, strict=True))), AFTER_DIFFERENTIATION)
