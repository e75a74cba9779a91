"""scikit-learn estimators: `DSLClassifier` and `DSLRegressor`, for pipelines, searches and cross-validation.

    from dslc.sklearn import DSLClassifier

    classifier = DSLClassifier(hidden=(32,), random_state=0).fit(X, y)
    classifier.predict_proba(X_new)

The one part of dslc that needs scikit-learn; `pip install "dslc[sklearn]"` brings it.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("sklearn") is None:
    raise ImportError('dslc.sklearn needs scikit-learn: pip install "dslc[sklearn]"')

from dslc.sklearn.classifier import DSLClassifier
from dslc.sklearn.regressor import DSLRegressor

__all__ = ["DSLClassifier", "DSLRegressor"]
