"""The generator is the published one, and means the same to Python, NumPy and Numba."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.scalar import random
from dslc.scalar.random import COMPILED, fold, normal, stream, stream_key, threefry2x32, uniform, words

ONES = 2**32 - 1

# kat_vectors of Random123 1.14, "threefry2x32 20": counter, key, words
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter: tuple[int, int], key: tuple[int, int], expected: tuple[int, int]) -> None:
    assert threefry2x32(*key, *counter) == expected
    arrays = threefry2x32(*key, np.array([counter[0]] * 3), np.array([counter[1]] * 3))
    assert [a.tolist() for a in arrays] == [[expected[0]] * 3, [expected[1]] * 3]


def test_numpy_and_python_draw_the_same_words() -> None:
    key = stream_key(7, "net.dropout")
    row, element = np.divmod(np.arange(600), 6)
    together = np.stack(words(key, row, element), 1)
    assert together.tolist() == [list(words(key, int(r), int(e))) for r, e in zip(row, element, strict=True)]
    assert together.min() >= 0 and together.max() < 2**32


def test_numba_compiles_the_same_source() -> None:
    numba = pytest.importorskip("numba")
    compiled = {}
    for function in COMPILED:
        scope = {**vars(random), **compiled}
        plain = type(function)(function.__code__, scope, function.__name__)
        compiled[function.__name__] = numba.njit(plain)
    rows = np.arange(300)
    key = stream_key(3, "net")
    expected0, expected1 = words(fold(key, 5), rows, 2 * rows)
    for row in rows:
        word0, word1 = compiled["words"](compiled["fold"](key, 5), row, 2 * row)
        assert (word0, word1) == (expected0[row], expected1[row])
        assert compiled["uniform"](word0) == uniform(expected0)[row]
        assert compiled["normal"](word0, word1) == pytest.approx(
            normal(expected0, expected1)[row], rel=1e-13, abs=1e-15
        )


def test_uniform_lies_in_the_half_open_unit_interval_and_is_exact_in_float32() -> None:
    ends = uniform(np.array([0, 255, 256, ONES]))
    assert ends.tolist() == [0.0, 0.0, 2.0**-24, 1 - 2.0**-24]
    drawn = uniform(words(stream_key(0, "u"), np.arange(20_000), 0)[0])
    assert np.array_equal(drawn, drawn.astype(np.float32))
    assert abs(drawn.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 20_000)


def test_normal_is_finite_at_the_ends_and_has_unit_moments() -> None:
    assert np.all(np.isfinite(normal(np.array([0, ONES, 0, ONES]), np.array([0, 0, ONES, ONES]))))
    drawn = normal(*words(stream_key(0, "n"), np.arange(20_000), 0))
    assert abs(drawn.mean()) < 5 / np.sqrt(20_000)
    assert abs(drawn.var() - 1) < 5 * np.sqrt(2 / 20_000)


def test_streams_seeds_and_epochs_give_different_keys() -> None:
    keys = {fold(stream_key(seed, name), epoch) for seed in range(4) for name in "abcd" for epoch in range(4)}
    assert len(keys) == 64
    assert stream("") == 0x42C4B0E3  # SHA-256 of nothing begins e3 b0 c4 42


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_is_one_word(seed: int) -> None:
    with pytest.raises(ValueError, match="4294967295"):
        stream_key(seed, "net")


def test_large_arrays_have_the_numbers_of_small_ones() -> None:
    key = random.stream_key(5, "large")
    row, element = np.arange(3)[:, None], np.arange(random.PIECE - 5)
    large = random.words_of(key, row, element)
    assert all(np.array_equal(a, b) for a, b in zip(large, random.words(key, row, element), strict=True))
    one = random.words_of(key, 2, np.arange(random.PIECE + 3))
    assert np.array_equal(one[0][:-8], large[0][2])
