"""Parquet: what a table holds is what the same table holds as CSV; hostile files are refused by name."""

from __future__ import annotations

import os
import random
import signal
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from dslc.data import parquet
from dslc.data.column import Kind
from dslc.data.load import BUDGET
from dslc.data.parquet_layout import check_layout
from dslc.data.schema import Task
from dslc.diagnostics import DataError, ModelError

from .model import dataset, raw

pl = pytest.importorskip("polars")

COLUMNS = {
    "a": [1, 2, None, -4, 2**53 + 1],
    "b": [0.5, None, float("nan"), -3.25, 1e300],
    "kind": ["red", None, "blue", "NA", "red"],
    "flag": [True, False, None, True, False],
    "day": [date(2026, 11, 23), None, date(1969, 12, 31), date(2000, 2, 29), date(1970, 1, 1)],
    "told": ["1.5", "", "?", "7", "-2"],
    "empty": [None] * 5,
    "y": ["no", "yes", "no", "yes", "no"],
}


def write(folder: Path, columns: dict[str, list[object]], name: str = "a") -> Path:
    frame = pl.DataFrame(columns, strict=False)
    frame.write_csv(folder / f"{name}.csv")
    frame.write_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize(
    "block",
    [
        "target y; ignore day",
        "target y; ignore day; missing marks -4, red",
        "target y; ignore day; column kind: ordered(red, blue); column flag: category",
        "target y; ignore day; column a: category; column told: category",
        "target y; only told; column c = told * 2",
    ],
)
def test_a_table_is_the_same_as_csv_and_as_parquet(block: str, tmp_path: Path) -> None:
    write(tmp_path, COLUMNS)
    csv, stored = (raw(f'{kind} "a.{kind}"; {block}', tmp_path) for kind in ("csv", "parquet"))
    assert csv.inputs[0].columns == stored.inputs[0].columns
    assert csv.inputs[0].kinds == stored.inputs[0].kinds
    assert list(csv.table.columns) == list(stored.table.columns)
    for name, column in csv.table.columns.items():
        other = stored.table.columns[name]
        assert (name, column.kind, column.labels) == (name, other.kind, other.labels)
        assert column.values.tobytes() == other.values.tobytes() or np.array_equal(column.values, other.values, True)


def test_dates_are_the_same(tmp_path: Path) -> None:
    write(tmp_path, COLUMNS)
    stored = [
        raw(f'{kind} "a.{kind}"; only a, flag; target day', tmp_path).table.targets["day"]
        for kind in ("csv", "parquet")
    ]
    assert all(column.kind is Kind.DATE for column in stored)
    assert np.array_equal(stored[0].values, stored[1].values, equal_nan=True)


def test_trained_on_csv_or_on_parquet_the_weights_are_the_same(tmp_path: Path) -> None:
    import dslc

    draw = np.random.default_rng(0)
    rows = 300
    table = {
        "a": draw.normal(size=rows).tolist(),
        "b": [None if draw.random() < 0.2 else int(v) for v in draw.integers(-9, 9, rows)],
        "kind": draw.choice(["red", "green", "blue"], rows).tolist(),
        "flag": draw.choice([True, False], rows).tolist(),
        "y": draw.choice(["no", "yes"], rows).tolist(),
    }
    write(tmp_path, table)
    weights = []
    for kind in ("csv", "parquet"):
        text = (
            f'data {{ {kind} "a.{kind}"; target y; split 70/15/15 stratified y; missing median; scale zscore }}\n'
            "net { inputs | dense(8) | relu | dense(outputs) }\nloss cross_entropy\n"
            "train { adam(1e-2); batch 32; epochs 3; seed 1 }\n"
        )
        (tmp_path / "m.dsl").write_text(text)
        model = dslc.compile(tmp_path / "m.dsl", backend="reference")
        model.fit()
        weights.append({name: values.tobytes() for name, values in model.weights.items()})
    assert weights[0] == weights[1]
    saved = tmp_path / "m.dslm"
    model.save(saved)
    loaded = dslc.load(saved, backend="reference")
    predicted = [loaded.predict(loaded.read_rows(tmp_path / f"a.{kind}")) for kind in ("csv", "parquet")]
    assert (predicted[0] == predicted[1]).all()
    assert loaded.evaluate_file(tmp_path / "a.csv") == loaded.evaluate_file(tmp_path / "a.parquet")


