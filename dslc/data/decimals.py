"""Decimal numbers in the bytes of a text, all at once: `12`, `-0.5`, `+3.`, up to 19 digits.

Eight digits are read by three multiplications (Lemire 2018, "Quickly parsing eight digits"). A number is m / 10^k
with whole m; where m is at most 2^53 and k at most 22 one division rounds it correctly (Clinger 1990), and for a
greater m the quotient is corrected by its remainder, which Dekker's product (1971) gives exactly. What is not sure
to be what `float` makes of the same text, and what is no such number at all, is marked as not understood.

>>> text = np.frombuffer(PADDING + b"12,-0.5,x", np.uint8)
>>> starts, ends = np.array([24, 27, 32]), np.array([26, 31, 33])
>>> values, understood = read_decimals(text, starts, ends, np.array([26, 29, 33]))
>>> values[understood]
array([12. , -0.5])
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.data.column import Cells

Bytes: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]

PADDING = b"\0" * 23 + b"\n"
"""What stands before the first cell, so that words may be read that begin before it."""

DIGITS = 8
"""Digits in a word."""

FEW = 3
"""Digits that are read faster one by one."""

DEEP = 3
"""Words that the longest number takes on either side of its decimal sign."""

LARGEST = 1.8e19
"""Below 2^64 by more than the rounding of an estimate."""

POWERS = np.array([10**k for k in range(20)], np.uint64)
REAL_POWERS = np.array([10.0**k for k in range(23)])
"""Exact: 5^22 is below 2^53."""

PIECE = 16384
"""Cells whose intermediate results stay in the cache."""

ZEROS = np.uint64(0x3030303030303030)


def read_decimals(text: Bytes, starts: Places, ends: Places, points: Places) -> tuple[Cells, Mask]:
    """The numbers in text[starts:ends] [cells], float64, and which were understood.

    `text` begins with PADDING; `points` is the place of a cell's decimal sign, its end where it has none.
    """
    values, understood = np.empty(len(starts)), np.empty(len(starts), np.bool_)
    left: list[Places] = []
    for piece in _pieces(len(starts)):
        negative, whole, behind = _parts(text, starts[piece], ends[piece], points[piece])
        deep = np.count_nonzero((whole > DIGITS) | (behind > DIGITS)) * 4 > len(whole)
        read, known = (_deep if deep else _shallow)(text, whole, behind, points[piece], ends[piece])
        if not deep:
            left.append(piece.start + np.flatnonzero(~known & (whole + behind > DIGITS)))
        np.negative(read, out=read, where=negative)
        values[piece], understood[piece] = read, known
    rest = np.concatenate([np.empty(0, np.int64), *left])
    if len(rest):
        negative, whole, behind = _parts(text, starts[rest], ends[rest], points[rest])
        read, understood[rest] = _deep(text, whole, behind, points[rest], ends[rest])
        values[rest] = np.where(negative, -read, read)
    return values, understood


def _parts(text: Bytes, starts: Places, ends: Places, points: Places) -> tuple[Mask, Places, Places]:
    """Whether a number is negative, and how many digits it has before and behind the decimal sign."""
    first = text[starts]
    negative = first == ord("-")
    whole = points - starts
    whole -= negative | (first == ord("+"))
    behind = ends - points
    behind -= behind > 0
    return negative, whole, behind


def _pieces(count: int) -> Iterator[slice]:
    """So many cells at a time that what is computed of them stays in the cache."""
    return (slice(start, start + PIECE) for start in range(0, count, PIECE))


def _shallow(text: Bytes, whole: Places, behind: Places, points: Places, ends: Places) -> tuple[Cells, Mask]:
    """Numbers of at most eight digits on each side; anything for others."""
    high, high_wrong = _digits(text, points, whole, 1)
    low, low_wrong = _word(_windows(text), ends, behind)
    places = np.minimum(behind, DIGITS)
    high *= POWERS[places]
    high += low
    understood: Mask = ~(high_wrong | low_wrong)
    understood &= (whole >= 0) & (whole <= DIGITS) & (behind == places) & (whole + behind > 0) & (high <= 2**53)
    values: Cells = high.view(np.int64) / REAL_POWERS[places]
    return values, understood


def _deep(text: Bytes, whole: Places, behind: Places, points: Places, ends: Places) -> tuple[Cells, Mask]:
    """Numbers of at most 19 significant digits, 22 of them behind the decimal sign."""
    high, high_wrong = _digits(text, points, whole, DEEP)
    low, low_wrong = _digits(text, ends, behind, DEEP)
    places = np.minimum(behind, len(REAL_POWERS) - 1)
    divisor = REAL_POWERS[places]
    understood: Mask = ~(high_wrong | low_wrong) & (whole >= 0) & (whole <= DEEP * DIGITS) & (behind == places)
    digits = whole + behind
    understood &= digits > 0
    long = np.flatnonzero(digits >= len(POWERS))
    if len(long):
        high_size = _size(text, high[long], points[long], whole[long])
        low_size = _size(text, low[long], ends[long], behind[long])
        understood[long] &= np.maximum(high_size, low_size) < LARGEST
        understood[long] &= high_size * divisor[long] + low_size < LARGEST
    # Where there are more places than powers, either no digit is before the sign or the number was too large.
    high *= POWERS[np.minimum(places, len(POWERS) - 1)]
    high += low
    high[~understood] = 0
    values, sure = _quotient(high, divisor)
    return values, understood & sure


def _windows(text: Bytes) -> Words:
    """The eight bytes that begin at each place, little-endian."""
    return np.ndarray((len(text) - 7,), np.dtype("<u8"), text.data, 0, (1,))


def _digits(text: Bytes, ends: Places, digits: Places, words: int) -> tuple[Words, Mask]:
    """The number, modulo 2^64, in the last `digits` bytes before `ends`, up to eight a word; true where it is none."""
    most = int(digits.max(initial=0))
    if most <= FEW:
        return _few(text, ends, digits)
    windows = _windows(text)
    total, wrong = _word(windows, ends, np.minimum(digits, DIGITS))
    for place in range(DIGITS, min(most, words * DIGITS), DIGITS):
        word, faults = _word(windows, np.maximum(ends - place, DIGITS), np.clip(digits - place, 0, DIGITS))
        word *= np.uint64(10**place)
        total += word
        wrong |= faults
    return total, wrong


def _word(windows: Words, ends: Places, digits: Places) -> tuple[Words, Mask]:
    """`_digits` for at most eight of them."""
    word = windows[ends - DIGITS]
    word ^= ZEROS
    shift = ((DIGITS - digits) * 8).view(np.uint64)
    word >>= shift  # a shift by all 64 bits gives 0
    word <<= shift
    wrong = word + np.uint64(0x7676767676767676)
    wrong |= word
    wrong &= np.uint64(0x8080808080808080)
    word *= np.uint64(2561)
    word >>= np.uint64(8)
    word &= np.uint64(0x00FF00FF00FF00FF)
    word *= np.uint64(6553601)
    word >>= np.uint64(16)
    word &= np.uint64(0x0000FFFF0000FFFF)
    word *= np.uint64(42949672960001)
    word >>= np.uint64(32)
    return word, wrong != 0


def _few(text: Bytes, ends: Places, digits: Places) -> tuple[Words, Mask]:
    """`_digits` for at most `FEW`, one after another."""
    total, wrong = np.zeros(len(ends), np.uint64), np.zeros(len(ends), np.bool_)
    for place in range(int(digits.max(initial=0))):
        digit = text[ends - 1 - place] ^ np.uint8(ord("0"))
        if place or not digits.all():
            digit *= digits > place
        wrong |= digit > 9
        total += digit * np.uint64(10**place)
    return total, wrong


def _size(text: Bytes, total: Words, ends: Places, digits: Places) -> Cells:
    """About the numbers whose `total`s `_digits` gave, right where it is modulo 2^64 only."""
    size: Cells = total.astype(np.float64)
    long = np.flatnonzero(digits >= len(POWERS))
    if len(long):
        size[long] = 0
        for place in range(0, DEEP * DIGITS, DIGITS):
            count = np.clip(digits[long] - place, 0, DIGITS)
            word, _ = _word(_windows(text), np.maximum(ends[long] - place, DIGITS), count)
            size[long] += word * 10.0**place
    return size


def _quotient(total: Words, divisor: Cells) -> tuple[Cells, Mask]:
    """total / divisor rounded to nearest, and whether that is sure; the divisor is exact."""
    near = total.astype(np.float64)
    away = (total - near.astype(np.uint64)).view(np.int64).astype(np.float64)
    quotient = near / divisor
    product = quotient * divisor
    q_high, q_low = _halves(quotient)
    d_high, d_low = _halves(divisor)
    error = ((q_high * d_high - product) + q_high * d_low + q_low * d_high) + q_low * d_low
    remainder = ((near - product) - error) + away
    correction = remainder / divisor
    # The correction is known to far more than 45 bits; if it lies so near a tie, nothing is said.
    below, above = quotient + correction * (1 - 2.0**-45), quotient + correction * (1 + 2.0**-45)
    return below, below == above


def _halves(values: Cells) -> tuple[Cells, Cells]:
    """Two numbers of 26 bits that sum to each value (Veltkamp's splitting)."""
    scaled = values * 134217729.0
    high = scaled - (scaled - values)
    return high, values - high
