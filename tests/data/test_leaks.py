"""Nothing leaks: whatever stands in the rows to validate and test on, the trained weights are the same to the bit.

Which part a row belongs to depends on how many rows have a target, on the seed, and on the column that a split is
stratified by; all three are held fixed here. Rows that `missing drop rows` leaves out are left out after the split, so
that the others keep their parts.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.data.split import split_random

ROWS = 70
FILLS = (
    "missing median", "missing mean", "missing mode", "missing mode; missing constant 7 of b, sparse",
    "missing median with flag", "missing mode with flag", "missing drop rows", "missing drop rows; missing mean of b",
    "missing drop columns above 30%; missing mean", "missing drop columns above 30%; missing drop rows",
    "missing marks -1; missing mean; missing constant other of kind",
)  # fmt: skip
SCALES = (
    "scale zscore", "scale minmax 0..1", "scale robust", "scale log", "scale none",
    "scale robust; scale minmax -1..1 of s*; scale log of b",
)  # fmt: skip
TARGETS = {
    "classes": ("target label; class_weight balanced", "cross_entropy"),
    "positive": ('target answer positive "no"', "binary_cross_entropy"),
    "values": ("target a; scale target zscore; sample_weight weight", "huber"),
    "logarithms": ("target wild; scale target log", "squared_error"),
    "quartiles": ("target a; scale target robust", "absolute_error"),
    "range": ("target a; scale target minmax 0..1", "squared_error"),
}

HEADER = "a,b,wild,size,kind,flag,sparse,label,answer,weight"
KNOWN = (
    "0.5,-300,7,small,red,true,1,x,yes,1", "1.5,NA,1e3,large,blue,false,,y,no,2", "-2,-290,-4,medium,,true,2,x,no,0.5",
)  # fmt: skip
OTHERS = (
    "9e12,-9e12,1e12,large,violet,,NA,y,no,900", ",,,,,,,x,yes,0.1", "0,0,0,small,red,false,5,y,yes,1",
    "-1,-1,1e-300,medium,Ünseen,true,-7e9,x,no,3.5", "4,NA,?,large,other,n/a,3,y,yes,1e6",
)  # fmt: skip
"""What rows that do not train are changed to: extremes, gaps, marks, categories that no training row has."""


def text(fill: str, scale: str, target: str) -> str:
    columns, loss = TARGETS[target]
    own = columns.split()[1].rstrip(";")
    ignored = ", ".join({"label", "answer", "weight"} - {own, *(["weight"] if "sample_weight" in columns else [])})
    return f"""
