"""What classifier and regressor share: parameters, training, and the trained model as a part of a pickle.

Parameters are checked when `fit` is called, as scikit-learn asks; what is wrong with a model or with data is a
ValueError there. Every `fit` starts anew.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from dslc.data.scale import Reals
from dslc.diagnostics import DataError, ModelError, to_text
from dslc.model import Model
from dslc.opening import compile as compile_model
from dslc.opening import load
from dslc.predictions import Prediction
from dslc.sklearn.model_text import Pieces, dense_net, model_text

Array = npt.NDArray[np.generic]

SEEDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows to learn from: inputs [rows, features], target [rows] or [rows, k], weights [rows] if there are any.

    `classes` is their number; the target then holds 0 .. classes - 1. None for a target of values.
    """

    x: Reals
    y: Array
    weight: Reals | None
    classes: int | None

    @property
    def target(self) -> str:
        """The target's type, as a data block writes it."""
        if self.classes is not None:
            return f"class({self.classes})"
        return "[]" if self.y.ndim == 1 else f"[{self.y.shape[1]}]"

    def taking(self, rows: npt.NDArray[np.int64]) -> Labelled:
        """Those of the rows."""
        return Labelled(self.x[rows], self.y[rows], None if self.weight is None else self.weight[rows], self.classes)


class Estimator(BaseEstimator):
    """A net trained by dslc.

    Parameters
    ----------
    hidden : int or ints, default (64,)
        Units of the hidden dense layers; `()` is a linear model.
    activation : text, default "relu"
        What follows each hidden layer: `gelu`, `leaky_relu(0.1)`, `relu | dropout(20%)`.
    net : text or None
        In place of `hidden` and `activation`, what a model file's `net` says: `x | dense(32) | gelu | dense(outputs)`,
        where `x` is a row [n_features] and `outputs` the width that the target needs.
    loss : text or None
        `huber`, `cross_entropy + 1e-4 * l2(weights)`; None is cross_entropy for classes, squared_error for values.
    definitions : text
        Layers, losses, optimizers of your own, for the other texts to name.
    optimizer : text, default "adam(rate)"
        `sgd(cosine(rate, 0), momentum = 0.9)`; `rate` is the next parameter.
    rate : float, default 1e-3
        Another rate compiles nothing anew.
    batch : int or "all", default 32
    epochs : int, default 200
    scale : text or None, default "zscore"
        Inputs, and the target of a regression, are scaled so, by what the training rows say: `minmax 0..1`.
    early_stopping : bool, default False
        Keep `validation_fraction` of the rows out, end when their loss has not improved for `n_iter_no_change` epochs,
        and take the best weights.
    model : text, path or None
        A whole model file in place of all of the above; its data block declares one input, which the columns of X fill
        row-major, and a target.
    settings : mapping or None
        Values for the `let`s of `model` or `definitions`.
    random_state : int, RandomState or None
        An int is the seed of a model file's train block.
    backend, threads
        As in `dslc.compile`.

    Attributes: `model_` (dslc.Model), `text_` (the model file), `history_`, `n_iter_` (epochs), `n_features_in_`.
    """

    def __init__(
        self,
        *,
        hidden: int | Sequence[int] = (64,),
        activation: str = "relu",
        net: str | None = None,
        loss: str | None = None,
        definitions: str = "",
        optimizer: str = "adam(rate)",
        rate: float = 1e-3,
        batch: int | str = 32,
        epochs: int = 200,
        scale: str | None = "zscore",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        model: str | os.PathLike[str] | None = None,
        settings: Mapping[str, object] | None = None,
        random_state: int | np.random.RandomState | None = None,
        backend: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.net = net
        self.loss = loss
        self.definitions = definitions
        self.optimizer = optimizer
        self.rate = rate
        self.batch = batch
        self.epochs = epochs
        self.scale = scale
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.model = model
        self.settings = settings
        self.random_state = random_state
        self.backend = backend
        self.threads = threads

    # --- training ---------------------------------------------------------------------------------

    def _train(self, rows: Labelled) -> None:
        """Sets `model_`, `text_`, `history_` and `n_iter_`. Raises ValueError, TrainingDiverged, BackendUnavailable."""
        with _value_errors(type(self).__name__):
            model = self._compiled(rows)
            if model.experiment.warnings:
                warnings.warn(to_text(model.experiment.warnings), stacklevel=4)
            seed = self._seed()
            model.reset(seed)
            train, val = self._parted(rows, seed)
            history = model.fit(
                shaped(model, train.x),
                train.y,
                validation=(shaped(model, val.x), val.y) if val else None,
                sample_weight=train.weight,
                seed=seed,
            )
        self.model_ = model
        self.text_ = model.compilation.module.span.source.text
        self.history_ = history
        self.n_iter_ = len(history)

    def _compiled(self, rows: Labelled) -> Model:
        backend, settings, threads = self.backend, self.settings, self.threads
        if self.model is None:
            text = model_text(self._pieces(rows))
            return compile_model(text=text, backend=backend, settings=settings, threads=threads)
        if isinstance(self.model, str) and "{" in self.model:
            model = compile_model(text=self.model, backend=backend, settings=settings, threads=threads)
        else:
            model = compile_model(os.fspath(self.model), backend=backend, settings=settings, threads=threads)
        _check_fed(model, rows)
        return model

    def _pieces(self, rows: Labelled) -> Pieces:
        hidden = tuple(self.hidden) if isinstance(self.hidden, Sequence) else (self.hidden,)
        units = [check_scalar(count, "hidden", Integral, min_val=1) for count in hidden]
        rate = check_scalar(self.rate, "rate", Real, min_val=0, include_boundaries="neither")
        batch = None if self.batch == "all" else int(check_scalar(self.batch, "batch", Integral, min_val=1))
        patience = check_scalar(self.n_iter_no_change, "n_iter_no_change", Integral, min_val=1)
        return Pieces(
            features=rows.x.shape[1],
            target=rows.target,
            net=dense_net(units, self.activation) if self.net is None else self.net,
            loss=self.loss or ("squared_error" if rows.classes is None else "cross_entropy"),
            definitions=self.definitions,
            optimizer=self.optimizer,
            rate=float(rate),
            batch=batch,
            epochs=int(check_scalar(self.epochs, "epochs", Integral, min_val=1)),
            scale=self.scale,
            scale_target=rows.classes is None,
            patience=int(patience) if self.early_stopping else None,
        )

    def _seed(self) -> int:
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(SEEDS))

    def _parted(self, rows: Labelled, seed: int) -> tuple[Labelled, Labelled | None]:
        """Rows to train and to validate on, by shares of the classes where there are classes."""
        if not self.early_stopping or self.model is not None:
            return rows, None
        from sklearn.model_selection import train_test_split

        strata = None if rows.classes is None else rows.y
        every = np.arange(len(rows.x))
        train, val = train_test_split(every, test_size=self.validation_fraction, stratify=strata, random_state=seed)
        return rows.taking(train), rows.taking(val)

    # --- using ------------------------------------------------------------------------------------

    def _asked(self, X: npt.ArrayLike) -> Prediction:
        """What the model says of these rows."""
        check_is_fitted(self, "model_")
        x: Reals = validate_data(self, X, dtype=np.float64, reset=False)
        (prediction,) = self.model_.predictions(shaped(self.model_, x)).values()
        return prediction

    def __getstate__(self) -> dict[str, object]:
        """The attributes, the model as the bytes of its model file: scikit-learn and its users pickle estimators."""
        state: dict[str, object] = dict(super().__getstate__())
        if isinstance(model := state.get("model_"), Model):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.dslm"
                model.save(path)
                state["model_"] = path.read_bytes()
        return state

    def __setstate__(self, state: Mapping[str, object]) -> None:
        """Raises DataError where the model file in it is damaged."""
        super().__setstate__(dict(state))
        if isinstance(content := state.get("model_"), bytes):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.dslm"
                path.write_bytes(content)
                self.model_ = load(path, backend=self.backend, threads=self.threads)


