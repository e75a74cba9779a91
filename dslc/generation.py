"""Text that a trained net of texts goes on with, token by token.

The net reads at most as many tokens as its windows have; at each step of a window it predicts the one that follows. A
text shorter than a window stands at the window's beginning, and the prediction at its last token counts: the net must
not look ahead, as `lstm` and `attention(.., causal = true)` do not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dslc.data.prepare import Preparation
from dslc.data.recipe import Recipe, TextSource
from dslc.data.schema import NEXT
from dslc.data.sequence_recipe import Unit
from dslc.data.text_preparation import TextPreparation
from dslc.data.tokens import RESERVED, WORD
from dslc.diagnostics import DataError
from dslc.graph.graph import Array
from dslc.runtime.rows import Rows
from dslc.runtime.session import Session
from dslc.scalar.random import stream_key, uniform, words

PROBABILITY = f"probability.{NEXT}"


def generate(
    recipe: Recipe,
    fitted: Preparation,
    session: Session,
    prompt: str,
    length: int,
    temperature: float,
    seed: int,
) -> Iterator[str]:
    """The `length` tokens behind the prompt, each as it is drawn. ValueError for a temperature below 0.

    Probabilities p are drawn from as p^(1 / temperature); 0 takes the most probable, ties to the first. Equal seeds
    draw equal texts. DataError for a model of something else, and for a prompt that it cannot read.
    """
    text = next(iter(fitted.texts.values()), None)
    if not isinstance(recipe.source, TextSource) or text is None:
        raise DataError("this model was not trained on a text")
    if not 0 <= temperature < np.inf:
        raise ValueError(f"a temperature is a number from 0 on, not {temperature}")
    unit = recipe.source.plan.unit
    ids, key = _ids(prompt, unit, text), stream_key(seed, "generate")
    for step in range(length):
        window = ids[-text.length :]
        rows = np.zeros((1, text.length), np.int64)
        rows[0, : len(window)] = window
        chances = session.predict(Rows({unit.value: rows}))[PROBABILITY][0, len(window) - 1].astype(np.float64)
        drawn = _draw(chances, temperature, float(uniform(words(key, step, 0)[0])))
        ids.append(drawn)
        yield text.labels[drawn] if unit is Unit.CHARACTERS else f" {text.labels[drawn]}"


def _ids(prompt: str, unit: Unit, text: TextPreparation) -> list[int]:
    """The prompt's tokens; DataError for none, and for one that the vocabulary does not have."""
    place = {label: k for k, label in enumerate(text.labels)}
    tokens = list(prompt) if unit is Unit.CHARACTERS else WORD.findall(prompt.lower())
    if not tokens:
        raise DataError(f"the prompt has no {unit.value.removesuffix('s')} to go on from")
    for number, token in enumerate(tokens):
        if token not in place or token in RESERVED:
            what = f"{unit.value.removesuffix('s')} {number + 1} of the prompt"
            raise DataError(f'{what}, "{token}", is not in the text that the model was trained on')
    return [place[token] for token in tokens]


def _draw(chances: Array, temperature: float, at: float) -> int:
    """The token whose share of [0, 1) holds `at`; never padding or what is unknown."""
    allowed = chances.astype(np.float64)
    allowed[: len(RESERVED)] = 0.0
    if temperature == 0:
        return int(np.argmax(allowed))
    with np.errstate(divide="ignore"):
        logs = np.log(allowed) / temperature
    shares: Array = np.cumsum(np.exp(logs - logs.max()))
    return int(np.searchsorted(shares, at * shares[-1], side="right"))
