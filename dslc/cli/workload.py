"""The workloads of `dslc bench`: a model file, and rows to train it on where it reads none.

Rows are drawn by the project's counter-based generator, so that every machine times the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dslc.data.schema import InputField, Schema, TargetField
from dslc.scalar.random import normal, stream_key, words_of

Array = npt.NDArray[np.float64]

PEERS = {"torch": "`pip install torch`", "jax": "`pip install jax jaxlib optax`"}
"""What may be timed beside dslc, and how it is installed; dslc/cli/bench_NAME.py makes its steps."""

BATCHES = 4
"""Batches that dslc's epoch has and a peer takes in turn: each finds its rows as near as the others do."""


class Update(Enum):
    """How a workload's weights are updated."""

    DESCENT = "descent"
    MOMENTUM = "momentum"
    ADAM = "adam"


MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Convolution:
    """Square filters, padded to places for every pixel if `same`; then ReLU, then the greatest of each 2x2 pixels."""

    filters: int
    size: int
    same: bool


@dataclass(frozen=True, slots=True)
class Stack:
    """What a peer needs to know of a workload: dense layers of these widths, ReLU between them, softmax cross-entropy.

    The first width is what the dense layers are given, the last the number of classes. Before them may stand
    convolutions of an `image`, which is (rows, columns, channels).
    """

    widths: tuple[int, ...]
    batch: int
    update: Update
    rate: float
    image: tuple[int, int, int] | None = None
    convolutions: tuple[Convolution, ...] = ()


@dataclass(frozen=True, slots=True)
class Recurrent:
    """Tokens of `steps` steps looked up in a table of `width`, an LSTM of `units`, a dense layer at every step."""

    tokens: int
    steps: int
    width: int
    units: int
    batch: int
    update: Update
    rate: float


@dataclass(frozen=True, slots=True)
class Decoder:
    """Tokens of `steps` steps through `blocks` blocks of causal attention, normalised before (Radford et al. 2019)."""

    tokens: int
    steps: int
    width: int
    heads: int
    blocks: int
    batch: int
    update: Update
    rate: float


Net: TypeAlias = Stack | Recurrent | Decoder
"""What a workload trains, for its peers; of the last two the target is a token at every step."""

NETS: dict[str, Net] = {
    "softmax": Stack((784, 10), 64, Update.DESCENT, 1e-2),
    "tiny": Stack((30, 32, 16, 2), 32, Update.ADAM, 1e-3),
    "mlp": Stack((784, 256, 128, 10), 64, Update.ADAM, 1e-3),
    "wide": Stack((1024, 1024, 1024, 10), 256, Update.ADAM, 1e-3),
    "lenet": Stack(
        (400, 120, 84, 10), 64, Update.MOMENTUM, 1e-2, (28, 28, 1), (Convolution(6, 5, True), Convolution(16, 5, False))
    ),
    "lstm": Recurrent(64, 64, 64, 128, 32, Update.ADAM, 1e-3),
    "gpt": Decoder(64, 64, 128, 4, 4, 16, Update.ADAM, 1e-3),
}
"""The named workloads, as their model files state them."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`net` is None for a model file of the user's, which brings its rows."""

    name: str
    path: Path
    net: Net | None


def find(name: str) -> Workload | None:
    """The workload called `name`, or the model file at that path; None if there is neither."""
    if name in NETS:
        return Workload(name, Path(str(files("dslc.models") / "workloads" / f"{name}.dsl")), NETS[name])
    path = Path(name)
    return Workload(path.stem, path, None) if path.is_file() else None


def draw(schema: Schema, rows: int) -> tuple[dict[str, Array], dict[str, npt.NDArray[np.generic]] | None]:
    """Inputs and targets by name, each [rows, *shape]: class ids, or standard normal values."""
    inputs = {field.name: _drawn(field, rows) for field in (*schema.inputs, *schema.carried)}
    return inputs, {t.name: _drawn(t, rows) for t in schema.targets if not t.reconstructs} or None


def _drawn(field: InputField | TargetField, rows: int) -> Array:
    shape = (rows, *field.shape)
    if field.classes is None:
        return _normal(field.name, shape)
    return (_words(field.name, shape)[0] % field.classes).astype(np.int64)


def _words(name: str, shape: tuple[int, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    row, element = np.indices((shape[0], int(np.prod(shape[1:]))), dtype=np.int64)
    word0, word1 = words_of(stream_key(0, f"bench {name}"), row, element)
    return np.reshape(word0, shape), np.reshape(word1, shape)


def _normal(name: str, shape: tuple[int, ...]) -> Array:
    return np.asarray(normal(*_words(name, shape)), dtype=np.float64)