def checked_weight(given: npt.ArrayLike | None, x: Reals) -> Reals | None:
    """`sample_weight` as an array [rows], not all of it 0; ValueError where it is no such array."""
    if given is None:
        return None
    weight: Reals = column_or_1d(given, dtype=np.float64)
    check_consistent_length(x, weight)
    if not weight.any():
        raise ValueError("every sample_weight is zero")
    return weight


def shaped(model: Model, x: Reals) -> Reals:
    """Rows [rows, features] in the shape of the model's only input."""
    return x.reshape(len(x), *model.experiment.schema.inputs[0].shape)


def _check_fed(model: Model, rows: Labelled) -> None:
    """ValueError where the data block of a model file does not take these rows."""
    schema = model.experiment.schema
    if len(model.dataset.train) or len(schema.inputs) != 1 or schema.target is None or schema.carried:
        raise ValueError("the data block of `model` must declare one `input` and a `target`, and read no file")
    expected, columns = prod(schema.inputs[0].shape), rows.x.shape[1]
    if expected != columns:
        raise ValueError(f"the input of `model` has {expected} elements, and X has {columns} features")
    if schema.target.classes != rows.classes:
        needed = "values" if rows.classes is None else f"{rows.classes} classes"
        raise ValueError(f"the target of `model` is not one of {needed}, as y is")


@contextmanager
def _value_errors(name: str) -> Iterator[None]:
    """What dslc finds wrong with a model or with data is a ValueError to scikit-learn."""
    try:
        yield
    except ModelError as error:
        raise ValueError(f"the parameters of {name} make no model:\n{error}") from error
    except DataError as error:
        raise ValueError(str(error)) from error
