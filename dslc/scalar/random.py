"""Random numbers by counting: each is a pure function of a key and of where it is needed.

The generator is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw 2011, "Parallel random
numbers: as easy as 1, 2, 3"). A stream's key is (seed, hash of the stream's name), folded with the
epoch; the counter is (row id, element). Nothing is drawn in an order, so every backend, thread count
and resumed run sees the same numbers.

>>> key = fold(stream_key(7, "net.dropout"), 3)  # seed 7, epoch 3
>>> word0, word1 = words(key, 41, 0)  # row 41, element 0
>>> 0 <= uniform(word0) < 1
True

The functions in `COMPILED` are plain arithmetic on 64-bit signed integers: the same source runs on
Python integers, on NumPy int64 arrays, and in Numba. A word is an integer in 0 .. 2^32 - 1, so that
no shift below leaves 63 bits and no intermediate depends on the width of a machine's unsigned type.
"""

from __future__ import annotations

import hashlib
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Word: TypeAlias = int | NDArray[np.int64]
"""32 bits as a non-negative integer, or an array of them."""

Real: TypeAlias = float | NDArray[np.floating]

PIECE = 1 << 14
"""Numbers that are computed at a time."""

Key: TypeAlias = tuple[int, int]
"""The two words that name a stream of numbers."""


def rounds(word0: Word, word1: Word, distances: tuple[int, int, int, int]) -> tuple[Word, Word]:
    """Four rounds of Threefry: add, rotate left by a distance, exclusive-or."""
    first, second, third, fourth = distances
    word0 = (word0 + word1) & 0xFFFFFFFF
    word1 = (((word1 << first) | (word1 >> (32 - first))) & 0xFFFFFFFF) ^ word0
    word0 = (word0 + word1) & 0xFFFFFFFF
    word1 = (((word1 << second) | (word1 >> (32 - second))) & 0xFFFFFFFF) ^ word0
    word0 = (word0 + word1) & 0xFFFFFFFF
    word1 = (((word1 << third) | (word1 >> (32 - third))) & 0xFFFFFFFF) ^ word0
    word0 = (word0 + word1) & 0xFFFFFFFF
    word1 = (((word1 << fourth) | (word1 >> (32 - fourth))) & 0xFFFFFFFF) ^ word0
    return word0, word1


def threefry2x32(key0: Word, key1: Word, counter0: Word, counter1: Word) -> tuple[Word, Word]:
    """Two random words for the counter under the key: Threefry-2x32-20, section 4.2 and table 2 of the paper."""
    key2 = 0x1BD11BDA ^ key0 ^ key1
    word0 = (counter0 + key0) & 0xFFFFFFFF
    word1 = (counter1 + key1) & 0xFFFFFFFF
    word0, word1 = rounds(word0, word1, (13, 15, 26, 6))
    word0, word1 = (word0 + key1) & 0xFFFFFFFF, (word1 + key2 + 1) & 0xFFFFFFFF
    word0, word1 = rounds(word0, word1, (17, 29, 16, 24))
    word0, word1 = (word0 + key2) & 0xFFFFFFFF, (word1 + key0 + 2) & 0xFFFFFFFF
    word0, word1 = rounds(word0, word1, (13, 15, 26, 6))
    word0, word1 = (word0 + key0) & 0xFFFFFFFF, (word1 + key1 + 3) & 0xFFFFFFFF
    word0, word1 = rounds(word0, word1, (17, 29, 16, 24))
    word0, word1 = (word0 + key1) & 0xFFFFFFFF, (word1 + key2 + 4) & 0xFFFFFFFF
    word0, word1 = rounds(word0, word1, (13, 15, 26, 6))
    return (word0 + key2) & 0xFFFFFFFF, (word1 + key0 + 5) & 0xFFFFFFFF


def words(key: tuple[Word, Word], row: Word, element: Word) -> tuple[Word, Word]:
    """The two words of one element of one row; `row` and `element` below 2^32 - 1, arrays broadcast."""
    return threefry2x32(key[0], key[1], row, element)


def words_of(key: tuple[Word, Word], row: Word, element: Word) -> tuple[Word, Word]:
    """`words` of large arrays, a piece at a time, so that what lies between stays in the cache. The key is scalars."""
    shape = np.broadcast_shapes(np.shape(row), np.shape(element))
    size = prod(shape)
    if size <= PIECE or any(np.ndim(word) for word in key):
        return words(key, row, element)
    rows, elements = (np.broadcast_to(numbers, shape).reshape(-1) for numbers in (row, element))
    found = np.empty((2, size), np.int64)
    for start in range(0, size, PIECE):
        part = slice(start, start + PIECE)
        found[:, part] = _threefry_in_place((int(key[0]), int(key[1])), rows[part], elements[part])
    return found[0].reshape(shape), found[1].reshape(shape)


def _threefry_in_place(
    key: Key, counter0: NDArray[np.int64], counter1: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """`threefry2x32` for NumPy alone: on 32 bits, whose sums wrap, and in two arrays, four times as fast."""
    keys = (*key, 0x1BD11BDA ^ key[0] ^ key[1])
    word0, word1 = counter0.astype(np.uint32), counter1.astype(np.uint32)
    carried = np.empty_like(word1)
    word0 += np.uint32(keys[0])
    word1 += np.uint32(keys[1])
    for block in range(5):
        for distance in ((13, 15, 26, 6), (17, 29, 16, 24))[block % 2]:
            word0 += word1
            np.right_shift(word1, np.uint32(32 - distance), out=carried)
            word1 <<= np.uint32(distance)
            word1 |= carried
            word1 ^= word0
        word0 += np.uint32(keys[(block + 1) % 3])
        word1 += np.uint32((keys[(block + 2) % 3] + block + 1) & 0xFFFFFFFF)
    return word0, word1


def fold(key: tuple[Word, Word], data: Word) -> tuple[Word, Word]:
    """The key of the part `data` (an epoch, a step, a layer's copy) of the stream `key`.

    Its counter's element is 2^32 - 1, which no draw uses, so a folded key is never a number drawn.
    """
    return threefry2x32(key[0], key[1], data, 0xFFFFFFFF)


def uniform(word: Word) -> Real:
    """Uniform on [0, 1): the word's upper 24 bits times 2^-24, exact in float32 and float64 alike."""
    return (word >> 8) * 5.9604644775390625e-08


def normal(word0: Word, word1: Word) -> Real:
    """Standard normal from two words (Box & Muller 1958), at most sqrt(48 log 2) = 5.77 in size.

    Unlike the words, it is equal between backends only to the last bits of log and cos.
    """
    return np.sqrt(-2.0 * np.log(1.0 - uniform(word0))) * np.cos(6.283185307179586 * uniform(word1))


COMPILED = (rounds, threefry2x32, words, fold, uniform, normal)
"""What a compiled module takes over by its source, each after those that it calls; it needs `np` besides."""


def stream(name: str) -> int:
    """The name of a stream as a word: the first four bytes of its SHA-256, little-endian."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")


def stream_key(seed: int, name: str) -> Key:
    """The key of the stream `name`; ValueError unless the seed is in 0 .. 2^32 - 1."""
    if not 0 <= seed < 2**32:
        raise ValueError(f"a seed is a whole number from 0 to {2**32 - 1}, not {seed}")
    return seed, stream(name)
