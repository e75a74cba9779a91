"""Primitives against obvious loops, element by element."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from gradient_check import sample_values

from dslc.graph.graph import Array, TensorType
from dslc.ops import contract, gather
from dslc.ops.contract import Contract, contraction, matmul
from dslc.ops.gather import Gather, ScatterAdd
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.random import Distribution, Random
from dslc.ops.reduce import Argmax
from dslc.ops.sample import Sampler
from dslc.ops.structure import Slice
from dslc.ops.tail import TailSum
from dslc.scalar import random
from dslc.scalar.affine import Affine, access
from dslc.scalar.body import Apply, Body, Combine, IndexOf, Load, Taken
from dslc.scalar.functions import multiply, real
from dslc.scalar.types import ROWS, DType, Shape

ROWS_HERE = 3


def numbers(shape: Shape) -> tuple[int, ...]:
    return tuple(ROWS_HERE if extent is ROWS else extent for extent in shape)


def points(extents: Shape) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(extent) for extent in numbers(extents)))


def at(where: Affine, point: tuple[int, ...]) -> int:
    return where.constant + sum(c * i for c, i in zip(where.coefficients, point, strict=True))


def contracted(op: Contract, values: list[Array]) -> Array:
    """The sum of products, one loop point at a time."""
    result = np.zeros(numbers(op.shape))
    for point in points(op.extents):
        product = 1.0
        for where, x in zip(op.operands, values, strict=True):
            place = tuple(at(axis, point) for axis in where)
            inside = all(0 <= p < extent for p, extent in zip(place, x.shape, strict=True))
            product *= float(x[place]) if inside else 0.0
        place = tuple(at(axis, point) for axis in op.out)
        if all(0 <= p < extent for p, extent in zip(place, result.shape, strict=True)):
            result[place] += product
    return result


@pytest.mark.parametrize("sampler", contract.SAMPLES, ids=lambda sampler: sampler.__name__)
def test_a_contraction_is_its_loops(sampler: Sampler) -> None:
    draw = np.random.default_rng(0)
    for _ in range(10):
        sample = sampler(draw)
        assert isinstance(sample.op, Contract)
        values = list(sample_values(sample, ROWS_HERE, draw).values())
        expected = contracted(sample.op, values)
        np.testing.assert_allclose(sample.op.evaluate(values, ROWS_HERE), expected, rtol=1e-12, atol=1e-13)


def test_a_contraction_counts_loops_that_nothing_uses() -> None:
    op = contraction(((0,),), (0, 2), (4, 5, 2))
    x = np.arange(4.0)
    np.testing.assert_allclose(op.evaluate([x], 1), contracted(op, [x]))


def test_a_matrix_product_is_numpys() -> None:
    draw = np.random.default_rng(0)
    for left, right in (((ROWS, 4), (4, 5)), ((ROWS, 2, 4), (4, 5)), ((4,), (4, 5)), ((ROWS, 4), (4,))):
        x, w = draw.normal(size=numbers(left)), draw.normal(size=right)
        np.testing.assert_allclose(matmul(left, right).evaluate([x, w], ROWS_HERE), x @ w)
    with pytest.raises(TypeError, match="no matrix product"):
        matmul((ROWS, 3), (4, 5))


@pytest.mark.parametrize("sampler", gather.SAMPLES[:2], ids=lambda sampler: sampler.__name__)
def test_a_gather_is_its_loops(sampler: Sampler) -> None:
    draw = np.random.default_rng(0)
    for _ in range(10):
        sample = sampler(draw)
        assert isinstance(sample.op, Gather)
        x, index = sample_values(sample, ROWS_HERE, draw).values()
        n = sample.op.shared
        found = sample.op.evaluate([x, index], ROWS_HERE)
        for place in np.ndindex(*index.shape):
            assert np.array_equal(found[place], x[(*place[:n], int(index[place]))])


def test_scattered_values_that_meet_are_added() -> None:
    op = ScatterAdd(0, (3, 2))
    value = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    assert op.evaluate([np.array([2, 0, 2]), value], 1).tolist() == [[10, 20], [0, 0], [101, 202]]


def test_random_numbers_are_those_of_the_generator() -> None:
    op = Random(Distribution.UNIFORM, random.stream("net.dropout"), (ROWS, 2, 3))
    ids = np.array([40, 7])
    found = op.evaluate([np.int64(5), np.int64(2), ids], 2)
    key = random.fold(random.stream_key(5, "net.dropout"), 2)
    for row, element in itertools.product(range(2), range(6)):
        word, _ = random.words(key, int(ids[row]), element)
        assert found[(row, *divmod(element, 3))] == random.uniform(word)
    alone = Random(Distribution.NORMAL, 9, (4,)).evaluate([np.int64(5), np.int64(0)], 2)
    assert alone[3] == random.normal(*random.words(random.fold((5, 9), 0), 0, 3))


def test_slices_run_backward_too() -> None:
    x = np.arange(20.0).reshape(2, 10)
    assert np.array_equal(Slice((0, 8), (2, 1), (1, -3)).evaluate([x], 1), x[:, 8:1:-3])
    assert np.array_equal(Slice((0, 9), (2, -1), (1, -1)).evaluate([x], 1), x[:, ::-1])


def test_ties_go_to_the_first() -> None:
    assert Argmax(1).evaluate([np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]])], 2).tolist() == [1, 0]
    body: Body = (Load(0, access(2, 0, 1)),)
    loop = Loop((2, 3), 1, body, Combine.ARGMAX)
    assert loop.evaluate([np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]])], 2).tolist() == [1, 0]
    assert loop.infer([TensorType((2, 3))]) == TensorType((2,), DType.INT)


@pytest.mark.parametrize(("combine", "expected"), [(Combine.SUM, 6), (Combine.MAX, 3), (Combine.MIN, 1)])
def test_loops_combine(combine: Combine, expected: float) -> None:
    loop = Loop((ROWS,), 0, (Load(0, access(1, 0)),), combine)
    assert loop.evaluate([np.array([1.0, 3.0, 2.0])], 3) == expected


def test_loops_read_at_affine_and_at_computed_places() -> None:
    body: Body = (
        Load(1, (Affine((1, 0)),)),  # index[i]
        Load(0, (Taken(0), Affine((0, -1), 3))),  # x[index[i], 3 - j]
        IndexOf(Affine((0, 2), 1)),  # 2 j + 1
        Apply(real, (2,)),
        Apply(multiply, (1, 3)),
    )
    x, index = np.arange(8.0).reshape(2, 4), np.array([1, 0, 1])
    found = Loop((ROWS, 4), 2, body, None).evaluate([x, index], 3)
    assert found.tolist() == [[x[index[i], 3 - j] * (2 * j + 1) for j in range(4)] for i in range(3)]


def test_a_leaf_has_no_value_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"parameter dense\.w"):
        Leaf(LeafRole.PARAMETER, "dense.w", TensorType((3,))).evaluate([], 1)


@pytest.mark.parametrize("ranked", [1, 2])
def test_a_tail_sum_adds_up_what_ranks_as_high(ranked: int) -> None:
    draw = np.random.default_rng(6)
    values, keys = draw.normal(size=(9, 2, 3)), draw.integers(0, 4, (9, 2, 3)) * 1.0
    found = TailSum(ranked).evaluate((values, keys), 9)
    for point in itertools.product(range(9), range(2), range(3)):
        rivals = itertools.product(range(9), range(2) if ranked == 2 else point[1:2], point[2:])
        expected = sum(values[j] for j in rivals if keys[j] >= keys[point])
        assert found[point] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_what_has_no_rank_is_in_no_tail() -> None:
    found = TailSum(1).evaluate((np.array([1.0, 2.0, 4.0, 8.0]), np.array([0.5, np.nan, np.inf, -np.inf])), 4)
    assert found.tolist() == pytest.approx([5.0, np.nan, 4.0, 13.0], nan_ok=True)
    assert TailSum(1).evaluate((np.zeros((0, 3)), np.zeros((0, 3))), 0).shape == (0, 3)
