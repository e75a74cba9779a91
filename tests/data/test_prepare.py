"""What training reads: classes and scalings come from training rows, and unfit labels are named by row."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run

import numpy as np
import pytest

from dslc.data.schema import Task
from dslc.diagnostics import DataError

from .model import dataset, fitted, only

MODELS = Path(__file__).resolve().parents[2] / "models"


def save(folder: Path, y: object, **arrays: object) -> Path:
    labels = np.asarray(y)
    np.savez(folder / "a.npz", x=arrays.get("x", np.arange(len(labels)) * 1.0), y=labels)
    return folder


BLOCK = 'npz "a.npz" { x = x; label = y }; target label'


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([3, 7, 3, 5], (3, 5, 7)),
        (np.array([-1, 1, 1, -1], np.int8), (-1, 1)),
        ([2.0, 0.0, 2.0, 0.0], (0, 2)),
        ([True, False, True, True], (False, True)),
        (np.array([255, 0, 255, 0], np.uint8), (0, 255)),
    ],
)
def test_classes_are_the_sorted_labels(labels: object, classes: tuple[int, ...], tmp_path: Path) -> None:
    data = dataset(BLOCK, save(tmp_path, labels))
    assert fitted(data).classes == classes
    assert [type(label) for label in fitted(data).classes or ()] == [type(label) for label in classes]
    assert only(data).dtype == np.int64
    assert [classes[k] for k in only(data)] == np.asarray(labels).tolist()
    assert data.schema.target is not None and data.schema.target.classes == len(classes)


def test_declared_classes_need_not_all_occur(tmp_path: Path) -> None:
    data = dataset(BLOCK + ": class(10)", save(tmp_path, [0, 9, 0]))
    assert data.schema.target is not None and data.schema.target.classes == 10
    assert only(data).tolist() == [0, 9, 0]


PLACE = 'a.npz: array "y", row'
UNFIT = {
    "fractional": (BLOCK, [0, 1, 0.5], f"{PLACE} 2: 0.5 is not a class (a whole number)"),
    "one class": (BLOCK, [4, 4], f"{PLACE} 0: every training row has the class 4"),
    "negative": (BLOCK + ": class(3)", [0, 2, -1], f"{PLACE} 2: class -1 is outside class(3), 0 to 2"),
    "equal to the count": (BLOCK + ": class(3)", [0, 3], f"{PLACE} 1: class 3 is outside class(3), 0 to 2"),
    "2^31": (BLOCK + ": class(3)", [0, 2**31], f"{PLACE} 1: class 2147483648 is outside class(3), 0 to 2"),
    "2^64": (
        BLOCK,
        np.array([0, 2**64 - 1], np.uint64),
        f"{PLACE} 1: 1.84467440737e+19 is not a class (a whole number)",
    ),
}


@pytest.mark.parametrize(("block", "labels", "message"), UNFIT.values(), ids=UNFIT.keys())
def test_unfit_labels_are_named(block: str, labels: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        dataset(block, save(tmp_path, labels))
    assert str(caught.value) == message


def test_a_label_of_a_table_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n1,0\n\n2,0.5\n")
    with pytest.raises(DataError, match=r'^a.csv:4: column "y": 0.5 is not a class'):
        dataset('csv "a.csv"; target y', tmp_path)


def test_a_class_that_no_training_row_has(tmp_path: Path) -> None:
    labels = np.arange(100) % 2
    row = dataset(BLOCK + "; split 80/20", save(tmp_path, labels)).test[3]
    labels[row] = 2
    with pytest.raises(DataError, match=rf'^a.npz: array "y", row {row}: class 2 is in no training row$'):
        dataset(BLOCK + "; split 80/20", save(tmp_path, labels))


def test_values_stay_values(tmp_path: Path) -> None:
    data = dataset(BLOCK, save(tmp_path, [0.5, 1, 2]), Task.VALUES)
    assert only(data).dtype == np.float64 and only(data).tolist() == [0.5, 1, 2]
    assert data.schema.target is not None and data.schema.target.classes is None


def test_statistics_come_from_training_rows_only(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(3, 2, (200, 5))
    block = BLOCK + "; split 60/20/20; scale zscore; scale target minmax -1..1"
    data = dataset(block, save(tmp_path, x[:, 0] ** 2, x=x), Task.VALUES)
    scaled, target = data.inputs["x"], only(data)
    assert data.preparation is not None
    np.testing.assert_allclose(scaled[data.train].mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled[data.train].std(0), 1, rtol=1e-12)
    assert np.abs(scaled[data.test].mean(0)).min() > 1e-3
    np.testing.assert_allclose([target[data.train].min(), target[data.train].max()], [-1, 1])
    np.testing.assert_allclose(fitted(data).restore(target), x[:, 0] ** 2, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(data.preparation.apply({"x": x[:3]})["x"], scaled[:3])


def test_scaling_that_overflows_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'"x": the values are too large to scale'):
        dataset(BLOCK + "; scale zscore", save(tmp_path, [0, 1], x=np.array([1e300, -1e300])))


def test_digits() -> None:
    block = 'npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }; target digit'
    data = dataset(block + "; split 70/15/15 stratified digit; scale minmax 0..1", MODELS)
    datasets = pytest.importorskip("sklearn.datasets").load_digits()
    np.testing.assert_allclose(data.inputs["image"][..., 0], datasets.images / 16, rtol=1e-15)
    assert np.array_equal(only(data), datasets.target)
    assert (len(data.train), len(data.val), len(data.test)) == (1257, 270, 270)


def test_diabetes_and_breast_cancer() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    diabetes, theirs = (
        dataset('csv "data/diabetes.csv"; target progression', MODELS, Task.VALUES),
        datasets.load_diabetes,
    )
    assert np.array_equal(diabetes.inputs["inputs"], theirs(scaled=False).data)
    assert np.array_equal(only(diabetes), theirs().target)
    cancer, published = dataset('csv "data/breast_cancer.csv"; target malignant', MODELS), datasets.load_breast_cancer()
    assert np.array_equal(cancer.inputs["inputs"], published.data)
    assert np.array_equal(only(cancer), 1 - published.target)
    assert len(cancer.schema.inputs[0].columns) == 30


def test_the_readme_of_the_data_sets_gives_their_hashes() -> None:
    from hashlib import sha256

    text = (MODELS / "data" / "README.md").read_text(encoding="utf-8")
    for path in (MODELS / "data").iterdir():
        if path.suffix in {".npz", ".csv"}:
            assert sha256(path.read_bytes()).hexdigest() in text, path.name


def test_reading_data_imports_nothing_heavy() -> None:
    code = "import sys, dslc.data.prepare, dslc.data.feed; print(*sorted({n.partition('.')[0] for n in sys.modules}))"
    loaded = run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numba", "networkx", "sklearn", "rich", "lark", "pandas"} & set(loaded)
