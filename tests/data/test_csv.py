"""CSV: what is accepted means what it looks like; what is not is named by line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dslc.data.schema import Task
from dslc.diagnostics import DataError, ModelError

from .model import dataset, matrix, only, raw

ACCEPTED = {
    "plain": b"a,b,y\n1,2,3\n4,5,6\n",
    "no newline at the end": b"a,b,y\n1,2,3\n4,5,6",
    "byte order mark": b"\xef\xbb\xbfa,b,y\n1,2,3\n4,5,6\n",
    "crlf": b"a,b,y\r\n1,2,3\r\n4,5,6\r\n",
    "cr": b"a,b,y\r1,2,3\r4,5,6\r",
    "quotes": b'"a","b","y"\n"1","2",3\n4,"5",6\n',
    "blanks": b"a, b ,y\n1, 2 ,3\n 4,5,6\n",
    "blank lines": b"\na,b,y\n\n1,2,3\n\n4,5,6\n\n",
    "notations": b"a,b,y\n1.0,+2,3e0\n.4e1,5.,0006\n",
}


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    data = dataset('csv "a.csv"; target y', tmp_path, Task.VALUES)
    assert matrix(data).tolist() == [[1, 2], [4, 5]]
    assert only(data).tolist() == [3, 6]
    assert data.schema.inputs[0].columns == ("a", "b")
    assert data.schema.inputs[0].shape == (2,)


LATIN = 'the option `encoding "latin-1"` reads it as Latin-1'
TEXT = "(`column a: category` reads text)"
REFUSED = {
    "empty": (b"", "a.csv: the file is empty"),
    "blank": (b"\n\n", "a.csv: the file is empty"),
    "header only": (b"a,y\n", "a.csv: no rows below the header"),
    "numbers first": (b"1,2\n3,4\n", "a.csv:1: the first line holds numbers; a line of column names was expected"),
    "same names": (b"a,y,a\n1,2,3\n", 'a.csv:1: two columns are named "a"'),
    "no name": (b"a,,y\n1,2,3\n", "a.csv:1: column 2 has no name"),
    "short row": (b"a,y\n1,2\n3\n", "a.csv:3: 1 cells, but the header names 2"),
    "long row": (b"a,y\n1,2,\n", "a.csv:2: 3 cells, but the header names 2"),
    "text later": (b"a,y\n1,2\nabc,4\n", f'a.csv:3: column "a": "abc" is not a number {TEXT}'),
    "underscore": (b"a,y\n1,2\n1_000,4\n", f'a.csv:3: column "a": "1_000" is not a number {TEXT}'),
    "decimal comma": (b'a,y\n1,2\n"1,5",4\n', f'a.csv:3: column "a": "1,5" is not a number {TEXT}'),
    "infinite": (b"a,y\n1,2\n-inf,4\n", 'a.csv:3: column "a": -inf is not a finite number'),
    "too large": (b"a,y\n1e999,2\n", 'a.csv:2: column "a": inf is not a finite number'),
    "after a quoted line break": (b'a,"y\n1"\n1,"2\n"\nx,3\n', f'a.csv:5: column "a": "x" is not a number {TEXT}'),
    "after blank lines": (b"a,y\n\n1,2\n\n\nx,3\n", f'a.csv:6: column "a": "x" is not a number {TEXT}'),
    "open quote": (b'a,y\n1,"2\n', "a.csv:2: unexpected end of data"),
    "latin-1": (
        b"a,y\n1,2\n\xe9,3\n",
        'a.csv:3: byte 0xe9 is not UTF-8 text; the option `encoding "latin-1"` reads it as Latin-1',
    ),
    "long cell": (b"a,y\n1,2\n" + b"z" * 99 + b",3\n", f'a.csv:3: column "a": "{"z" * 37}..." is not a number {TEXT}'),
    "giant cell": (b"a,y\n1," + b"9" * 200_000 + b"\n", "a.csv:2: field larger than field limit (131072)"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    target = "`y\n1`" if b'"y\n1"' in content else "y"
    with pytest.raises(DataError) as caught:
        raw(f'csv "a.csv"{"; target y" if target == "y" else ""}', tmp_path)
    assert str(caught.value) == message


def test_what_is_ignored_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,lab_a,lab_b,note,y\nann,1,2,,0\nbob,3,4,x,1\n")
    ignoring = dataset('csv "a.csv"; target y; ignore name, note', tmp_path)
    choosing = dataset('csv "a.csv"; target y; only lab_*', tmp_path)
    for data in (ignoring, choosing):
        assert data.schema.inputs[0].columns == ("lab_a", "lab_b")
        assert matrix(data).tolist() == [[1, 2], [3, 4]]


def test_a_pattern_passes_over_the_target_and_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("b,a,y\n1,2,0\n3,4,1\n")
    assert dataset('csv "a.csv"; target y; only y*, a, b*', tmp_path).schema.inputs[0].columns == ("b", "a")


def test_separator_and_decimal_sign(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;y\n1,5;2\n-3;4,25\n")
    data = dataset('csv "a.csv" { separator ";"; decimal "," }; target y', tmp_path, Task.VALUES)
    assert matrix(data).tolist() == [[1.5], [-3]]
    (tmp_path / "a.csv").write_text("a;y\n1,5;2\n1.5;4\n")
    with pytest.raises(DataError, match=r'a.csv:3: column "a": "1.5" is not a number'):
        raw('csv "a.csv" { separator ";"; decimal "," }; target y', tmp_path)


def test_quoted_names_of_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mean radius,class id\n1,0\n2,1\n")
    data = dataset('csv "a.csv"; target `class id`; only `mean radius`', tmp_path)
    assert data.schema.inputs[0].columns == ("mean radius",)


def test_stratified_by_a_column_that_is_no_input(tmp_path: Path) -> None:
    lines = "".join(f"{k},{k % 2},{k}\n" for k in range(20))
    (tmp_path / "a.csv").write_text("a,sex,y\n" + lines)
    data = dataset('csv "a.csv"; target y; ignore sex; split 50/50 stratified sex', tmp_path, Task.VALUES)
    assert data.schema.inputs[0].columns == ("a",)
    assert np.bincount(data.train % 2).tolist() == [5, 5]


def test_a_table_without_a_target_is_all_inputs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    data = dataset('csv "a.csv"', tmp_path)
    assert data.beside == {} and data.schema.targets == ()
    assert data.inputs["inputs"].shape == (1, 2)


def test_the_caller_may_name_any_place(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("a,y\n1,2\n")
    for key in ("", "../a.csv"):
        assert raw('csv "../a.csv"; target y', overrides={key: tmp_path / "elsewhere.csv"}).table.rows == 1


def test_a_path_that_replaces_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n1,2\n")
    with pytest.raises(DataError, match=r"the model file reads no `b\.csv`; it reads `a\.csv`"):
        raw('csv "a.csv"; target y', tmp_path, {"b.csv": tmp_path / "a.csv"})
    with pytest.raises(DataError, match="come from Python"):
        raw("input x: [4]; target y: class(3)", tmp_path, {"": tmp_path / "a.csv"})


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,y\n1,2\n")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ModelError, match="outside-folder"):
        raw('csv "a.csv"; target y', folder)


def test_a_file_beyond_the_budget_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n1,2\n")
    with pytest.raises(DataError, match=r"a.csv: 8 bytes, more than the budget of 7"):
        raw('csv "a.csv"; target y', tmp_path, budget=7)


def test_paths_that_cannot_be_followed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    for path in ("a.csv", "x" * 5000, "", "a.csv/b.csv"):
        with pytest.raises(ModelError, match="file-not-found"):
            raw(f'csv "{path}"; target y', tmp_path)


def test_a_file_of_numbers_is_read_to_the_same_bits_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(1)
    cells = draw.normal(size=(300, 3)) * 10.0 ** draw.integers(-300, 300, (300, 3))
    text = "\r\n".join(["a,b,y", *(",".join(map(repr, row)) for row in cells.tolist())])
    (tmp_path / "a.csv").write_text(text + "\r\n", newline="")
    plain = raw('csv "a.csv"; target y', tmp_path).table
    monkeypatch.setattr("dslc.data.csv_columns.scan", lambda *_: None)
    slow = raw('csv "a.csv"; target y', tmp_path).table
    for name in "ab":
        assert np.array_equal(plain.columns[name].values, slow.columns[name].values)
        assert np.array_equal(plain.columns[name].values, cells[:, "ab".index(name)])
    assert [plain.origin.place("a", k) for k in (0, 299)] == [slow.origin.place("a", k) for k in (0, 299)]


def test_a_file_larger_than_a_block(tmp_path: Path) -> None:
    lines = [f"{k},{'x' if k % 2 else 'z'},{k % 3}" for k in range(20_000)]
    (tmp_path / "a.csv").write_text("\n".join(["a,b,y", *lines]))
    table = raw('csv "a.csv"; target y', tmp_path).table
    assert table.columns["a"].values.tolist() == list(range(20_000))
    lines[17_000] = "seven,x,0"
    (tmp_path / "a.csv").write_text("\n".join(["a,b,y", *lines]))
    with pytest.raises(DataError, match=r'a.csv:17002: column "a": "seven" is not a number'):
        raw('csv "a.csv"; target y', tmp_path)


def test_thousands_of_columns(tmp_path: Path) -> None:
    names = [f"c{k}" for k in range(5000)]
    lines = [",".join(["1.5"] * 4999 + [str(k)]) for k in (0, 1)]
    (tmp_path / "a.csv").write_text("\n".join([",".join(names), *lines]))
    assert dataset('csv "a.csv"; target c4999', tmp_path).inputs["inputs"].shape == (2, 4999)
