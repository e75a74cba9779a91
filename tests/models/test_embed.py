"""Inputs that are class ids, and `embed`: a vector for each of them, from the weights or from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import dslc
from dslc.diagnostics import DataError, ModelError

TEXT = """data {{ input token: [6] class(5); input x: [2]; target y: class(3){more} }}
net {{ concat(token | embed(4{given}) | flatten, x) | dense(outputs) }}
loss cross_entropy
train {{ adam(1e-2); batch 16; epochs 3; seed 2 }}
"""


def text(given: str = "", more: str = "") -> str:
    return TEXT.format(given=given, more=more)


def data(rows: int = 80) -> tuple[dict[str, np.ndarray], np.ndarray]:
    draw = np.random.default_rng(0)
    token = draw.integers(0, 5, (rows, 6))
    return {"token": token, "x": draw.normal(size=(rows, 2))}, token[:, 0] % 3


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_it_is_the_row_of_each_id(backend: str) -> None:
    model = dslc.compile(text=text(), backend=backend)
    x, _ = data()
    found = model.forward(x, at=["embed"])["embed"]
    np.testing.assert_array_equal(found, model.weights["embed.w"][x["token"]].astype(found.dtype))


def test_training_learns_the_rows_that_it_sees_and_no_other() -> None:
    model = dslc.compile(text=text())
    before = model.weights["embed.w"].copy()
    x, y = data()
    x["token"] = np.minimum(x["token"], 3)
    history = model.fit(x, y, epochs=60)
    after = model.weights["embed.w"]
    assert history.epochs[-1]["train.loss"] < 0.3 * history.epochs[0]["train.loss"]
    np.testing.assert_array_equal(after[4], before[4])
    assert (after[:4] != before[:4]).all()


def test_threads_and_backends_agree() -> None:
    x, y = data()
    runs = [dslc.compile(text=text(), threads=threads) for threads in (1, 2)]
    runs.append(dslc.compile(text=text(), backend="reference"))
    for run in runs:
        run.fit(x, y)
    one, two, reference = (run.weights["embed.w"] for run in runs)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(one, reference, atol=1e-5)


def test_a_saved_model_reads_ids(tmp_path: Path) -> None:
    model, (x, y) = dslc.compile(text=text()), data()
    model.fit(x, y)
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm")
    np.testing.assert_array_equal(loaded.forward(x), model.forward(x))
    with pytest.raises(DataError, match=r'array "token", row 2: class 5 is outside class\(5\), 0 to 4'):
        loaded.predict({"token": np.array([[0] * 6, [1] * 6, [4, 4, 4, 4, 4, 5]]), "x": x["x"][:3]})


@pytest.mark.parametrize(
    ("value", "message"),
    [(5, "class 5 is outside"), (-1, "class -1 is outside"), (0.5, "0.5 is not a class"), (np.nan, "missing value")],
)
@pytest.mark.parametrize("fitted", [True, False])
def test_what_is_no_id_never_reaches_the_program(fitted: bool, value: float, message: str) -> None:
    model, (x, y) = dslc.compile(text=text()), data()
    if fitted:
        model.fit(x, y)
    wrong = x["token"].astype(np.float64)
    wrong[7, 3] = value
    for use in (lambda: model.predict(x | {"token": wrong}), lambda: model.fit(x | {"token": wrong}, y)):
        with pytest.raises(DataError, match=f'array "token", row 7.*: .*{message}'):
            use()


def test_ids_are_not_scaled() -> None:
    model, (x, y) = dslc.compile(text=text(more="; scale zscore")), data()
    model.fit(x, y)
    found = model.forward(x, at=["embed", "x"])
    np.testing.assert_array_equal(found["embed"], model.weights["embed.w"][x["token"]].astype(found["embed"].dtype))
    assert abs(found["x"].mean()) < 1e-6


def test_ids_come_from_an_archive(tmp_path: Path) -> None:
    x, y = data()
    np.savez(tmp_path / "d.npz", words=x["token"], kind=y)
    source = text().replace(
        "input token: [6] class(5); input x: [2];", 'npz "d.npz" { token: class(5) = words; y = kind };'
    )
    source = source.replace("target y: class(3)", "target y").replace(
        "concat(token | embed(4) | flatten, x)", "token | embed(4) | flatten"
    )
    (tmp_path / "m.dsl").write_text(source)
    model = dslc.compile(tmp_path / "m.dsl")
    model.fit()
    np.savez(tmp_path / "e.npz", words=np.full((2, 6), 7))
    with pytest.raises(DataError, match="class 7 is outside"):
        model.predict(model.read_rows(tmp_path / "e.npz"))


# --- vectors from a file --------------------------------------------------------------------------

FROM = ', from = "v.safetensors"'


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.chdir(tmp_path)
    value = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)
    save_file({"v": value}, "v.safetensors")
    return value


def test_it_begins_with_the_vectors_of_the_file(vectors: np.ndarray) -> None:
    model = dslc.compile(text=text(FROM))
    np.testing.assert_array_equal(model.weights["embed.w"], vectors)
    model.fit(*data())
    assert (model.weights["embed.w"] != vectors).any()
    model.reset(seed=9)
    np.testing.assert_array_equal(model.weights["embed.w"], vectors)


def test_it_may_be_frozen(vectors: np.ndarray) -> None:
    frozen = (
        text(FROM)
        .replace("concat(token | embed", "words = token | embed")
        .replace(" | flatten, x)", "; concat(words | flatten, x)")
    )
    model = dslc.compile(text=frozen.replace("seed 2", "seed 2; freeze words"))
    model.fit(*data())
    np.testing.assert_array_equal(model.weights["words.embed.w"], vectors)


def test_a_saved_model_stands_alone(vectors: np.ndarray) -> None:
    model = dslc.compile(text=text(FROM))
    model.fit(*data())
    model.save("m.dslm")
    Path("v.safetensors").unlink()
    loaded = dslc.load("m.dslm")
    np.testing.assert_array_equal(loaded.weights["embed.w"], model.weights["embed.w"])
    loaded.reset()
    np.testing.assert_array_equal(loaded.weights["embed.w"], vectors)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"v": np.zeros((4, 4), np.float32)}, r"its vectors are \[4, 4\], and `embed.w` is \[5, 4\]"),
        ({"v": np.zeros(20, np.float32)}, r"its vectors are \[20\], and `embed.w` is \[5, 4\]"),
        ({"v": np.full((5, 4), np.inf, np.float32)}, "numbers that are not finite"),
        ({"v": np.zeros((5, 4), np.int32)}, "v"),
        ({"v": np.zeros((5, 4), np.float32), "w": np.zeros(1, np.float32)}, "it holds 2 tensors"),
        ({}, "it holds 0 tensors"),
    ],
)
def test_a_file_that_does_not_fit_is_told(vectors: np.ndarray, tensors: dict[str, np.ndarray], message: str) -> None:
    save_file(tensors, "v.safetensors")
    with pytest.raises(ModelError, match=message):
        dslc.compile(text=text(FROM))


@pytest.mark.parametrize("content", [b"", b"\x00" * 8, b"\xff" * 64, b"{}"])
def test_a_file_that_is_none_is_told(vectors: np.ndarray, content: bytes) -> None:
    Path("v.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=r"`v.safetensors` cannot be loaded"):
        dslc.compile(text=text(FROM))


def test_a_path_stays_below_the_folder(vectors: np.ndarray) -> None:
    with pytest.raises(ModelError, match="not below the model file's folder"):
        dslc.compile(text=text(', from = "../v.safetensors"'))
