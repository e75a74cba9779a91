"""The verifier accepts what stages make and names the node in everything broken by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from random_graphs import random_case

from dslc.graph.graph import Builder, Graph, Node, TensorType
from dslc.graph.verify import BrokenGraph, verify
from dslc.ops.contract import Contract, contraction
from dslc.ops.declared import DeclaredGradient
from dslc.ops.gather import Gather, ScatterAdd
from dslc.ops.leaf import Constant, Iota, Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.map import Map
from dslc.ops.random import Distribution, Random
from dslc.ops.reduce import Argmax, Reduce, ReduceKind
from dslc.ops.structure import Concat, Expand, Pad, Reshape, Slice, Transpose
from dslc.scalar.affine import Affine, access
from dslc.scalar.body import Apply, Combine, Literal, Load, Taken
from dslc.scalar.functions import add, exp, where
from dslc.scalar.types import ROWS, DType

REAL, INT = DType.REAL, DType.INT


def whole() -> Graph:
    """A graph with one node of most kinds; node ids are used by the mutations below."""
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((ROWS, 6))))  # 0
    w = build.add(Leaf(LeafRole.PARAMETER, "w", TensorType((6, 4))))  # 1
    index = build.add(Leaf(LeafRole.TARGET, "t", TensorType((ROWS,), INT)))  # 2
    seed = build.add(Leaf(LeafRole.CLOCK, "seed", TensorType((), INT)))  # 3
    one = build.add(Constant(1.0, REAL))  # 4
    ones = build.add(Expand((ROWS, 4), ()), one)  # 5
    y = build.add(contraction(((0, 2), (2, 1)), (0, 1), (ROWS, 4, 6)), x, w)  # 6
    z = build.add(Map(add), y, ones)  # 7
    build.add(Reshape((ROWS, 2, 2)), z)  # 8
    build.add(Transpose((1, 0)), z)  # 9
    build.add(Slice((0, 1), (ROWS, 3), (1, 1)), z)  # 10
    build.add(Pad((0, 1), (0, 1)), z)  # 11
    build.add(Concat(1), z, y)  # 12
    build.add(Reduce(ReduceKind.SUM, (1,)), z)  # 13
    build.add(Argmax(1), z)  # 14
    picked = build.add(Gather(1), z, index)  # 15
    build.add(ScatterAdd(1, (ROWS, 4)), index, picked)  # 16
    build.add(Random(Distribution.UNIFORM, 7, (ROWS, 4)), seed, seed, index)  # 17
    g = build.add(Leaf(LeafRole.GRADIENT, "g", TensorType((ROWS, 4))))  # 18
    build.add(DeclaredGradient(), z, g, y, g)  # 19
    build.add(Loop((ROWS, 4), 1, (Load(0, access(2, 0, 1)), Apply(exp, (0,))), Combine.SUM), z)  # 20
    build.add(Iota(4))  # 21
    return build.graph({"loss": 13, "z": z})


def changed(position: int, change: Callable[[Node], Node]) -> Callable[[Graph], Graph]:
    def mutate(graph: Graph) -> Graph:
        nodes = list(graph.nodes)
        nodes[position] = change(nodes[position])
        return Graph(tuple(nodes), graph.outputs)

    return mutate


def reading(position: int, *inputs: int) -> Callable[[Graph], Graph]:
    return changed(position, lambda node: replace(node, inputs=inputs))


def being(position: int, type: TensorType) -> Callable[[Graph], Graph]:
    return changed(position, lambda node: replace(node, type=type))


def doing(position: int, op: object) -> Callable[[Graph], Graph]:
    return changed(position, lambda node: replace(node, op=op))


MUTATIONS: dict[str, tuple[Callable[[Graph], Graph], str]] = {
    "an id that is not the position": (changed(4, lambda node: replace(node, id=9)), "%9"),
    "an id twice": (changed(5, lambda node: replace(node, id=4)), "%4"),
    "a node missing": (lambda graph: Graph(graph.nodes[:3] + graph.nodes[4:], graph.outputs), "%4"),
    "two nodes exchanged": (lambda g: Graph((g.nodes[1], g.nodes[0], *g.nodes[2:]), g.outputs), "%1"),
    "an input of its own": (reading(7, 7, 5), "%7"),
    "an input that comes later": (reading(7, 8, 5), "%8"),
    "an input that does not exist": (reading(7, 99, 5), "%99"),
    "a negative input": (reading(7, -1, 5), "%-1"),
    "too few inputs": (reading(7, 6), "%7"),
    "too many inputs": (reading(7, 6, 5, 5), "%7"),
    "a map of different shapes": (reading(7, 6, 0), "%7"),
    "a map of different types": (reading(7, 6, 2), "%7"),
    "no input": (reading(13), "%13"),
    "a wrong shape": (being(6, TensorType((ROWS, 6))), "%6"),
    "a wrong element type": (being(7, TensorType((ROWS, 4), INT)), "%7"),
    "a batch axis that became a number": (being(7, TensorType((8, 4))), "%7"),
    "a leaf of another type than it says": (being(0, TensorType((ROWS, 7))), "%0"),
    "a constant with a shape": (being(4, TensorType((1,))), "%4"),
    "a choice without condition": (doing(7, Map(where)), "%7"),
    "an expand at an axis that is not there": (doing(5, Expand((ROWS, 4), (2,))), "%5"),
    "an expand of another extent": (doing(5, Expand((ROWS, 4), (1,))), "%5"),
    "a reshape to another size": (doing(8, Reshape((ROWS, 3, 2))), "%8"),
    "a reshape of the batch axis": (doing(8, Reshape((2, 2, ROWS))), "%8"),
    "a transpose that drops an axis": (doing(9, Transpose((1,))), "%9"),
    "a transpose with an axis twice": (doing(9, Transpose((1, 1))), "%9"),
    "a slice of the batch axis": (doing(10, Slice((1, 1), (ROWS, 3), (1, 1))), "%10"),
    "a slice beyond the end": (doing(10, Slice((0, 1), (ROWS, 5), (1, 1))), "%10"),
    "an empty slice": (doing(10, Slice((0, 3), (ROWS, 3), (1, 1))), "%10"),
    "a pad of the batch axis": (doing(11, Pad((1, 1), (0, 1))), "%11"),
    "a negative pad": (doing(11, Pad((0, -1), (0, 1))), "%11"),
    "a concat along the batch axis": (doing(12, Concat(0)), "%12"),
    "a concat of different ranks": (reading(12, 7, 13), "%12"),
    "a reduction over an axis that is not there": (doing(13, Reduce(ReduceKind.SUM, (2,))), "%13"),
    "a reduction with unsorted axes": (doing(13, Reduce(ReduceKind.SUM, (1, 0))), "%13"),
    "an argmax over an axis that is not there": (doing(14, Argmax(2)), "%14"),
    "a gather by real numbers": (reading(15, 7, 13), "%15"),
    "a gather that shares too much": (doing(15, Gather(2)), "%15"),
    "a scatter into another shape": (doing(16, ScatterAdd(1, (ROWS, 4, 2))), "%16"),
    "randomness without row ids": (reading(17, 3, 3), "%17"),
    "a contraction with an access too few": (reading(6, 0), "%6"),
    "a contraction of another rank": (reading(6, 13, 1), "%6"),
    "a contraction over other loops": (
        doing(6, Contract((ROWS, 4), (access(2, 0, 1), access(3, 2, 1)), access(2, 0, 1), (ROWS, 4))),
        "%6",
    ),
    "a declared gradient whose placeholder is no leaf": (reading(19, 7, 7, 6, 7), "%19"),
    "a declared gradient without its rule": (reading(19, 7, 18, 6), "%19"),
    "a rule of another type": (reading(19, 7, 18, 6, 13), "%19"),
    "a loop that reduces nothing": (doing(20, Loop((ROWS, 4), 2, (Load(0, access(2, 0, 1)),), Combine.SUM)), "%20"),
    "a loop without a body": (doing(20, Loop((ROWS, 4), 1, (), Combine.SUM)), "%20"),
    "a loop that loads at too few indices": (
        doing(20, Loop((ROWS, 4), 1, (Load(0, access(2, 0)),), Combine.SUM)),
        "%20",
    ),
    "a loop that reads an operand it lacks": (
        doing(20, Loop((ROWS, 4), 1, (Load(1, access(2, 0, 1)),), Combine.SUM)),
        "%20",
    ),
    "a loop that takes at a real index": (
        doing(20, Loop((ROWS,), 1, (Literal(0.5, REAL), Load(0, (Affine((1,)), Taken(0)))), None)),
        "%20",
    ),
    "one leaf with two types": (doing(1, Leaf(LeafRole.INPUT, "x", TensorType((6, 4)))), "%1"),
    "an output that does not exist": (lambda graph: graph.with_outputs(loss=99), "%99"),
    "an output without a name": (lambda graph: Graph(graph.nodes, {"": 3}), "%3"),
}


def test_what_is_right_passes() -> None:
    graph = whole()
    assert verify(graph) is graph
    for seed in range(20):
        verify(random_case(seed).graph)


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_broken_is_named(name: str) -> None:
    mutate, node = MUTATIONS[name]
    with pytest.raises(BrokenGraph) as fault:
        verify(mutate(whole()))
    assert node in str(fault.value)
    assert "at <built-in>:1:1" in str(fault.value) or "output" in str(fault.value) or "calls itself" in str(fault.value)
