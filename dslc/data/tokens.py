"""Texts cut into tokens, the vocabulary of the training rows, and tokens as ids.

Characters are Unicode's code points. Words are runs of letters and digits, in lower case, with apostrophes and hyphens
inside them; what stands between words is left out. Of a vocabulary the ids 0 and 1 are never tokens:

    0   padding, behind the end of a text shorter than its row
    1   unknown: a token that no training row has, or that is none of the `top` most frequent
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.data.sequence_recipe import Unit

Places = NDArray[np.int64]

PADDING, UNKNOWN = "", "\N{REPLACEMENT CHARACTER}"
RESERVED = (PADDING, UNKNOWN)
"""The labels of the ids 0 and 1."""

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Row k has `ids[starts[k] : ends[k]]`, places in `labels`, which are distinct. Rows may overlap, as windows do."""

    ids: Places
    starts: Places
    ends: Places
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: Places) -> Tokens:
        return Tokens(self.ids, self.starts[rows], self.ends[rows], self.labels)

    def windows(self, first: Places, length: int) -> Tokens:
        """Of rows of one token each: `length` of them from each of `first` on."""
        return Tokens(self.ids, first, first + length, self.labels)


def tokens_of(texts: Sequence[str], unit: Unit) -> Tokens:
    """Each text's tokens as a row."""
    cut = [text if unit is Unit.CHARACTERS else WORD.findall(text.lower()) for text in texts]
    place: dict[str, int] = {}
    ids = np.array([place.setdefault(token, len(place)) for tokens in cut for token in tokens], np.int64)
    counts = np.array([len(tokens) for tokens in cut], np.int64)
    ends: Places = np.cumsum(counts)
    return Tokens(ids, ends - counts, ends, tuple(place))


def steps_of(text: str, unit: Unit) -> Tokens:
    """One long text as rows of one token each."""
    if unit is Unit.WORDS:
        whole = tokens_of([text], unit)
        ids, labels = whole.ids, whole.labels
    else:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        distinct, places = np.unique(points, return_inverse=True)
        ids, labels = places.astype(np.int64), tuple(chr(point) for point in distinct.tolist())
    starts = np.arange(len(ids))
    return Tokens(ids, starts, starts + 1, labels)


def vocabulary_of(tokens: Tokens, top: int | None) -> tuple[str, ...]:
    """Labels by id: padding, unknown, then the tokens of the rows in the order of their characters.

    With `top` the most frequent alone, ties to the first.
    """
    covered = np.zeros(len(tokens.ids) + 1, np.int64)  # how many rows each token stands in, by differences
    np.add.at(covered, tokens.starts, 1)
    np.add.at(covered, tokens.ends, -1)
    counts = np.bincount(tokens.ids, np.cumsum(covered)[:-1], minlength=len(tokens.labels))
    pairs = zip(tokens.labels, counts.tolist(), strict=True)
    found = [(label, count) for label, count in pairs if count and label not in RESERVED]
    kept = sorted(found, key=lambda entry: (-entry[1], entry[0]))[:top]
    return (*RESERVED, *sorted(label for label, _ in kept))


def encode_tokens(tokens: Tokens, vocabulary: Sequence[str], length: int) -> Places:
    """Ids [rows, length]: the first `length` tokens of each row, padding behind."""
    place = {label: k for k, label in enumerate(vocabulary)}
    by_label = np.array([place.get(label, 1) for label in tokens.labels] or [1], np.int64)
    flat = by_label[tokens.ids] if len(tokens.ids) else np.zeros(1, np.int64)
    within = tokens.starts[:, None] + np.arange(length)
    there = within < tokens.ends[:, None]
    return np.where(there, flat[np.where(there, within, 0)], 0)
