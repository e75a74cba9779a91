"""What the Python interface is given, looked at before anything happens: names as ours, numbers as they must be.

Keras's and scikit-learn's names for the same thing are answered with ours, since guessing would train another model.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

import numpy as np

from dslc.diagnostics import DataError, did_you_mean, nearest
from dslc.elaborate.experiment import Loop
from dslc.runtime.plan import require_epochs, require_seed

P = ParamSpec("P")
R = TypeVar("R")
X = TypeVar("X")
Y = TypeVar("Y")

OURS: Mapping[str, str] = {
    "validation_data": "the rows to validate on are `validation=(x, y)`",
    "validation_split": "the data block's `split` says it",
    "validation_batch_size": "the train block's `batch` says it",
    "validation_freq": "validation follows every epoch",
    "validation_steps": "validation takes all of its rows",
    "eval_set": "the rows to validate on are `validation=(x, y)`",
    "batch_size": "the train block's `batch` says it",
    "steps_per_epoch": "an epoch is all training rows, in batches of the train block's `batch`",
    "steps": "all rows count",
    "initial_epoch": "`fit` goes on from where the model stands; `reset` starts anew",
    "n_epochs": "it is `epochs`",
    "max_iter": "it is `epochs`",
    "random_state": "it is `seed`",
    "callbacks": "it is `callback`, one function of the status after each epoch",
    "verbose": "nothing is printed; `callback` sees each epoch",
    "class_weight": "`sample_weight`, or `class_weight balanced` in the data block, says it",
    "sample_weights": "it is `sample_weight`",
    "optimizer": "the train block says it",
    "loss": "the model file says it",
    "metrics": "the train block's `watch` says it",
    "learning_rate": "the train block's optimizer says it; `settings` sets a `let`",
    "device": "it is `backend`",
    "X": "it is `x`",
}
"""An argument of other libraries -> where its meaning stands here."""


def strict(function: Callable[P, R]) -> Callable[P, R]:
    """The function, its TypeError for an unknown argument saying what that is called here."""
    known = tuple(signature(function).parameters)
    name = function.__name__

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for given in kwargs:
            if given not in known:
                raise TypeError(f"{name}() has no argument `{given}`{_instead(given, known)}")
        return function(*args, **kwargs)

    return checked


def _instead(given: str, known: tuple[str, ...]) -> str:
    if given in OURS:
        return f": {OURS[given]}"
    return did_you_mean(given, known)


def whole(value: object, name: str) -> int:
    """A whole number, NumPy's too; TypeError for anything else."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"`{name}` is a whole number, not {_shown(value)}")
    return int(value)


def truth(value: object, name: str) -> bool:
    """True or False, NumPy's too; TypeError for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"`{name}` is True or False, not {_shown(value)}")
    return bool(value)


def seed_of(value: object) -> int:
    """TypeError or ValueError for what is no seed."""
    return require_seed(whole(value, "seed"))


def loop_with(loop: Loop, epochs: object, seed: object, shuffle: object) -> Loop:
    """The loop with what `fit` is given in place of the train block's, None where it is not."""
    return loop.replaced(
        epochs=loop.epochs if epochs is None else require_epochs(whole(epochs, "epochs")),
        seed=loop.seed if seed is None else seed_of(seed),
        shuffle=loop.shuffle if shuffle is None else truth(shuffle, "shuffle"),
    )


def rows_given(value: X) -> X:
    """Rows as they are given; TypeError for a path, which `read_rows` reads."""
    if isinstance(value, str | os.PathLike):
        kinds = "an array, a mapping of columns or a DataFrame"
        raise TypeError(f"rows are {kinds}, not a path: `model.read_rows({str(value)!r})` reads a file's")
    return value


def pair(value: tuple[X, Y], name: str) -> tuple[X, Y]:
    """Rows and their targets; TypeError for anything else."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"`{name}` is a pair (x, y), not {_shown(value)}")
    return value


def names_in(given: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The names of tensors, each once. TypeError for what is no list of names, DataError for one that is not known."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"`at` is a list of names, as in at=['z'], not {_shown(given)}")
    names = tuple(dict.fromkeys(given))
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"`at` is a list of names, and {_shown(name)} is none")
        if name not in known:
            meant = nearest(name, known)
            instead = f"did you mean `{meant}`?" if meant else f"there are {', '.join(f'`{k}`' for k in known)}"
            raise DataError(f"there is no tensor `{name}`; {instead}")
    return names


def _shown(value: object) -> str:
    """A short value itself, else its type."""
    text = repr(value)
    return text if len(text) <= 20 else f"a {type(value).__name__}"
