"""Texts and rows in time: tokens, vocabularies of the training part, windows that cross no border."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.data.prepare import Dataset
from dslc.data.schema import Task
from dslc.data.sequence_recipe import Unit
from dslc.data.tokens import RESERVED, tokens_of, vocabulary_of
from dslc.diagnostics import DataError

from .model import dataset, matrix, prepared, raw


def text_of(data: Dataset, rows: np.ndarray, name: str = "characters") -> list[str]:
    """Rows of ids as text again."""
    labels = data.preparation.texts["characters"].labels
    ids = data.inputs[name] if name in data.inputs else data.beside[name]
    return ["".join(labels[k] for k in row) for row in np.asarray(ids)[rows].tolist()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("abcdefghijklmnopqrstuvwxyz", encoding="utf-8")
    days = "\n".join(f"{day},{10 * day},{'ab'[day % 2]}" for day in (3, 1, 2, 5, 4, 8, 7, 6, 10, 9))
    (tmp_path / "t.csv").write_text(f"day,y,kind\n{days}\n", encoding="utf-8")
    return tmp_path


def test_a_window_predicts_what_follows_each_of_its_tokens(folder: Path) -> None:
    data = dataset('text "a.txt" characters window 4', folder)
    assert text_of(data, data.train) == ["abcd", "efgh", "ijkl", "mnop", "qrst", "uvwx"]
    assert text_of(data, data.train, "next") == ["bcde", "fghi", "jklm", "nopq", "rstu", "vwxy"]
    assert data.schema.inputs[0].classes == data.schema.targets[0].classes == 26 + len(RESERVED)


def test_windows_step_and_look_ahead_as_told(folder: Path) -> None:
    data = dataset('text "a.txt" characters window 3 every 8 ahead 5', folder)
    assert text_of(data, data.train) == ["abc", "ijk", "qrs"]
    assert text_of(data, data.train, "next") == ["fgh", "nop", "vwx"]


def test_no_window_crosses_a_part_and_the_vocabulary_is_the_training_parts(folder: Path) -> None:
    data = dataset('text "a.txt" characters window 2 every 1; split 50/25/25 in time', folder)
    assert text_of(data, data.train)[-1] == "jk"  # the 12th letter is the last that it predicts
    assert data.preparation.texts["characters"].labels == (*RESERVED, *"abcdefghijkl")
    assert set(text_of(data, data.val)) == set(text_of(data, data.test)) == {2 * RESERVED[1]}
    assert [note.text for note in data.notes] == [
        '10 rows of "characters" hold a token that no training row has ("m", "n")'
    ]


def test_words_are_lower_case_and_the_most_frequent_stay() -> None:
    tokens = tokens_of(["The whale, the WHALE's tail -- it's the white-whale.", "a whale"], Unit.WORDS)
    assert [tokens.labels[k] for k in tokens.ids] == [
        *("the", "whale", "the", "whale's", "tail", "it's", "the", "white-whale"),
        *("a", "whale"),
    ]
    assert vocabulary_of(tokens, 2) == (*RESERVED, "the", "whale")
    assert vocabulary_of(tokens.take(np.array([1])), None) == (*RESERVED, "a", "whale")


def test_a_text_is_utf8_and_its_lines_end_in_feeds(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffé\r\nß\r\nxy".encode())
    data = dataset('text "a.txt" characters window 5', tmp_path)
    assert text_of(data, data.train) == ["é\nß\nx"]
    (tmp_path / "a.txt").write_bytes(b"ab\ncd\xff")
    with pytest.raises(DataError, match=r"a\.txt:2:3: byte 0xff is not UTF-8"):
        dataset('text "a.txt" characters window 2', tmp_path)


def test_a_text_larger_than_its_budget_is_not_read(folder: Path) -> None:
    with pytest.raises(DataError, match="26 bytes are more than the 12 that a text may have"):
        raw('text "a.txt" characters window 2', folder, budget=100)


def test_windows_of_a_table_are_in_the_order_of_time(folder: Path) -> None:
    data = dataset('csv "t.csv"; target y; window 3 of day, y; split 60/40 in time day', folder, Task.VALUES)
    assert np.asarray(data.inputs["window"])[:, :, 0].tolist() == [[1, 2, 3], [2, 3, 4], [3, 4, 5], [7, 8, 9]]
    assert data.beside["y"].tolist() == [40, 50, 60, 100]
    assert data.schema.inputs[0].shape == (3, 2)
    assert data.origin.mark(0) == "line 6"  # the day that the first window predicts


def test_windows_are_had_by_slices_rows_and_whole(folder: Path) -> None:
    data = dataset('csv "t.csv"; target y; window 2 of y, kind every 3 ahead 2; scale zscore', folder, Task.VALUES)
    windows = data.inputs["window"]
    whole = np.asarray(windows)
    assert windows.shape == whole.shape == (3, 2, 3)
    np.testing.assert_array_equal(windows[1:3], whole[1:3])
    np.testing.assert_array_equal(windows[np.array([2, 0])], whole[[2, 0]])
    np.testing.assert_array_equal(np.asarray(windows, np.float32), whole.astype(np.float32))


def test_what_is_fitted_comes_from_all_rows_of_the_training_part(folder: Path) -> None:
    data = dataset('csv "t.csv"; target y; window 3 of y; split 60/40 in time day; scale zscore', folder, Task.VALUES)
    assert float(data.preparation.table.columns[0].scaling.center) == 35  # the days 1 to 6


def test_rows_of_one_time_stay_together(tmp_path: Path) -> None:
    rows = "\n".join(f"{k // 4},{k}" for k in range(20))
    (tmp_path / "t.csv").write_text(f"day,y\n{rows}\n", encoding="utf-8")
    data = dataset('csv "t.csv"; target y; split 70/30 in time day', tmp_path, Task.VALUES)
    assert (len(data.train), len(data.test)) == (12, 8)
    assert matrix(data)[data.train].max() < matrix(data)[data.test].min()


def test_a_split_in_time_without_a_column_takes_the_order_of_the_rows() -> None:
    block = "input x: [1]; target y; split 50/25/25 in time"
    from dslc.data.feed import feed

    data = prepared(feed(raw(block), np.arange(8.0)[:, None], np.arange(8.0)), Task.VALUES)
    assert [part.tolist() for part in (data.train, data.val, data.test)] == [[0, 1, 2, 3], [4, 5], [6, 7]]


SERIES = """data {{ csv "{path}"; target y; window 3 of y; split 60/40 in time day; scale zscore; scale target zscore }}
net {{ window | gru(4) | last | dense(1) }}
loss squared_error
train {{ adam(1e-2); epochs 2 }}
"""


def test_a_model_of_windows_predicts_behind_the_last_row_saved_or_not(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "m.dsl").write_text(SERIES.format(path="t.csv"), encoding="utf-8")
    model = dslc.compile(tmp_path / "m.dsl", backend="reference")
    model.fit()
    columns = {"day": np.arange(1, 11), "y": np.arange(1, 11) * 10.0}
    predicted = model.predict({"y": columns["y"]})
    assert predicted.shape == (8,)  # a window ends at each of the days 3 to 10
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm", backend="reference")
    np.testing.assert_array_equal(loaded.predict({"y": columns["y"]}), predicted)
    assert loaded.evaluate_file(tmp_path / "t.csv") == model.evaluate_file(tmp_path / "t.csv")
    with pytest.raises(DataError, match="2 rows are too few for a window of 3"):
        model.predict({"y": columns["y"][:2]})
    more = model.fit(columns)
    assert len(more.epochs) == 2
