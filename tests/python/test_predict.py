"""Predictions: one row or many, loaded or trained, on any number of threads, bit for bit the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dslc.backends.cpu.cost import rows_of_one_thread

import dslc
from dslc.runtime.rows import Rows, sources_of

from .small import TEXT, VALUES, fitted, rows

BATCH = 16


@pytest.fixture(scope="module", params=["cpu", "reference"])
def model(request: pytest.FixtureRequest) -> dslc.Model:
    return fitted(backend=request.param)


@pytest.mark.parametrize("count", [1, 2, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH, 3 * BATCH + 5])
def test_rows_together_give_what_rows_alone_give(model: dslc.Model, count: int) -> None:
    x = rows(count, seed=count)[0]
    whole = model.forward(x)
    assert whole.shape == (count, 3)
    assert whole.tobytes() == np.concatenate([model.forward(row[None]) for row in x]).tobytes()
    assert model.predict(x).tolist() == np.argmax(whole, 1).tolist()


def test_a_bound_call_gives_what_an_unbound_one_gives(model: dslc.Model) -> None:
    session, x = model.session, model.rows.inputs["x"][:BATCH]
    given = Rows({"x": x})
    bound = session.predict(given)
    sources, order = sources_of(session.program, given), np.arange(len(x))
    session.executable.call("predict", session._kept.arena, sources, order, 0, len(x), 1)
    places = session._predictor.results if session._predictor else {}
    assert set(bound) == {"prediction.y", "probability.y", "decision.y"} == set(places)
    for name, result in places.items():
        assert result[: len(x)].tobytes() == bound[name].tobytes()


def test_rows_are_chosen_by_number(model: dslc.Model) -> None:
    chosen = np.array([3, 50, 3, 0, *range(20, 44)])
    some, whole = model.session.predict(model.rows, chosen), model.session.predict(model.rows)
    assert all(np.array_equal(some[name], whole[name][chosen]) for name in whole)


def test_what_is_returned_stays_as_it_is(model: dslc.Model) -> None:
    x = rows(3)[0]
    first = model.forward(x)
    kept = first.copy()
    model.forward(x + 1)
    assert np.array_equal(first, kept)


def test_predictions_follow_the_weights(model: dslc.Model) -> None:
    x, before = rows(4)[0], model.weights
    first = model.forward(x)
    model.set_weights({"dense.w": before["dense.w"] * 2})
    assert not np.array_equal(model.forward(x), first)
    model.set_weights(before)
    assert np.array_equal(model.forward(x), first)


def test_threads_do_not_change_a_prediction() -> None:
    """Few rows are one thread's, whatever is asked for; a whole batch of this net takes as many as there are."""
    text = TEXT.replace("dense(8) | relu", "dense(512) | relu | dense(512) | relu").replace("batch 16", "batch 256")
    x = rows(600)[0]
    one, two = (dslc.compile(text=text, threads=threads) for threads in (1, 2))
    program = two._sessions.predicting().program
    assert 1 < rows_of_one_thread(program, program.entries["predict"]) < 256
    assert one.forward(x).tobytes() == two.forward(x).tobytes()
    assert one.forward(x[:1]).tobytes() == two.forward(x[:1]).tobytes() == one.forward(x)[:1].tobytes()


@pytest.mark.parametrize("text", [TEXT, VALUES])
def test_a_loaded_model_predicts_before_it_can_train_and_after(text: str, tmp_path: Path) -> None:
    """Its first program has the entry `predict` alone; what comes later takes its place."""
    model, x = fitted(text), rows(30, seed=1)[0]
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm")
    expected = model.predict(x)
    assert np.array_equal(loaded.predict(x), expected)
    assert loaded._sessions.trained is None
    tensors = loaded.forward(x, at=["prediction"])["prediction"]
    assert np.array_equal(tensors, model.forward(x)) and loaded._sessions.trained is None
    assert all(np.array_equal(value, model.weights[name]) for name, value in loaded.weights.items())
    assert loaded._sessions.trained is not None
    assert np.array_equal(loaded.predict(x), expected)
    loaded.set_weights({"dense.b": np.ones(8)})
    assert not np.array_equal(loaded.forward(x), model.forward(x))
    y = rows(30, seed=1)[1] if text == TEXT else x[:, :2]
    loaded = dslc.load(tmp_path / "m.dslm")
    loaded.predict(x)
    for one in (model, loaded):
        one.fit(x, y, epochs=2)
    assert np.array_equal(loaded.forward(x), model.forward(x))


def test_a_model_that_was_never_trained_predicts_with_its_initial_weights() -> None:
    model, other = dslc.compile(text=TEXT), dslc.compile(text=TEXT)
    x = rows(20)[0]
    first = model.forward(x)
    _ = other.session
    assert np.array_equal(first, other.forward(x))
    model.reset(9)
    assert not np.array_equal(first, model.forward(x))


def test_a_fresh_process_predicts_without_compiler_and_without_what_trains(tmp_path: Path) -> None:
    """What a warm store holds is linked; the packages that take most of a second to import stay out."""
    model, x = fitted(), rows(3)[0]
    model.save(tmp_path / "m.dslm")
    expected = dslc.load(tmp_path / "m.dslm").predict(x).tolist()  # the store has its code from now on
    probe = (
        "import sys, json, numpy, dslc\n"
        f"model = dslc.load({str(tmp_path / 'm.dslm')!r})\n"
        f"found = model.predict(numpy.array({x.tolist()!r})).tolist()\n"
        "made = [name for name in model.compilation.graphs._made]\n"
        "print(json.dumps([found, sorted({name.split('.')[0] for name in sys.modules}), made]))\n"
    )
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    found, modules, made = json.loads(result.stdout)
    assert found == expected and made == ["predict"]
    assert not set(modules) & {"numba", "networkx", "rich", "click", "sklearn", "pandas", "polars", "narwhals"}
