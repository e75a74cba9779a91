"""The short way of reading a few rows gives what the long way gives, and where it cannot, the long way speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dslc.data.feed import read_inputs
from dslc.data.reader import FEW, InputReader, input_reader
from dslc.data.schema import Task
from dslc.diagnostics import DataError

from .model import prepared, raw

DRAW = np.random.default_rng(3)
ROWS = 40
MIXED = "a,kind,b,member,c,y\n" + "".join(
    f"{DRAW.normal(5, 2):.4f},{DRAW.choice(['red', 'green', 'blue'])},{DRAW.integers(100)},"
    f"{DRAW.choice(['true', 'false'])},{DRAW.normal():.3f},{k % 2}\n"
    for k in range(ROWS)
)
NUMBERS = "a,b,c,y\n" + "".join(
    f"{DRAW.normal(5, 2):.4f},{DRAW.integers(100)},{DRAW.normal():.3f},{k % 2}\n" for k in range(ROWS)
)
BLOCK = 'csv "t.csv"; target y; split 80/20; missing median'
SCALES = ["scale zscore", "scale minmax 0..1", "scale robust", "scale none", "scale zscore of a", ""]


def reader(folder: Path, content: str, block: str) -> InputReader:
    (folder / "t.csv").write_text(content)
    model = raw(block, folder)
    data = prepared(model, Task.CLASSES)
    assert data.preparation is not None
    return input_reader(model.recipe, data.schema, data.preparation)


def long_way(reading: InputReader, x: object) -> np.ndarray:
    return reading.fitted.apply(read_inputs(reading.recipe, reading.schema, x))["inputs"]


def agree(reading: InputReader, x: object) -> None:
    assert reading.short is not None
    short = reading.short.read(x)
    assert short is not None, "the short way was not taken"
    assert np.array_equal(short, long_way(reading, x))
    assert np.array_equal(reading.read(x)["inputs"], short)


def rows(count: int, kinds: bool) -> dict[str, list[object]]:
    draw = np.random.default_rng(count)
    given: dict[str, list[object]] = {
        "a": draw.normal(5, 2, count).tolist(),
        "kind": draw.choice(["red", "green", "blue"], count).tolist(),
        "b": draw.integers(0, 100, count).tolist(),
        "member": (draw.random(count) < 0.5).tolist(),
        "c": draw.normal(size=count).tolist(),
    }
    return given if kinds else {name: given[name] for name in "abc"}


def as_objects(given: dict[str, list[object]]) -> np.ndarray:
    cells = np.empty((len(given["a"]), len(given)), object)
    for k, values in enumerate(given.values()):
        cells[:, k] = values
    return cells


def as_pandas(given: dict[str, list[object]]) -> object:
    return pytest.importorskip("pandas").DataFrame(given)


def as_polars(given: dict[str, list[object]]) -> object:
    return pytest.importorskip("polars").DataFrame(given)


FORMS: list[Callable[[dict[str, list[object]]], object]] = [
    lambda given: given,
    lambda given: {name: np.array(values) for name, values in given.items()},
    lambda given: {"more": [None] * len(given["a"]), **given},
    as_objects,
    as_pandas,
    as_polars,
    lambda given: as_pandas(dict(reversed(given.items()))),
]


@pytest.mark.parametrize("count", [1, 2, FEW])
@pytest.mark.parametrize("form", range(len(FORMS)))
@pytest.mark.parametrize("scale", SCALES)
def test_a_mixed_table_is_read_the_same_either_way(scale: str, form: int, count: int, tmp_path: Path) -> None:
    agree(reader(tmp_path, MIXED, f"{BLOCK}; {scale}"), FORMS[form](rows(count, True)))


@pytest.mark.parametrize("count", [1, FEW])
@pytest.mark.parametrize("form", range(len(FORMS)))
@pytest.mark.parametrize("scale", SCALES)
def test_a_table_of_numbers_is_read_the_same_either_way(scale: str, form: int, count: int, tmp_path: Path) -> None:
    agree(reader(tmp_path, NUMBERS, f"{BLOCK}; {scale}"), FORMS[form](rows(count, False)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
def test_arrays_of_numbers_of_any_width(dtype: type, tmp_path: Path) -> None:
    agree(reader(tmp_path, NUMBERS, f"{BLOCK}; scale zscore"), np.arange(6).reshape(2, 3).astype(dtype))
    agree(reader(tmp_path, NUMBERS, f"{BLOCK}; scale zscore"), np.arange(12)[::2].reshape(2, 3).astype(dtype))


ASIDE: dict[str, tuple[dict[str, object], bool]] = {
    "a gap": ({"a": [None]}, True),
    "a gap of numbers": ({"a": [np.nan]}, True),
    "a missing mark": ({"kind": ["NA"]}, True),
    "an unseen category": ({"kind": ["violet"]}, True),
    "a category with blanks": ({"kind": [" red "]}, True),
    "a number as text": ({"a": ["1.5"]}, True),
    "a truth value as text": ({"member": ["true"]}, True),
    "an infinity": ({"a": [np.inf]}, False),
    "text where numbers were": ({"b": ["many"]}, False),
    "another length": ({"kind": ["red", "red"]}, False),
    "no list": ({"kind": "red"}, False),
    "no rows": ({name: [] for name in ("a", "kind", "b", "member", "c")}, False),
    "an object": ({"a": [object()]}, False),
    "a number beyond all": ({"a": [10**400]}, False),
    "a masked number": ({"a": np.ma.masked_array([7.0], [True])}, True),
    "a masked text": ({"kind": np.ma.masked_array(["red"], [True])}, True),
}


@pytest.mark.parametrize("what", ASIDE)
@pytest.mark.parametrize("form", [0, 3, 4])
def test_what_needs_thought_goes_the_long_way(what: str, form: int, tmp_path: Path) -> None:
    reading = reader(tmp_path, MIXED, f"{BLOCK}; scale zscore")
    change, readable = ASIDE[what]
    given = {**rows(1, True), **change}
    if "masked" in what:
        form = 0
    if (form and len({len(values) for values in given.values() if isinstance(values, list)}) > 1) or what == "no list":
        form = 0
    x = FORMS[form](given)
    assert reading.short is not None and reading.short.read(x) is None
    if readable:
        assert np.array_equal(reading.read(x)["inputs"], long_way(reading, x))
        return
    with pytest.raises(DataError) as ours:
        reading.read(x)
    with pytest.raises(DataError) as theirs:
        long_way(reading, x)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    "more", ["scale log", "missing marks 5", "column kind: ordered(red, green, blue)", "column d = a / c"]
)
def test_columns_that_need_more_have_no_short_way(more: str, tmp_path: Path) -> None:
    assert reader(tmp_path, MIXED, f"{BLOCK}; {more}").short is None


def test_a_flag_stays_zero_where_nothing_is_missing(tmp_path: Path) -> None:
    content = MIXED.replace("a,kind,b,member,c,y\n", "a,kind,b,member,c,y\n,red,,true,1.0,0\n" * 1)
    content = content + ",,3,true,,1\n" * 6
    reading = reader(tmp_path, content, 'csv "t.csv"; target y; missing median with flag; scale zscore')
    assert any(plan.flag for plan in reading.fitted.table.columns)
    agree(reading, rows(3, True))


def test_a_label_that_is_also_a_mark_goes_the_long_way(tmp_path: Path) -> None:
    """`missing constant NA` makes NA a label, and as a cell it stands for a gap."""
    content = MIXED + ",,3,true,,1\n" * 6
    reading = reader(
        tmp_path, content, 'csv "t.csv"; target y; missing median; missing constant "NA" of kind with flag'
    )
    assert reading.short is not None
    given = {**rows(1, True), "kind": ["NA"]}
    assert reading.short.read(given) is None
    agree(reading, rows(2, True))


def test_masked_cells_are_gaps(tmp_path: Path) -> None:
    """In an array as in a column, whether something fills them or not."""
    filling = reader(tmp_path, NUMBERS, f"{BLOCK}; scale zscore")
    cells = np.ma.masked_array([[1.0, 2.0, 3.0]], [[True, False, False]])
    assert np.array_equal(filling.read(cells)["inputs"], filling.read(np.array([[np.nan, 2.0, 3.0]]))["inputs"])
    refusing = reader(tmp_path, NUMBERS, 'csv "t.csv"; target y')
    with pytest.raises(DataError, match=r'^column "a", row 0: a missing value'):
        refusing.read(cells)
