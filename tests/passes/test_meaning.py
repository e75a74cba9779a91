"""A pass keeps every output's value: on random graphs, forward and differentiated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import Case, largest, outputs_of, random_case

from dslc.autodiff import differentiate
from dslc.graph.graph import Builder, Graph
from dslc.graph.verify import verify
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, Pass, apply
from dslc.passes.one_hot import one_hot
from dslc.passes.powers import powers
from dslc.passes.prune import prune
from dslc.passes.settle import settle
from dslc.passes.share import share
from dslc.passes.simplify import simplify
from dslc.passes.stabilise import stabilise
from dslc.scalar.functions import add

PASSES = (simplify, stabilise, settle, one_hot, powers, share, prune)
TOLERANCE = 1e-9
"""Relative to the largest value in the graph; rewriting moves roundings of 1e-16 through at most a few dozen nodes."""

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=60, deadline=None)
many = settings(max_examples=3000, deadline=None)


def with_gradients(case: Case) -> Graph:
    """The outputs and the gradients of their sum for every REAL leaf."""
    build = Builder(case.graph)
    totals = [
        build.add(Reduce(ReduceKind.SUM, tuple(range(len(case.graph.type(node).shape)))), node)
        for node in case.graph.outputs.values()
    ]
    total = totals[0]
    for each in totals[1:]:
        total = build.add(Map(add), total, each)
    graph, gradients = differentiate(build.graph({**case.graph.outputs, "total": total}), total, range(5))
    return graph.with_outputs(**{f"g{k}": gradient for k, gradient in enumerate(gradients)})


def assert_same_meaning(before: Graph, after: Graph, case: Case, scale: float) -> None:
    verify(after)
    expected = outputs_of(before, case.by_name(), case.rows)
    found = outputs_of(after, case.by_name(), case.rows)
    for name, value in expected.items():
        real = np.asarray(value, np.float64)
        bound = TOLERANCE * max(scale, float(np.max(np.abs(real))), 1.0)
        finite = np.isfinite(real)
        assert np.all(np.abs(np.asarray(found[name], np.float64) - real)[finite] <= bound), name


def keeps_meaning(each: Pass, seed: int) -> None:
    case = random_case(seed)
    scale = largest(case)
    if scale > 1e4:
        return
    assert_same_meaning(case.graph, each(case.graph), case, scale)
    if each is not stabilise:
        graph = with_gradients(case)
        assert_same_meaning(graph, each(graph), case, scale**2)


@pytest.mark.parametrize("each", PASSES)
@few
@given(seed=seeds)
def test_a_pass_keeps_meanings(each: Pass, seed: int) -> None:
    keeps_meaning(each, seed)


@few
@given(seed=seeds)
def test_the_pipelines_keep_meanings(seed: int) -> None:
    case = random_case(seed)
    scale = largest(case)
    if scale > 1e4:
        return
    simple = Case(apply(case.graph, BEFORE_DIFFERENTIATION), {}, case.rows)
    assert_same_meaning(case.graph, apply(simple.graph, AFTER_DIFFERENTIATION), case, scale)
    graph = with_gradients(case)
    assert_same_meaning(graph, apply(graph, AFTER_DIFFERENTIATION), case, scale**2)


@pytest.mark.slow
@pytest.mark.parametrize("each", PASSES)
@many
@given(seed=seeds)
def test_a_pass_keeps_meanings_at_length(each: Pass, seed: int) -> None:
    keeps_meaning(each, seed)


@few
@given(seed=seeds)
def test_simplifying_twice_is_simplifying_once(seed: int) -> None:
    once = simplify(random_case(seed).graph)
    assert len(simplify(once).nodes) <= len(once.nodes)
