"""Columns from Python are prepared as the file's are, whichever library holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from dslc.data.feed import feed, join, read_inputs
from dslc.data.rows import read_rows
from dslc.data.schema import Schema, Task
from dslc.diagnostics import DataError
from dslc.source import BUILT_IN

from .model import dataset, matrix, only, prepared, raw

TABLE = "age,sex,size,alive,born,y\n31,f,small,true,1990-01-05,a\n,m,big,false,1985-02-07,b\n45,,small,,1971-03-09,a\n"
BLOCK = (
    'csv "a.csv"; target y; column size: ordered(small, big); column month = month(born); ignore born'
    "; missing median with flag; scale zscore"
)
COLUMNS: dict[str, list[object]] = {
    "born": ["1990-01-05", "1985-02-07", "1971-03-09"],
    "age": [31, None, 45],
    "sex": ["f", "m", None],
    "size": ["small", "big", "small"],
    "alive": [True, False, None],
    "extra": [object(), {}, 3],
}


def plain(columns: Mapping[str, list[object]]) -> object:
    return columns


def arrays(columns: Mapping[str, list[object]]) -> object:
    age = np.array([np.nan if v is None else v for v in columns["age"]], np.float64)
    return {**columns, "age": age, "born": np.array(columns["born"], "M8[D]")}


def texts(columns: Mapping[str, list[object]]) -> object:
    """As `csv.DictReader` gives them."""
    return {name: ["" if v is None else str(v) for v in values] for name, values in columns.items()}


def pandas(columns: Mapping[str, list[object]]) -> object:
    frame = pytest.importorskip("pandas").DataFrame({k: v for k, v in columns.items() if k != "extra"})
    frame["born"] = frame["born"].astype("datetime64[ns]")
    frame["sex"] = frame["sex"].astype("category")
    return frame


def polars(columns: Mapping[str, list[object]]) -> object:
    library = pytest.importorskip("polars")
    frame = library.DataFrame({k: v for k, v in columns.items() if k != "extra"})
    return frame.with_columns(library.col("born").str.to_date(), library.col("age").cast(library.Int64))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text(TABLE)
    return tmp_path


@pytest.mark.parametrize("kind", [plain, arrays, texts, pandas, polars])
def test_columns_are_prepared_as_the_file_is(
    kind: Callable[[Mapping[str, list[object]]], object], folder: Path
) -> None:
    data = dataset(BLOCK, folder)
    assert data.preparation is not None
    rows = read_inputs(raw(BLOCK, folder).recipe, data.schema, kind(COLUMNS))
    np.testing.assert_array_equal(data.preparation.apply(rows)["inputs"], data.inputs["inputs"])


def test_a_file_to_predict_needs_the_columns_alone(folder: Path) -> None:
    data = dataset(BLOCK, folder)
    lines = ("note,born,size,alive,age,sex", "1,1985-02-07,big,FALSE,NA,m", "2,1971-03-09,small,?,45,")
    (folder / "b.csv").write_text("\n".join(lines))
    recipe = raw(BLOCK, folder).recipe
    rows = read_inputs(recipe, data.schema, read_rows(recipe, data.schema, folder / "b.csv"))
    assert data.preparation is not None
    np.testing.assert_array_equal(data.preparation.apply(rows)["inputs"], data.inputs["inputs"][1:])


def test_fed_columns_may_hold_the_target_and_what_the_split_needs(folder: Path) -> None:
    model = raw(BLOCK, folder)
    whole = prepared(feed(model, {**COLUMNS, "y": ["a", "b", None]}, None), Task.CLASSES)
    apart = prepared(feed(model, COLUMNS, ["a", "b", None]), Task.CLASSES)
    for data in (whole, apart):
        assert only(data).tolist() == [0, 1]
        assert [note.text for note in data.notes] == ["1 of 3 rows have no `y` and are left out"]


def test_validation_rows_are_joined_with_their_categories(folder: Path) -> None:
    model = raw(BLOCK, folder)
    others = {**COLUMNS, "sex": ["z", "f", "m"]}
    both, parts = join(feed(model, COLUMNS, ["a", "b", "a"]), feed(model, others, ["b", "b", "a"]))
    data = prepared(both, Task.CLASSES, parts)
    assert data.preparation is not None and data.preparation.table is not None
    place = data.preparation.table.names.index("sex f")
    assert matrix(data)[:, place : place + 2].tolist() == [[1, 0], [0, 1], [1, 0], [0, 0], [1, 0], [0, 1]]


WRONG: dict[str, tuple[object, str]] = {
    "misspelt": (
        {k if k != "sex" else "Sex": v for k, v in COLUMNS.items()},
        'no column is named "sex"; did you mean "Sex"?',
    ),
    "length": ({**COLUMNS, "age": [1, 2]}, 'column "sex" has 3 rows, but "age" has 2'),
    "text": ({**COLUMNS, "age": ["31", "old", "45"]}, 'column "age", row 1: "old" is not a number'),
    "level": ({**COLUMNS, "size": ["small", "vast", "big"]}, 'column "size", row 1: "vast" is none of small, big'),
    "infinite": ({**COLUMNS, "age": [1.0, np.inf, 2.0]}, 'column "age", row 1: inf is not a finite number'),
    "objects": ({**COLUMNS, "age": [1, {}, 2]}, 'column "age", row 1: holds a dict, not a number or text'),
    "matrix": ({**COLUMNS, "age": np.zeros((3, 1))}, 'column "age" is [3, 1], but [rows] was expected'),
    "array": (np.zeros((2, 3)), 'array "inputs": is [2, 3], but [rows, 5] was expected'),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_columns_are_named(given: object, message: str, folder: Path) -> None:
    data = dataset(BLOCK, folder)
    with pytest.raises(DataError) as caught:
        read_inputs(raw(BLOCK, folder).recipe, data.schema, given)
    assert str(caught.value) == message


def test_a_gap_without_a_rule_is_named(folder: Path) -> None:
    block = 'csv "a.csv"; target y; only size'
    data = dataset(block, folder)
    rows = read_inputs(raw(block, folder).recipe, data.schema, {"size": ["big", None]})
    assert data.preparation is not None
    with pytest.raises(DataError, match=r'^column "size", row 1: a missing value \(`missing median`'):
        data.preparation.apply(rows)


def test_one_array_of_numbers_is_prepared_like_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,y\n1,2,0\n3,,1\n-5,8,0\n")
    block = 'csv "a.csv"; target y; missing mean; scale zscore; scale minmax 0..9 of b'
    data = dataset(block, tmp_path)
    recipe, schema = raw(block, tmp_path).recipe, data.schema
    assert data.preparation is not None
    for gap in (5.0, np.nan):
        x = np.array([[1, 2], [3, gap], [-5, 8]])
        whole = data.preparation.apply(read_inputs(recipe, schema, x))
        apart = data.preparation.apply(read_inputs(recipe, schema, {"a": x[:, 0], "b": x[:, 1]}))
        np.testing.assert_array_equal(whole["inputs"], apart["inputs"])


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    library = pytest.importorskip("pandas")
    (tmp_path / "a.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
    model = raw('csv "a.csv"; target y', tmp_path)
    frame = library.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    with pytest.raises(DataError, match=r"^DataFrame: Expected unique column names, got: - 'a' 2 times$"):
        read_inputs(model.recipe, Schema(model.inputs, (), BUILT_IN), frame)


def test_a_lazy_frame_is_refused_without_being_resolved(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    library = pytest.importorskip("polars")
    (tmp_path / "a.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
    model = raw('csv "a.csv"; target y', tmp_path)
    with pytest.raises(DataError, match=r"^LazyFrame is not a DataFrame whose rows are at hand$"):
        read_inputs(model.recipe, Schema(model.inputs, (), BUILT_IN), library.LazyFrame({"a": [1], "b": [2]}))
    assert not recwarn.list
