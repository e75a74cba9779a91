"""What is wrong with an argument is said in our words, and the model is afterwards as it was."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.arguments import OURS
from dslc.diagnostics import DataError

from .small import TEXT, VALUES, fitted, rows, state

X, Y = rows(40)
NAN = np.where(np.arange(200).reshape(40, 5) == 7, np.nan, X)
OBJECTS = X.astype(object)
W = {"dense.w": np.zeros((5, 8))}

ANOTHER_NAME = {
    name: lambda model, name=name: model.fit(X, Y, **{name: 1}) for name in sorted(set(OURS) - {"loss", "optimizer"})
}

FAULTS: dict[str, tuple[Callable[[dslc.Model], object], type[Exception], str]] = {
    # fit
    "epochs a fraction": (lambda m: m.fit(X, Y, epochs=1.5), TypeError, r"^`epochs` is a whole number, not 1.5$"),
    "epochs text": (lambda m: m.fit(X, Y, epochs="3"), TypeError, r"^`epochs` is a whole number, not '3'$"),
    "epochs a truth value": (lambda m: m.fit(X, Y, epochs=True), TypeError, r"^`epochs` is a whole number, not True$"),
    "epochs negative": (lambda m: m.fit(X, Y, epochs=-1), ValueError, r"^a number of epochs is 0 or more, not -1$"),
    "epochs beyond memory": (lambda m: m.fit(X, Y, epochs=10**15), MemoryError, r"the history of 1000000000000000"),
    "seed a fraction": (lambda m: m.fit(X, Y, seed=0.5), TypeError, r"^`seed` is a whole number, not 0.5$"),
    "seed negative": (lambda m: m.fit(X, Y, seed=-1), ValueError, r"^a seed is a whole number from 0 to 4294967295"),
    "seed too large": (lambda m: m.fit(X, Y, seed=2**32), ValueError, r"^a seed is .* not 4294967296$"),
    "shuffle a number": (lambda m: m.fit(X, Y, shuffle=1), TypeError, r"^`shuffle` is True or False, not 1$"),
    "shuffle text": (lambda m: m.fit(X, Y, shuffle="no"), TypeError, r"^`shuffle` is True or False, not 'no'$"),
    "callback a list": (lambda m: m.fit(X, Y, callback=[print]), TypeError, r"^`callback` is a function"),
    "validation no pair": (lambda m: m.fit(X, Y, validation=X), TypeError, r"^`validation` is a pair \(x, y\)"),
    "validation of three": (lambda m: m.fit(X, Y, validation=(X, Y, Y)), TypeError, r"^`validation` is a pair"),
    "validation another width": (lambda m: m.fit(X, Y, validation=(X[:, :4], Y)), DataError, r"\[40, 4\]"),
    "validation another length": (lambda m: m.fit(X, Y, validation=(X, Y[:9])), DataError, r"9 rows.* have 40"),
    "validation without x": (lambda m: m.fit(validation=(X, Y)), TypeError, r"^`y` and `validation` come with `x`$"),
    "a label outside": (lambda m: m.fit(X, Y + 1), DataError, r"class 3 is outside class\(3\)"),
    "y of another length": (lambda m: m.fit(X, Y[:7]), DataError, r'^array "y": has 7 rows, but the inputs have 40$'),
    "y of another rank": (lambda m: m.fit(X, Y[:, None]), DataError, r'^array "y": is \[40, 1\], but \[rows\]'),
    "y missing": (lambda m: m.fit(X), DataError, r'^no values for the target "y"$'),
    "y of objects": (lambda m: m.fit(X, Y.astype(object)), DataError, r'^array "y": holds object, not numbers$'),
    "no rows": (lambda m: m.fit(X[:0], Y[:0]), DataError, r'^array "x": has no rows$'),
    "a missing value": (lambda m: m.fit(NAN, Y), DataError, r'^array "x", row 1, element \[2\]: a missing value$'),
    "weights of another length": (lambda m: m.fit(X, Y, sample_weight=[1.0]), DataError, r"^sample_weight is \[1\]"),
    "weights negative": (lambda m: m.fit(X, Y, sample_weight=-np.ones(40)), DataError, r"^sample_weight, row 0: -1.0"),
    "weights of zero": (lambda m: m.fit(X, Y, sample_weight=np.zeros(40)), DataError, r"every training row weighs 0$"),
    "weights without x": (lambda m: m.fit(sample_weight=np.ones(40)), TypeError, r"^`sample_weight` comes with `x`$"),
    # predict and what else takes rows
    "a column too many": (lambda m: m.predict(np.ones((2, 6))), DataError, r"\[2, 6\], but \[rows, 5\] was declared$"),
    "a rank too low": (lambda m: m.predict(np.ones(5)), DataError, r"is \[5\], but \[rows, 5\] was declared$"),
    "a rank too high": (lambda m: m.predict(np.ones((2, 5, 1))), DataError, r"is \[2, 5, 1\], but \[rows, 5\]"),
    "nothing": (lambda m: m.predict(None), DataError, r'^array "x": holds object, not numbers$'),
    "objects": (lambda m: m.predict(OBJECTS), DataError, r'^array "x": holds object, not numbers$'),
    "texts": (lambda m: m.predict([["a"] * 5]), DataError, r'^array "x": holds <U1, not numbers$'),
    "complex numbers": (lambda m: m.predict(X * 1j), DataError, r'^array "x": holds complex128, not numbers$'),
    "ragged rows": (lambda m: m.predict([[1.0] * 5, [1.0]]), DataError, r'^array "x": '),
    "zero rows": (lambda m: m.predict(X[:0]), DataError, r'^array "x": has no rows$'),
    "an infinity": (lambda m: m.predict(X / 0), DataError, r"row 0, element \[0\]: inf is not a finite number$"),
    "a path": (lambda m: m.predict("rows.csv"), TypeError, r"not a path: `model.read_rows\('rows.csv'\)` reads"),
    "another input": (lambda m: m.predict({"y": X}), DataError, r'^no input is named "y"'),
    "evaluate, y of another length": (lambda m: m.evaluate(X, Y[1:]), DataError, r"has 39 rows"),
    "evaluate, another name": (lambda m: m.evaluate(X, Y, batch_size=3), TypeError, r"^evaluate\(\) has no argument"),
    "gradients, no truth": (lambda m: m.gradients(X, Y, inputs=1), TypeError, r"^`inputs` is True or False, not 1$"),
    "loss without y": (lambda m: m.loss(X), DataError, r'^no values for the target "y"$'),
    # weights
    "NaN": (lambda m: m.set_weights({"dense.w": W["dense.w"] * np.nan}), DataError, r"element \[0, 0\]: nan is not"),
    "an infinite weight": (lambda m: m.set_weights({"dense.b": [0] * 7 + [np.inf]}), DataError, r"element \[7\]: inf"),
    "beyond float32": (lambda m: m.set_weights({"dense.b": [1e300] * 8}), DataError, r"1e\+300 is not a finite f"),
    "complex weights": (lambda m: m.set_weights({"dense.b": np.ones(8) * 1j}), DataError, r"not complex128$"),
    "weights of text": (lambda m: m.set_weights({"dense.b": ["a"] * 8}), DataError, r"^weight `dense.b` holds numbers"),
    "weights of objects": (lambda m: m.set_weights({"dense.b": [None] * 8}), DataError, r"not object$"),
    "ragged weights": (lambda m: m.set_weights({"dense.b": [[1], [1, 2]]}), DataError, r"^weight `dense.b`: "),
    "another shape": (lambda m: m.set_weights({"dense.w": np.ones((8, 5))}), DataError, r"\[5, 8\], not \[8, 5\]$"),
    "another weight": (lambda m: m.set_weights({"dense.x": 1}), DataError, r"^there is no weight `dense.x`"),
    "one of two": (lambda m: m.set_weights({**W, "dense.b": np.ones(3)}), DataError, r"shape \[8\], not \[3\]$"),
    "no mapping": (lambda m: m.set_weights([np.ones(3)]), TypeError, r"^set_weights\(\) takes a mapping"),
    # the model itself
    "reset by a fraction": (lambda m: m.reset(1.0), TypeError, r"^`seed` is a whole number, not 1.0$"),
    "reset by a negative": (lambda m: m.reset(-3), ValueError, r"^a seed is a whole number"),
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> dslc.Model:
    return fitted()


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_named_and_leaves_the_model_alone(model: dslc.Model, what: str) -> None:
    attempt, kind, words = FAULTS[what]
    before, data, fitted_to = state(model), model.dataset, model.dataset.preparation
    with pytest.raises(kind, match=words):
        attempt(model)
    assert state(model) == before
    assert model.dataset is data and model.dataset.preparation is fitted_to
    assert model.forward(X).shape == (40, 3)


@pytest.mark.parametrize("what", [name for name in FAULTS if "fit(" in inspect.getsource(FAULTS[name][0])])
def test_a_first_fit_that_fails_fits_no_preparation(what: str) -> None:
    fresh = dslc.compile(text=TEXT, backend="reference")
    with pytest.raises(FAULTS[what][1]):
        FAULTS[what][0](fresh)
    assert fresh.dataset.preparation is None and len(fresh.dataset.train) == 0 and fresh.epochs == ()


@pytest.mark.parametrize("name", ANOTHER_NAME)
def test_the_names_of_other_libraries_are_answered_with_ours(model: dslc.Model, name: str) -> None:
    before = state(model)
    with pytest.raises(TypeError) as caught:
        ANOTHER_NAME[name](model)
    assert str(caught.value) == f"fit() has no argument `{name}`: {OURS[name]}"
    assert state(model) == before


def test_a_typo_is_answered_with_a_suggestion(model: dslc.Model) -> None:
    with pytest.raises(TypeError, match=r"^fit\(\) has no argument `epoch`; did you mean `epochs`\?$"):
        model.fit(X, Y, epoch=3)
    with pytest.raises(TypeError, match=r"^compile\(\) has no argument `optimizer`: the train block says it$"):
        dslc.compile(text=TEXT, optimizer="adam")
    with pytest.raises(TypeError, match=r"^predict\(\) has no argument `verbose`: nothing is printed"):
        model.predict(X, verbose=0)
    with pytest.raises(TypeError, match=r"^compile\(\) has no argument `qqq`$"):
        dslc.compile(text=TEXT, qqq=1)


def test_whole_numbers_and_truth_values_of_numpy_will_do() -> None:
    model = dslc.compile(text=TEXT, threads=np.int64(1))
    assert len(model.fit(X, Y, epochs=np.int32(2), seed=np.int64(1), shuffle=np.bool_(False))) == 2
    assert len(model.fit(X, Y, epochs=0)) == 0


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({}, TypeError, "give either a path or text="),
        ({"text": TEXT, "dtype": "float16"}, ValueError, "dtype is float32 or float64, not 'float16'"),
        ({"text": TEXT, "threads": 0}, ValueError, "a number of threads is 1 or more, not 0"),
        ({"text": TEXT, "threads": 1.5}, TypeError, "`threads` is a whole number, not 1.5"),
        ({"text": 3}, TypeError, "`text` is a text, not a int"),
        ({"path": b"m.dsl"}, TypeError, "`path` is a path, not a bytes"),
        ({"text": TEXT, "settings": [1]}, TypeError, "`settings` is a mapping from names to values, not a list"),
        ({"text": TEXT, "backend": "gpu"}, dslc.BackendUnavailable, "gpu"),
    ],
)
def test_compile_says_what_is_wrong(options: dict[str, object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        dslc.compile(**options)


LATIN_1 = "# Größe\n" + TEXT + "# für\n"


def test_a_model_file_that_is_not_utf_8_is_refused_in_the_words_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.dsl"
    path.write_bytes(("\n\n" + LATIN_1).encode("latin-1"))
    words = f"`{path}`: line 3 is not UTF-8 text"
    for attempt in (lambda: dslc.compile(path), lambda: dslc.compile(str(path)), lambda: dslc.check(path)):
        with pytest.raises(DataError) as caught:
            attempt()
        assert str(caught.value) == words
    from dslc.cli.main import run

    assert run(["check", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_check_takes_a_text_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "m.dsl"
    path.write_text(TEXT.replace("relu", "rleu"))
    (finding,) = dslc.check(path)
    assert finding.span.source.name == str(path)
    assert [found.text for found in dslc.check(path.read_text())] == [finding.text]
    with pytest.raises(TypeError, match=r"^check\(\) takes the text of a model file or a Path, not bytes$"):
        dslc.check(b"net {}")


def test_values_too(model: dslc.Model) -> None:
    values = fitted(VALUES)
    before = state(values)
    with pytest.raises(DataError, match=r'^array "y": is \[40\], but \[rows, 2\] was declared$'):
        values.fit(X, Y)
    with pytest.raises(DataError, match=r"^a target of values has no class probabilities$"):
        values.predict_proba(X)
    assert state(values) == before
