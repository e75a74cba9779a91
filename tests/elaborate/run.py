"""Small experiments from text, and the values of their graphs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dslc.data.schema import InputField, Schema, TargetField
from dslc.elaborate.elaborate import elaborate
from dslc.elaborate.experiment import Experiment
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Graph, NodeId
from dslc.graph.verify import verify
from dslc.ops.leaf import NUMPY, Leaf
from dslc.scalar.types import ROWS
from dslc.source import BUILT_IN, Source
from dslc.syntax.parse import parse


def experiment(
    text: str,
    x: tuple[int, ...] = (4,),
    classes: int | None = None,
    target: tuple[int, ...] = (),
    settings: Mapping[str, str | int | float] | None = None,
) -> Experiment:
    """The experiment of a file without a data block: input `x`, target `y` of classes or of values."""
    module = parse(Source("test.dsl", "data { input x: [4] }\n" + text))
    schema = Schema((InputField("x", x, BUILT_IN),), (TargetField("y", target, classes, BUILT_IN),), BUILT_IN)
    made = elaborate(module, schema, settings or {}, "test")
    for graph in (made.forward, made.updates, made.evaluate, made.finish, made.predict):
        verify(graph)
    for tensor in (*made.parameters, *made.states):
        assert verify(tensor.initial).type(tensor.initial.outputs["value"]).shape == tensor.shape
    return made


def leaf_values(graph: Graph, given: Mapping[str, Array], rows: int, seed: int = 0) -> dict[NodeId, Array]:
    """`given` by leaf name or role, the rest drawn."""
    draw = np.random.default_rng(seed)
    values: dict[NodeId, Array] = {}
    for node in graph.nodes:
        if isinstance(node.op, Leaf):
            shape = [rows if extent is ROWS else extent for extent in node.type.shape]
            drawn = draw.normal(size=shape) if NUMPY[node.type.dtype] is np.float64 else draw.integers(0, 2, shape)
            named = given.get(node.op.name or node.op.role.value, drawn)
            values[node.id] = np.asarray(named, NUMPY[node.type.dtype])
    return values


def values_of(graph: Graph, given: Mapping[str, Array], rows: int = 5) -> dict[str, Array]:
    """The graph's outputs at the given leaves."""
    found = evaluate(graph, leaf_values(graph, given, rows), rows, list(graph.outputs.values()))
    return {name: found[node] for name, node in graph.outputs.items()}


def leaf_names(graph: Graph, role: str) -> list[str]:
    return [node.op.name for node in graph.nodes if isinstance(node.op, Leaf) and node.op.role.value == role]
