"""Tables as people send them: what is read means what the rule says, what is not is told by line and column."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.data.schema import Task
from dslc.diagnostics import DataError, ModelError
from dslc.model import Model

from .model import dataset

READ: dict[str, tuple[bytes, str, list[list[float]]]] = {
    "one row": (b"a,y\n1,2\n", "", [[1]]),
    "a constant column, zscore": (b"a,b,y\n5,1,1\n5,3,2\n", "scale zscore", [[0, -1], [0, 1]]),
    "a constant column, minmax": (b"a,b,y\n5,1,1\n5,3,2\n", "scale minmax 0..1", [[0, 0], [0, 1]]),
    "a constant column, robust": (b"a,b,y\n5,1,1\n5,3,2\n", "scale robust", [[0, -1], [0, 1]]),
    "a constant column, log": (b"a,b,y\n0,1,1\n0,0,2\n", "scale log", [[0, np.log(2)], [0, 0]]),
    "a constant category": (b"a,b,y\nx,1,1\nx,2,2\n", "", [[1, 1], [1, 2]]),
    "a constant of 1e300": (b"a,y\n1e300,1\n1e300,2\n", "scale minmax 0..1", [[0], [0]]),
    "names that differ in case": (b"a,A,y\n1,2,3\n", "", [[1, 2]]),
    "a mark order in UTF-8 and CRLF": (b"\xef\xbb\xbfa,y\r\n1,2\r\n", "", [[1]]),
    "line ends of three kinds": (b"a,y\r\n1,2\n3,4\r5,6\n", "", [[1], [3], [5]]),
    "line breaks in quotes": (b'"a",y\r\n"x\r\nz",1\r\n"x\nz",2\r\n', "", [[0, 1], [1, 0]]),
    "text, then a number": (b"a,y\nx,2\n1,3\n", "", [[0, 1], [1, 0]]),
    "an empty cell in quotes": (b'a,y\n1,2\n"",3\n5,1\n', "missing mean", [[1], [3], [5]]),
    "every mark of a gap": (b"a,y\n1,2\nNA,3\n n/a ,3\nNaN,1\nNULL,1\n?,1\n,1\n", "missing mean", [[1]] * 7),
    "numbers below all floats": (b"a,y\n1e-999,2\n-0.0,3\n", "", [[0], [0]]),
    "blanks that are no space": ("a,y\n\u00a05,2\n\t6\f,3\n".encode(), "", [[5], [6]]),
    "a formula of another program": (b"a,y\n=1+1,2\n=1+2,3\n", "", [[1, 0], [0, 1]]),
    "Latin-1 that says so": ("stadt,y\nKöln,0\nBonn,1\n".encode("latin-1"), 'encoding "latin-1"', [[0, 1], [1, 0]]),
}

TEXT = re.escape("`column a: category` reads text")
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "", r"a\.csv: the file is empty"),
    "blank lines": (b"\n\r\n\n", "", r"a\.csv: the file is empty"),
    "only a header": (b"a,y\n", "", r"a\.csv: no rows below the header"),
    "only commas": (b",,\n,,\n", "", r"a\.csv:1: column 1 has no name"),
    "a comma behind the header": (b"a,y,\n1,2,3\n", "", r"a\.csv:1: column 3 has no name"),
    "a name twice": (b"a, a,y\n1,2,3\n", "", r'a\.csv:1: two columns are named "a"'),
    "no header": (b"1,2\n3,4\n", "", r"a\.csv:1: the first line holds numbers"),
    "semicolons": (b"a;y\n1;2\n", "", r"a\.csv:1: the header is one column with `;` in it; `separator`"),
    "tabs": (b"a\ty\n1\t2\n", "", r"a\.csv:1: the header is one column with a tab in it"),
    "no semicolons": (b"a,y\n1,2\n", 'separator ";"', r"a\.csv:1: the header is one column with `,` in it"),
    "a short row": (b"a,y\n1,2\n\n3\n", "", r"a\.csv:4: 1 cells?, but the header names 2"),
    "a long row": (b"a,y\n1,2\n3,4,5\n", "", r"a\.csv:3: 3 cells, but the header names 2"),
    "a row of blanks": (b"a,y\n1,2\n \n", "", r"a\.csv:3: 1 cells?, but the header names 2"),
    "an open quote": (b'a,y\n1,2\n"3\n4,5\n', "", r"a\.csv:3: "),
    "text behind a quote": (b'a,y\n1,2\n"1"2,3\n', "", r"a\.csv:3: "),
    "UTF-16": ("a,y\n1,2\n".encode("utf-16"), "", r"a\.csv: the file is UTF-16 text; save it as UTF-8"),
    "UTF-16 without a mark": ("a,y\n1,2\n".encode("utf-16-be"), "", r"a\.csv:1: a zero byte"),
    "a zero byte": (b"a,y\n1,2\nx\0y,3\n", "", r"a\.csv:3: a zero byte, which no text holds"),
    "a zero byte in Latin-1": (b"a,y\n1,2\nx\0y,3\n", 'encoding "latin-1"', r"a\.csv:3: a zero byte"),
    "zeros": (bytes(5000), "", r"a\.csv:1: a zero byte"),
    "Latin-1 that does not say so": ("a,y\n1,2\né,3\n".encode("latin-1"), "", r"a\.csv:3: byte 0xe9 is not UTF-8"),
    "half of a surrogate": (b"a,y\n1,2\n\xed\xa0\x80,3\n", "", r"a\.csv:3: byte 0xed is not UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "", r"a\.csv:\d: "),
    "text among numbers": (b"a,y\n1,2\n\nx,3\n", "", rf'a\.csv:4: column "a": "x" is not a number \({TEXT}\)'),
    "1e999": (b"a,y\n1,2\n1e999,3\n", "", r'a\.csv:3: column "a": inf is not a finite number'),
    "400 digits": (b"a,y\n1,2\n-" + b"9" * 400 + b",3\n", "", r'a\.csv:3: column "a": -inf is not a finite number'),
    "infinity": (b"a,y\n1,2\nInfinity,3\n", "", r'a\.csv:3: column "a": inf is not a finite number'),
    "1e999 as the target": (b"a,y\n1,2\n3,1e999\n", "", r'a\.csv:3: column "y": inf is not a finite number'),
    "0x10": (b"a,y\n1,2\n0x10,3\n", "", r'a\.csv:3: column "a": "0x10" is not a number'),
    "1_000": (b"a,y\n1,2\n1_000,3\n", "", r'a\.csv:3: column "a": "1_000" is not a number'),
    "1,000": (b'a,y\n1,2\n"1,000",3\n', "", r'a\.csv:3: column "a": "1,000" is not a number'),
    "5%": (b"a,y\n1,2\n5%,3\n", "", r'a\.csv:3: column "a": "5%" is not a number'),
    "a minus of typographers": ("a,y\n1,2\n−5,3\n".encode(), "", r'a\.csv:3: column "a": "−5" is not a number'),
    "truth values and numbers": (b"a,y\ntrue,2\n1,3\n", "", r'a\.csv:3: column "a": "1" is neither true nor false'),
    "a day that is none": (
        b"a,y\n2020-01-01,2\n2021-02-29,3\n",
        "ignore a; column m = month(a)",
        r'a\.csv:3: column "a": "2021-02-29" is not a date',
    ),
    "a gap": (b"a,y\n1,2\n,3\n", "", r'a\.csv:3: column "a": a missing value \(`missing median`'),
    "a column of gaps": (b"a,b,y\n1,,2\n2,,3\n", "missing mean", r'a\.csv:2: column "b": no training row has a value'),
    "no target at all": (b"a,y\n1,\n2,\n", "", r'a\.csv:2: column "y": no row has a target'),
    "a level that is none": (
        b"a,y\ns,1\nx,2\n", "column a: ordered(s, m, l)", r'a\.csv:3: column "a": "x" is none of s, m, l'
    ),
    "a cell of 200 kB": (b"a,y\n1,2\n" + b"z" * 200_000 + b",3\n", "", r"a\.csv:3: .{0,120}"),
    "a header of 200 kB": (b"z" * 200_000 + b",y\n1,2\n", "", r"a\.csv:1: .{0,120}"),
    "too few rows": (b"a,y\n1,2\n3,4\n", "split 70/15/15", r"2 rows are too few for the split 70/15/15"),
}  # fmt: skip


def block(rules: str) -> str:
    option = f" {{ {rules} }}" if rules.startswith(("encoding", "separator")) else ""
    return f'csv "a.csv"{option}; target y{"; " + rules if rules and not option else ""}'


@pytest.mark.parametrize("case", READ)
def test_what_is_read_means_what_the_rule_says(case: str, tmp_path: Path) -> None:
    content, rules, expected = READ[case]
    (tmp_path / "a.csv").write_bytes(content)
    np.testing.assert_array_equal(dataset(block(rules), tmp_path, Task.VALUES).inputs["inputs"], expected)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_told_by_line_and_column(case: str, tmp_path: Path) -> None:
    content, rules, message = REFUSED[case]
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=f"^{message}") as caught:
        dataset(block(rules), tmp_path, Task.VALUES)
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


def test_ten_thousand_columns(tmp_path: Path) -> None:
    names = [f"c{k}" for k in range(9_999)]
    cells = np.random.default_rng(0).normal(size=(6, 9_999)).round(3)
    lines = [",".join([*map(repr, row), str(k)]) for k, row in enumerate(cells.tolist())]
    (tmp_path / "a.csv").write_text("\n".join([",".join([*names, "y"]), *lines]), "utf-8")
    data = dataset('csv "a.csv"; target y; missing mean; scale zscore', tmp_path, Task.VALUES)
    np.testing.assert_allclose(data.inputs["inputs"], (cells - cells.mean(0)) / cells.std(0), rtol=1e-12, atol=1e-12)
    lines[4] = lines[4].replace(",", ",x,", 1).rsplit(",", 2)[0] + ",1"
    (tmp_path / "a.csv").write_text("\n".join([",".join([*names, "y"]), *lines]), "utf-8")
    with pytest.raises(DataError, match=r'^a\.csv:6: column "c1": "x" is not a number'):
        dataset('csv "a.csv"; target y', tmp_path, Task.VALUES)


def test_without_a_column_but_the_target_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("y\n1\n2\n")
    with pytest.raises(ModelError, match="no-inputs"):
        dataset('csv "a.csv"; target y', tmp_path, Task.VALUES)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("model")
    (folder / "a.csv").write_text("a,kind,member,y\n1,x,true,0\n2,z,false,1\n,x,true,0\n4,,true,1\n")
    (folder / "m.dsl").write_text(
        'data { csv "a.csv"; target y; missing median of a; missing mode of kind }\n'
        "net { inputs | dense(outputs) }\nloss squared_error\ntrain { sgd(0.1) }\n"
    )
    return dslc.compile(folder / "m.dsl", backend="reference")


PREDICTED: dict[str, tuple[bytes, int]] = {
    "columns in another order, among others": (b"z,member,kind,a\n9,true,x,1\n", 1),
    "gaps where training had some": (b"a,kind,member\n,,true\nNA,?,false\n", 2),
    "a mark order, CRLF, blank lines": (b"\xef\xbb\xbfa,kind,member\r\n\r\n1,x,true\r\n\r\n", 1),
    "the target, with gaps": (b"a,kind,member,y\n1,x,true,\n", 1),
}
UNFIT: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", r"the file is empty"),
    "only a header": (b"a,kind,member\n", r"no rows below the header"),
    "a column is missing": (b"a,kinds,member\n1,x,true\n", r'no column is named "kind", .*did you mean "kinds"\?'),
    "text for a number": (b"a,kind,member\n1,x,true\nx,x,true\n", r'b\.csv:3: column "a": "x" is not a number'),
    "text for a truth value": (b"a,kind,member\n1,x,yes\n", r'b\.csv:2: column "member": "yes" is neither true nor'),
    "1e999": (b"a,kind,member\n1e999,x,true\n", r'b\.csv:2: column "a": inf is not a finite number'),
    "a gap where training had none": (
        b"a,kind,member\n1,x,true\n1,x,\n",
        r'b\.csv:3: column "member": a missing value',
    ),
    "a short row": (b"a,kind,member\n1,x\n", r"b\.csv:2: 2 cells, but the header names 3"),
    "a zero byte": (b"a,kind,member\n1,\0,true\n", r"b\.csv:2: a zero byte"),
}


@pytest.mark.parametrize("case", PREDICTED)
def test_rows_to_predict(case: str, model: Model, tmp_path: Path) -> None:
    content, rows = PREDICTED[case]
    (tmp_path / "b.csv").write_bytes(content)
    assert model.predict(model.read_rows(tmp_path / "b.csv")).shape == (rows,)


@pytest.mark.parametrize("case", UNFIT)
def test_rows_that_cannot_be_predicted_are_told_by_line_and_column(case: str, model: Model, tmp_path: Path) -> None:
    content, message = UNFIT[case]
    (tmp_path / "b.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        model.predict(model.read_rows(tmp_path / "b.csv"))
