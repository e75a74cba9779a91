"""Tables as people have them: kinds of columns, gaps, categories and scaling, held against scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dslc.data.column import Kind
from dslc.data.prepare import Dataset
from dslc.data.record import preparation_from, preparation_record, schema_from, schema_record
from dslc.data.schema import Task
from dslc.data.split import Parts
from dslc.diagnostics import DataError
from dslc.source import BUILT_IN

from .model import dataset, fitted, matrix, only, prepared, raw

EQUAL = {"rtol": 1e-12, "atol": 1e-12}
"""Two orders of summation over a few hundred float64 values."""

SOME = "age,sex,member,y\n31,female,true,yes\n,male,false,no\n45,,TRUE,yes\n52,female,,no\n28,female,false,yes\n"


def write(folder: Path, text: str) -> Path:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    return folder


def rows(data: Dataset) -> list[list[float]]:
    found: list[list[float]] = matrix(data).tolist()
    return found


def names(data: Dataset) -> tuple[str, ...]:
    assert data.preparation is not None and data.preparation.table is not None
    return data.preparation.table.names


def random_table(folder: Path, count: int = 240) -> Path:
    """Three columns of numbers, one of categories and one of truth values, a fifth of the cells missing; labels."""
    draw = np.random.default_rng(3)
    numbers = draw.normal([5, -300, 0.01], [3, 100, 0.004], (count, 3)).round(4)
    lines = ["a,b,c,kind,flag,y"]
    for row in numbers.tolist():
        cells = [*map(repr, row), draw.choice(["red", "green", "blue"]), draw.choice(["true", "false"])]
        lines.append(",".join([*(cell if draw.random() > 0.2 else "NA" for cell in cells), str(draw.integers(3))]))
    return write(folder, "\n".join(lines) + "\n")


def test_cells_tell_the_kind_of_their_column(tmp_path: Path) -> None:
    table = raw('csv "a.csv"; target y', write(tmp_path, SOME)).table
    assert [column.kind for column in table.columns.values()] == [Kind.NUMBER, Kind.CATEGORY, Kind.BOOLEAN]


def test_gaps_are_filled_and_categories_one_hot(tmp_path: Path) -> None:
    data = dataset('csv "a.csv"; target y; missing median with flag', write(tmp_path, SOME))
    assert names(data) == ("age", "age missing", "sex female", "sex male", "sex missing", "member", "member missing")
    assert rows(data)[1] == [38, 1, 0, 1, 0, 0, 0]
    assert rows(data)[2] == [45, 0, 1, 0, 1, 1, 0]
    assert rows(data)[3] == [52, 0, 1, 0, 0, 0, 1]
    assert fitted(data).classes == ("no", "yes")
    assert only(data).tolist() == [1, 0, 1, 0, 1]


def test_the_more_specific_rule_wins(tmp_path: Path) -> None:
    rules = (
        "missing constant 7 of age; missing mean of a*; missing median; scale none of age; scale minmax 0..2 of s*, a*"
    )
    block = f'csv "a.csv"; target y; column sex: ordered(female, male); {rules}'
    data = dataset(block, write(tmp_path, SOME))
    assert [row[0] for row in rows(data)] == [31, 7, 45, 52, 28]
    assert [row[1] for row in rows(data)] == [0, 2, 0, 0, 0]


def test_a_constant_is_a_category_of_its_own(tmp_path: Path) -> None:
    data = dataset('csv "a.csv"; target y; only sex; missing constant "not told"', write(tmp_path, SOME))
    assert names(data) == ("sex female", "sex male", "sex not told")
    assert rows(data)[2] == [0, 0, 1]


def test_own_marks_of_missing_cells(tmp_path: Path) -> None:
    folder = write(tmp_path, "a,b,y\n1,x,0\n-999,none,1\n3,x,0\n-999.0,z,1\n")
    data = dataset('csv "a.csv"; target y; missing marks -999, none; missing mode', folder)
    assert rows(data) == [[1, 1, 0], [1, 1, 0], [3, 1, 0], [1, 0, 1]]


def test_columns_and_rows_with_gaps_are_dropped(tmp_path: Path) -> None:
    folder = write(tmp_path, "a,b,c,y\n1,,1,0\n2,,,1\n3,5,3,0\n4,6,4,1\n")
    data = dataset('csv "a.csv"; target y; missing drop columns above 40%; missing drop rows', folder)
    assert names(data) == ("a", "c") and data.schema.inputs[0].columns == ("a", "c")
    assert rows(data) == [[1, 1], [3, 3], [4, 4]]
    assert data.train.tolist() == [0, 1, 2] and only(data).tolist() == [0, 0, 1]
    assert [note.text for note in data.notes] == ["1 of 4 rows have missing cells and are left out"]


def test_dropping_rows_keeps_the_parts_of_the_others(tmp_path: Path) -> None:
    block = 'csv "a.csv"; target y; only a; split 60/20/20'
    whole = dataset(f"{block}; missing mean", random_table(tmp_path))
    some = dataset(f"{block}; missing drop rows", tmp_path)
    kept = ~np.isnan(raw(block, tmp_path).table.columns["a"].values)
    numbers = np.flatnonzero(kept)
    for part in ("train", "val", "test"):
        assert numbers[getattr(some, part)].tolist() == [row for row in getattr(whole, part).tolist() if kept[row]]


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    data = dataset('csv "a.csv"; target y; split 50/50', write(tmp_path, "a,y\n1,0\n2,\n3,1\n4,NA\n5,1\n6,0\n"))
    assert rows(data) == [[1], [3], [5], [6]] and len(data.test) == 2
    assert [note.text for note in data.notes] == ["2 of 6 rows have no `y` and are left out"]


@pytest.mark.parametrize("method", ["median", "mean", "mode"])
def test_fills_equal_scikit_learn(method: str, tmp_path: Path) -> None:
    impute = pytest.importorskip("sklearn.impute")
    block = 'csv "a.csv"; target y; only a, b, c; split 60/20/20'
    data = dataset(f"{block}; missing {method}", random_table(tmp_path))
    cells = np.stack([column.values for column in raw(block, tmp_path).table.columns.values()], 1)
    strategy = {"median": "median", "mean": "mean", "mode": "most_frequent"}[method]
    theirs = impute.SimpleImputer(strategy=strategy).fit(cells[data.train])
    np.testing.assert_allclose(data.inputs["inputs"], theirs.transform(cells), **EQUAL)


@pytest.mark.parametrize(("scale", "name"), [("zscore", "StandardScaler"), ("robust", "RobustScaler")])
def test_the_whole_preparation_equals_a_pipeline_of_scikit_learn(scale: str, name: str, tmp_path: Path) -> None:
    preprocessing, impute = pytest.importorskip("sklearn.preprocessing"), pytest.importorskip("sklearn.impute")
    block = 'csv "a.csv"; target y; only a, b, c, kind; split 60/20/20'
    data = dataset(f"{block}; missing median; scale {scale}", random_table(tmp_path))
    table = raw(block, tmp_path).table
    cells = np.stack([table.columns[k].values for k in "abc"], 1)
    filled = impute.SimpleImputer(strategy="median").fit(cells[data.train]).transform(cells)
    scaled = getattr(preprocessing, name)().fit(filled[data.train]).transform(filled)
    kind = table.columns["kind"]
    texts = np.array([None if np.isnan(v) else kind.labels[int(v)] for v in kind.values], object)[:, None]
    known = impute.SimpleImputer(strategy="most_frequent", missing_values=None).fit(texts[data.train]).transform(texts)
    hot = preprocessing.OneHotEncoder(sparse_output=False).fit(known[data.train]).transform(known)
    np.testing.assert_allclose(data.inputs["inputs"], np.concatenate([scaled, hot], 1), **EQUAL)


RULES = ["median", "mean", "mode", "constant 0", "median with flag", "drop rows"]
SCALES = ["zscore", "minmax 0..1", "robust", "log", "none"]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_learnt_from_rows_that_do_not_train(rule: str, scale: str, tmp_path: Path) -> None:
    block = f'csv "a.csv"; target y; missing {rule}; scale {scale}; missing drop columns above 30%; missing marks 0'
    random_table(tmp_path)
    parts = Parts(np.arange(0, 160), np.arange(160, 200), np.arange(200, 240))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    fitted = []
    for other in (False, True):
        changed = [f"{k},9e5,NA,violet,true,1" if other and k > 160 else line for k, line in enumerate(lines)]
        data = prepared(raw(block, write(tmp_path, "\n".join(changed))), Task.CLASSES, parts)
        assert data.preparation is not None
        fitted.append((json.dumps(preparation_record(data.preparation)), data.inputs["inputs"][data.train].tobytes()))
    assert fitted[0] == fitted[1]


def test_a_category_that_no_training_row_has_is_all_zero(tmp_path: Path) -> None:
    folder = write(tmp_path, "k,y\na,0\nb,1\na,1\nc,0\n")
    data = prepared(raw('csv "a.csv"; target y', folder), Task.CLASSES, Parts(*map(np.array, ([0, 1, 2], [3], []))))
    assert names(data) == ("k a", "k b") and rows(data)[3] == [0, 0]


def test_a_column_of_names_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, "k,y\n" + "".join(f"name{k},{k % 2}\n" for k in range(1200)))
    with pytest.raises(DataError, match=r'^a.csv:2: column "k": the column has 1200 categories, at most 1000 are read'):
        dataset('csv "a.csv"; target y', folder)


def test_the_positive_class_is_the_second(tmp_path: Path) -> None:
    block = 'csv "a.csv"; only age; missing mean; target y positive "no"'
    data = dataset(block, write(tmp_path, SOME))
    assert fitted(data).classes == ("yes", "no")
    assert only(data).tolist() == [0, 1, 0, 1, 0]


def test_truth_values_as_classes(tmp_path: Path) -> None:
    data = dataset('csv "a.csv"; only age; target member positive "false"; missing mean', write(tmp_path, SOME))
    assert fitted(data).classes == (True, False)
    assert only(data).tolist() == [0, 1, 0, 1]


def test_dates_as_classes_are_called_as_they_are_written(tmp_path: Path) -> None:
    folder = write(tmp_path, "a,y\n1,2024-02-29\n2,2023-01-05\n3,2024-02-29\n4,2023-01-05\n")
    data = dataset('csv "a.csv"; target y', folder)
    assert fitted(data).classes == ("2023-01-05", "2024-02-29")
    assert only(data).tolist() == [1, 0, 1, 0]


def test_weights_have_mean_one_over_the_training_rows(tmp_path: Path) -> None:
    class_weight = pytest.importorskip("sklearn.utils.class_weight")
    folder = write(tmp_path, "a,w,y\n1,1,0\n2,2,1\n3,0,0\n4,1,0\n5,4,0\n6,1,1\n")
    data = dataset('csv "a.csv"; target y; sample_weight w; class_weight balanced; split 70/30', folder)
    assert data.schema.inputs[0].columns == ("a",) and data.weight is not None
    balanced = class_weight.compute_class_weight("balanced", classes=np.array([0, 1]), y=only(data)[data.train])
    expected = np.array([1, 2, 0, 1, 4, 1]) * balanced[only(data)]
    np.testing.assert_allclose(data.weight, expected / expected[data.train].mean(), **EQUAL)


def test_latin_1_where_the_block_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("stadt,y\nK\xf6ln,0\nBonn,1\n".encode("latin-1"))
    data = dataset('csv "a.csv" { encoding "latin-1" }; target y', tmp_path)
    assert names(data) == ("stadt Bonn", "stadt Köln")


@pytest.mark.parametrize("task", Task)
def test_schema_and_preparation_come_back_from_their_records(task: Task, tmp_path: Path) -> None:
    target = "target y; class_weight balanced" if task is Task.CLASSES else "target y; scale target log"
    block = f'csv "a.csv"; {target}; missing mean with flag; scale zscore; scale log of b; split 80/20'
    data = dataset(block, random_table(tmp_path), task)
    assert data.preparation is not None
    schema = schema_from(json.loads(json.dumps(schema_record(data.schema))), BUILT_IN)
    again = preparation_from(json.loads(json.dumps(preparation_record(data.preparation))), schema)
    assert schema.inputs[0].columns == ("a", "b", "c", "kind", "flag")
    assert preparation_record(again) == preparation_record(data.preparation)
    restored = prepared(raw(block, tmp_path), task, fitted=again)
    assert np.array_equal(restored.inputs["inputs"], data.inputs["inputs"])
