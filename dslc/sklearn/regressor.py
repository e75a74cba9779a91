"""A regressor: one value for each row, or several."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import column_or_1d, validate_data

from dslc.data.scale import Reals
from dslc.sklearn.estimator import Estimator, Labelled, checked_weight


class DSLRegressor(RegressorMixin, Estimator):
    __doc__ = (Estimator.__doc__ or "").replace("A net trained by dslc.", "A regressor: a net trained by dslc.", 1)

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Trains on X [rows, features] and values y [rows] or [rows, k]; of `sample_weight` only the ratios count."""
        x, values = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        if values.ndim == 2 and values.shape[1] == 1:
            values = column_or_1d(values, warn=True)
        weight = checked_weight(sample_weight, x)
        self._train(Labelled(x, values.astype(np.float64), weight, None))
        return self

    def predict(self, X: npt.ArrayLike) -> Reals:
        """The values of each row, in the unit of y."""
        values: Reals = self._asked(X).decided.astype(np.float64)
        return values

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
