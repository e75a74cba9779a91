"""What a text needs to be read by a net: the vocabulary of the training rows, and how many tokens make a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dslc.data.sequence_recipe import TextPlan
from dslc.data.split import Rows
from dslc.data.tokens import UNKNOWN, Places, Tokens, encode_tokens, vocabulary_of
from dslc.data.unseen import Unseen
from dslc.frozen import Frozen


class TextPreparation(Frozen):
    """`labels` by id, padding and unknown first; rows have `length` ids.

    `limited` says that the vocabulary leaves tokens of the training rows out.
    """

    labels: tuple[str, ...]
    length: int
    limited: bool = False

    def apply(self, tokens: Tokens, name: str, unseen: list[Unseen] | None = None) -> Places:
        """Ids [rows, length]; what no training row has is added to `unseen`, unless the vocabulary is limited."""
        ids = encode_tokens(tokens, self.labels, self.length)
        if unseen is not None and not self.limited and (strange := (ids == self.labels.index(UNKNOWN)).any(1)).any():
            unseen.append(_unseen(name, tokens, self.labels, np.flatnonzero(strange)))
        return ids


def fit_text(tokens: Tokens, plan: TextPlan, length: int, steps: Rows) -> TextPreparation:
    """From the text's tokens numbered `steps`, which are the training part."""
    return TextPreparation(vocabulary_of(tokens.windows(steps, 1), plan.top), length, plan.top is not None)


def _unseen(name: str, tokens: Tokens, labels: Sequence[str], rows: Rows) -> Unseen:
    known, first = set(labels), rows[0]
    row = [tokens.labels[k] for k in tokens.ids[tokens.starts[first] : tokens.ends[first]].tolist()]
    examples = dict.fromkeys(f'"{token}"' for token in row if token not in known)
    return Unseen(name, len(rows), tuple(examples)[:3], "token", "row")