REFUSED = {
    "infinite": ({"a": [1.0, float("-inf")]}, 'a.parquet: column "a", row 1: -inf is not a finite number'),
    "list": ({"a": [[1], [2]]}, 'a.parquet: column "a" holds List(Int64), not numbers, texts, truth values or dates'),
    "time": (
        {"a": [datetime(2026, 1, 1), datetime(2026, 1, 2, 3, 4)]},
        'a.parquet: column "a", row 1: 2026-01-02 03:04:00 is a time of day, not a date',
    ),
    "mixed": ({"a": ["1", "x"]}, 'a.parquet: column "a", row 1: "x" is not a number'),
    "no rows": ({"a": []}, "a.parquet: no rows"),
    "no name": ({"": [1]}, "a.parquet: column 1 has no name"),
}


@pytest.mark.parametrize(("columns", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(columns: dict[str, list[object]], message: str, tmp_path: Path) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError) as caught:
        raw('parquet "a.parquet"', tmp_path)
    assert str(caught.value) == message


def test_what_is_ignored_may_hold_anything(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "l": [[1], [2]], "y": [0, 1]}).write_parquet(tmp_path / "a.parquet")
    assert dataset('parquet "a.parquet"; target y; ignore l', tmp_path).schema.inputs[0].columns == ("a",)


def test_an_unknown_column_is_an_error_of_the_model_file(tmp_path: Path) -> None:
    write(tmp_path, COLUMNS)
    with pytest.raises(ModelError, match="unknown-column"):
        raw('parquet "a.parquet"; target z', tmp_path)


def test_without_polars_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, COLUMNS)
    monkeypatch.setattr(parquet, "installed", lambda: False)
    with pytest.raises(DataError, match=r"^a.parquet: Parquet needs polars: pip install 'dslc\[polars\]'$"):
        raw('parquet "a.parquet"; target y', tmp_path)


def test_after_a_fork_the_threads_of_polars_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, COLUMNS)
    monkeypatch.setattr("dslc.data.csv_polars.LARGE", 0)
    expected = raw('csv "a.csv"; target y; ignore day', tmp_path).table.columns["told"].values.tobytes()
    child = os.fork()
    if not child:
        signal.alarm(60)
        same = raw('csv "a.csv"; target y; ignore day', tmp_path).table.columns["told"].values.tobytes() == expected
        try:
            raw('parquet "a.parquet"; target y; ignore day', tmp_path)
        except DataError as error:
            os._exit(0 if same and "forked" in str(error) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_columns_beyond_the_budget_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"a": [0.0] * 100_000, "y": [0, 1] * 50_000})
    stored = (tmp_path / "a.parquet").stat().st_size
    assert stored < 100_000
    with pytest.raises(DataError, match=r"^a.parquet: its columns need 1600000 bytes, more than the budget of 200000$"):
        raw('parquet "a.parquet"; target y', tmp_path, budget=200_000)
    with pytest.raises(DataError, match=r"^a.parquet: \d+ bytes, more than the budget of 7$"):
        raw('parquet "a.parquet"; target y', tmp_path, budget=7)


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "zstd", "gzip", "lz4", "brotli"])
@pytest.mark.parametrize("size", [None, 7])
def test_the_layout_of_what_polars_writes_is_understood(compression: str, size: int | None, tmp_path: Path) -> None:
    frame = pl.DataFrame(COLUMNS, strict=False).sample(1000, with_replacement=True, seed=1)
    path = tmp_path / "a.parquet"
    frame.write_parquet(path, compression=compression, row_group_size=size and 100, data_page_size=size)
    assert check_layout(path.read_bytes(), "a", COLUMNS, BUDGET) == 1000


def test_damaged_files_are_refused_by_name_or_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(5)
    write(tmp_path, COLUMNS)
    whole = (tmp_path / "a.parquet").read_bytes()
    refused = 0
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        if draw.random() < 0.2:
            del content[draw.randrange(len(content)) :]
        (tmp_path / "a.parquet").write_bytes(content)
        try:
            dataset('parquet "a.parquet"; target y; ignore day; missing mode', tmp_path, Task.CLASSES)
        except DataError as error:
            refused += 1
            assert str(error).startswith("a.parquet: ")
        except ModelError:  # another name of a column is another table
            refused += 1
    assert refused > 200
    assert "Traceback" not in capfd.readouterr().err