data {{
  csv "rows.csv"; {columns}; ignore {ignored}; split 60/20/20 seed 3
  column size: ordered(small, medium, large); column sum = size / 2 + 1
  {fill}; {scale}
}}
net {{ inputs | dense(5) | relu | dropout(20%) | dense(outputs) }}
loss {loss}
train {{ adam(1e-2); batch 16; epochs 2; seed 2 }}
"""


def rows() -> list[list[str]]:
    draw = np.random.default_rng(5)
    made = []
    for _ in range(ROWS):
        cells = [draw.choice([row.split(",")[k] for row in KNOWN]) for k in range(len(HEADER.split(",")))]
        made.append([f"{draw.uniform(1, 9):.4f}", *cells[1:]])
    return made


def written(folder: Path, table: list[list[str]]) -> None:
    (folder / "rows.csv").write_text("\n".join([HEADER, *(",".join(row) for row in table)]), "utf-8")


def changed(table: list[list[str]], train: set[int], target: str) -> list[list[str]]:
    """The table with every cell of the rows outside `train` another; the target has no gap."""
    place = HEADER.split(",").index(TARGETS[target][0].split()[1].rstrip(";"))
    draw = np.random.default_rng(6)
    result = []
    for k, row in enumerate(table):
        other = [draw.choice([row.split(",")[c] for row in OTHERS]) for c in range(len(row))]
        if other[place] in ("", "NA", "?", "-1") or "e12" in other[place]:
            other[place] = row[place]
        result.append(row if k in train else other)
    return result


def weights(folder: Path) -> str:
    model = dslc.compile(folder / "m.dsl", backend="reference", dtype="float64")
    model.fit()
    return hashlib.sha256(b"".join(w.tobytes() for w in model.weights.values())).hexdigest()


def assert_no_leak(folder: Path, fill: str, scale: str, target: str) -> None:
    (folder / "m.dsl").write_text(text(fill, scale, target), "utf-8")
    table, train = rows(), set(split_random(ROWS, (Fraction(3, 5), Fraction(1, 5), Fraction(1, 5)), 3).train.tolist())
    written(folder, table)
    before = weights(folder)
    written(folder, changed(table, train, target))
    assert weights(folder) == before


PAIRS = [(fill, scale) for fill in FILLS for scale in SCALES]
SOME = [(fill, scale) for fill, scale in PAIRS if scale == SCALES[0] or fill == "missing drop rows"]


@pytest.mark.parametrize(("fill", "scale"), SOME)
def test_no_fill_and_no_scale_learns_from_rows_that_do_not_train(fill: str, scale: str, tmp_path: Path) -> None:
    assert_no_leak(tmp_path, fill, scale, "classes")


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("fill", "scale"), PAIRS)
def test_no_fill_scale_and_target_learn_from_rows_that_do_not_train(
    fill: str, scale: str, target: str, tmp_path: Path
) -> None:
    assert_no_leak(tmp_path, fill, scale, target)


def test_rows_that_train_are_learnt_from(tmp_path: Path) -> None:
    (tmp_path / "m.dsl").write_text(text(FILLS[0], SCALES[0], "classes"), "utf-8")
    table = rows()
    written(tmp_path, table)
    before = weights(tmp_path)
    for row in table[:5]:
        row[0] = f"-{row[0]}"
    written(tmp_path, table)
    assert weights(tmp_path) != before


@pytest.mark.parametrize("fill", ["missing drop rows"])
@pytest.mark.parametrize("target", TARGETS)
def test_no_target_is_scaled_or_weighed_by_rows_that_do_not_train(fill: str, target: str, tmp_path: Path) -> None:
    assert_no_leak(tmp_path, fill, "scale zscore", target)


@pytest.mark.filterwarnings("ignore::dslc.DataWarning")
@pytest.mark.parametrize("kind", ["arrays", "columns"])
def test_rows_to_validate_on_from_python_are_not_learnt_from(kind: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(3, 2, (30, 3)), np.arange(30) % 2
    block = "input x: [3]; target y: class(2); scale zscore"
    if kind == "columns":
        (tmp_path / "rows.csv").write_text("a,b,k,y\n1,2,u,0\n,4,v,1\n2,5,u,1\n", "utf-8")
        block = 'csv "rows.csv"; target y; missing median with flag; scale robust'
    net = f"net {{ {'inputs' if kind == 'columns' else 'x'} | dense(4) | relu | dropout(20%) | dense(outputs) }}"
    (tmp_path / "m.dsl").write_text(
        f"data {{ {block} }}\n{net}\nloss cross_entropy\ntrain {{ adam(1e-2); batch 8; epochs 2 }}\n", "utf-8"
    )

    def rows(shift: float, gap: float, label: str) -> object:
        if kind == "arrays":
            return x * gap + shift
        return {"a": [None, *(x[1:, 0] * gap + shift)], "b": x[:, 1] - shift, "k": [label, "u", "v"] * 10}

    found = set()
    for shift, gap, label in ((0.0, 1.0, "u"), (1e9, 0.0, "new"), (-5.0, 1e6, "v")):
        model = dslc.compile(tmp_path / "m.dsl", backend="reference", dtype="float64")
        model.fit(rows(0.0, 1.0, "u"), y, validation=(rows(shift, gap, label), 1 - y))  # type: ignore[arg-type]
        found.add(b"".join(w.tobytes() for w in model.weights.values()))
    assert len(found) == 1
