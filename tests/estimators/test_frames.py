"""The estimators among scikit-learn's own tools on DataFrames: pipelines, searches, cross-validation, clones."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from dslc.sklearn import DSLClassifier, DSLRegressor

ROWS = 150
SMALL: dict[str, Any] = {"hidden": (8,), "epochs": 15, "rate": 2e-2, "random_state": 0, "backend": "reference"}


def frame() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Rows with gaps and categories, labels that are text, values."""
    draw = np.random.default_rng(0)
    x = pd.DataFrame(
        {
            "age": draw.normal(40, 9, ROWS),
            "income": draw.lognormal(8, 1, ROWS),
            "town": pd.Categorical(draw.choice(["Ulm", "Bonn", "Köln"], ROWS)),
            "member": draw.random(ROWS) < 0.5,
        }
    )
    score = (x["age"] - 40) / 9 + 2 * (x["town"] == "Ulm") - x["member"]
    x.loc[draw.choice(ROWS, 15), "age"] = np.nan
    return x, pd.Series(np.where(score > 0.3, "yes", "no"), name="bought"), score.rename("score") * 1000


def pipeline(last: object) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town", "member"]),
        ]
    )
    return Pipeline([("columns", columns), ("net", last)])


def test_a_pipeline_is_searched_and_validated() -> None:
    x, label, value = frame()
    classifier, regressor = pipeline(DSLClassifier(**SMALL)), pipeline(DSLRegressor(**SMALL))
    search = GridSearchCV(
        classifier, {"net__hidden": [(4,), (8,)], "columns__numbers__simpleimputer__strategy": ["mean"]}, cv=3
    )
    assert search.fit(x, label).best_score_ > 0.8
    assert set(search.predict(x)) == {"yes", "no"}
    assert cross_val_score(classifier, x, label, cv=3, scoring="roc_auc").min() > 0.85
    assert cross_val_score(regressor, x, value, cv=3).min() > 0.4
    found = cross_validate(regressor, x, value, cv=2, scoring=["r2", "neg_mean_absolute_error"], return_estimator=True)
    assert len(found["estimator"]) == 2
    assert cross_val_predict(classifier, x, label, cv=2, method="predict_proba").shape == (ROWS, 2)


def test_a_clone_is_unfitted_and_fits_to_the_same_bits() -> None:
    x, label, _ = frame()
    first = pipeline(DSLClassifier(**SMALL)).fit(x, label)
    again = clone(first)
    assert not hasattr(again["net"], "model_")
    np.testing.assert_array_equal(again.fit(x, label).predict_proba(x), first.predict_proba(x))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_columns_have_names_and_keep_their_order(library: Any) -> None:
    numbers = frame()[0][["income", "age"]].fillna(0.0)
    x, y = library(numbers.to_dict("list")), np.asarray(frame()[1])
    classifier = DSLClassifier(**SMALL).fit(x, y)
    assert classifier.feature_names_in_.tolist() == ["income", "age"] and classifier.n_features_in_ == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = classifier.predict_proba(x)
    with pytest.warns(UserWarning, match="valid feature names"):
        np.testing.assert_array_equal(classifier.predict_proba(np.asarray(x)), named)
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(library({"age": numbers["age"].tolist(), "income": numbers["income"].tolist()}))
    with pytest.warns(UserWarning, match="valid feature names"), pytest.raises(ValueError, match="features"):
        classifier.predict(np.zeros((3, 5)))


def test_frames_of_a_transformer_that_gives_frames() -> None:
    x, label, _ = frame()
    named = pipeline(DSLClassifier(**SMALL)).set_output(transform="pandas").fit(x, label)
    plain = pipeline(DSLClassifier(**SMALL)).fit(x, label)
    np.testing.assert_array_equal(named.predict_proba(x), plain.predict_proba(x))
    assert "categories__town_Ulm" in named["net"].feature_names_in_


def test_text_and_gaps_are_refused_by_scikit_learns_words() -> None:
    x, label, value = frame()
    with pytest.raises(ValueError, match=r"could not convert string to float|Cannot cast str"):
        DSLClassifier(**SMALL).fit(x.drop(columns="age"), label)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        DSLRegressor(**SMALL).fit(x[["age"]], value)


def test_meta_estimators() -> None:
    x, label, value = frame()
    numbers = x[["age", "income"]].fillna(40.0)
    wrapped = TransformedTargetRegressor(DSLRegressor(**SMALL), transformer=StandardScaler()).fit(numbers, value)
    assert wrapped.predict(numbers).shape == (ROWS,)
    voting = VotingClassifier([("net", DSLClassifier(**SMALL)), ("line", LogisticRegression())], voting="soft")
    assert voting.fit(numbers.to_numpy(), label).predict_proba(numbers.to_numpy()).shape == (ROWS, 2)
