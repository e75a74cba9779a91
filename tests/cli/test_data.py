"""`dslc data`: it shows what the file holds and what the net is fed, in 80 columns; its advice is only advice."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from example_models import MODELS, WITH_DATA
from model_files import FED

import dslc
from dslc.cli.data_text import figure
from dslc.cli.main import run
from dslc.model import TRAINING
from dslc.program.program import Element
from dslc.runtime.rows import sources_of

REST = "net { inputs | dense(outputs) }\nloss cross_entropy\ntrain { adam(1e-3); epochs 1 }\n"


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert run(["data", *map(str, arguments), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def text(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run(["data", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes `t.csv` and a model file over it; returns the latter's path."""

    def written(table: str, block: str = "target y; split 60/20/20", rest: str = REST) -> Path:
        (tmp_path / "t.csv").write_text(table, encoding="utf-8")
        path = tmp_path / "t.dsl"
        path.write_text(f'data {{ csv "t.csv"; {block} }}\n{rest}', encoding="utf-8")
        return path

    return written


def mixed(rows: int = 60) -> str:
    """A number with gaps, a constant, a category, a truth value, a mostly empty column; the last row has no target."""
    lines = ["x,one,kind,flag,rare,y"]
    for k in range(rows):
        x, rare, y = "" if k % 10 == 3 else k / 4, 1 if k % 20 == 0 else "", "no" if k % 3 else "yes"
        lines.append(f"{x},7,{'abc'[k % 3]},{'true' if k % 2 else 'false'},{rare},{y if k < rows - 1 else 'NA'}")
    return "\n".join(lines) + "\n"


# --- the overview ---------------------------------------------------------------------------------


def test_columns_are_those_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    record = shown(capsys, MODELS / "penguins.dsl")
    with (MODELS / "data" / "penguins.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (record["schema"], record["model"], record["rows"]) == (1, "penguins", len(rows))
    assert {column["name"] for column in record["columns"]} == set(rows[0]) - {"species", "year"}
    for column in record["columns"]:
        cells = [row[column["name"]] for row in rows]
        present = [cell for cell in cells if cell != "NA"]
        assert column["missing"] == len(cells) - len(present)
        if column["kind"] == "category":
            assert dict(column["counts"]) == {label: present.count(label) for label in set(present)}
            continue
        values = np.array(present, np.float64)
        spread = column["spread"]
        assert [spread["least"], spread["greatest"]] == [values.min(), values.max()]
        assert np.allclose([spread["mean"], spread["deviation"]], [values.mean(), values.std()], rtol=1e-12)
        assert spread["bins"] == np.histogram(values, 10)[0].tolist()


@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.stem)
def test_parts_and_classes_are_those_that_training_has(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = shown(capsys, path)
    model = dslc.compile(path, backend="reference")
    parts = {"train": model.dataset.train, "val": model.dataset.val, "test": model.dataset.test}
    assert record["parts"] == {name: len(rows) for name, rows in parts.items() if len(rows)}
    assert record["elements"] == sum(int(np.prod(field.shape)) for field in model.dataset.schema.inputs)
    stated = [name for name in model.dataset.beside if name not in model.dataset.inputs]
    assert [target["name"] for target in record["targets"]] == stated
    for target in record["targets"]:
        if target["classes"] is None:
            elements = int(np.prod(model.dataset.beside[target["name"]].shape[1:]))
            expected = {name: elements * count for name, count in record["parts"].items()}
            assert {name: spread["count"] for name, spread in target["spreads"].items()} == expected
            continue
        for name, rows in parts.items():
            ids = model.dataset.beside[target["name"]][rows].astype(int).ravel()
            counts = np.bincount(ids, minlength=len(target["classes"]))
            assert [one["rows"][name] for one in target["classes"]] == counts.tolist()


def test_values_of_a_target_are_in_its_own_unit(capsys: pytest.CaptureFixture[str]) -> None:
    (target,) = shown(capsys, MODELS / "diabetes.dsl")["targets"]
    assert target["spreads"]["train"]["least"] == pytest.approx(25, rel=1e-12)
    assert target["encoding"].startswith("zscore: (x - 149.7) / ")


def test_what_preparation_does_is_told(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    block = (
        "target y; split 60/20/20; scale minmax -1..1; scale log of one; missing drop columns above 60%;"
        " missing median; missing constant 0 of x with flag; class_weight balanced"
    )
    record = shown(capsys, write(mixed(), block))
    columns = {column["name"]: column for column in record["columns"]}
    assert columns["rare"]["prepared"] is None
    train = dslc.compile(write(mixed(), block), backend="reference").dataset.preparation
    assert train is not None and train.table is not None
    (kind,) = [plan for plan in train.table.columns if plan.name == "kind"]
    mode = kind.labels[int(kind.fill or 0)]
    assert columns["kind"]["prepared"] == {
        "gap": "filled",
        "fill": mode,
        "flag": False,
        "encoding": "one-hot of 3",
        "elements": 3,
    }
    assert columns["flag"]["prepared"]["encoding"] == "0 or 1"
    assert columns["one"]["prepared"]["encoding"] == "log"
    assert columns["x"]["prepared"]["fill"] == "0" and columns["x"]["prepared"]["flag"]
    assert re.fullmatch(r"minmax: x / 7\.\d+ - 1", columns["x"]["prepared"]["encoding"])
    assert record["elements"] == 7 == sum(c["prepared"]["elements"] for c in columns.values() if c["prepared"])
    assert record["left_out"] == ["1 of 60 rows have no `y` and are left out"]
    (target,) = record["targets"]
    assert target["missing"] == 1
    assert [one["weight"] > 1 for one in target["classes"]] == [False, True]
    out = text(capsys, write(mixed(), block))
    assert "dropped for their gaps: rare\n" in out
    assert "1 of 60 rows have no `y` and are left out\n" in out
    assert "weighs " in out


def test_dropped_rows_are_told_with_their_reason(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(mixed(), "target y; ignore rare; split 60/20/20; missing drop rows; sample_weight one")
    record = shown(capsys, path)
    assert record["left_out"] == [
        "1 of 60 rows have no `y` and are left out",
        "6 of 59 rows have missing cells and are left out",
    ]
    assert sum(record["parts"].values()) == 53
    assert {column["prepared"]["gap"] for column in record["columns"]} == {"row dropped"}
    assert "rows weigh as column one says\n" in text(capsys, path)


def test_the_view_of_the_penguins(golden: Callable[[Path, str], None], capsys: pytest.CaptureFixture[str]) -> None:
    whole = text(capsys, MODELS / "penguins.dsl") + "\n" + text(capsys, MODELS / "penguins.dsl", "--batch", 3)
    golden(Path(__file__).with_name("data_penguins.expected"), whole)


# --- before a file is whole, and where there is nothing to show --------------------------------------


def test_a_net_that_is_wrong_does_not_hide_the_data(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(mixed(), "target y; ignore rare; missing median", REST.replace("dense", "dens"))
    assert run(["check", str(path)]) == 1
    capsys.readouterr()
    assert shown(capsys, path)["parts"] == {"train": 59}


@pytest.mark.parametrize(("target", "classes"), [("y", True), ("flag", True), ("x", False)])
def test_a_file_with_nothing_but_data_is_shown(
    target: str, classes: bool, write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(mixed(), f"target {target}; only one, kind; missing median", "")
    (found,) = shown(capsys, path)["targets"]
    assert (found["classes"] is not None) is classes


def test_without_a_target_there_is_none(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, write(mixed(), "only one, flag", ""))["targets"] == []


def test_rows_from_python_are_not_there_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fed.dsl"
    path.write_text(FED, encoding="utf-8")
    assert run(["data", str(path)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"error: {path}:1:1: the rows come from Python with `fit`")


def test_faults_have_their_place(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", str(write(mixed(), "target z"))]) == 2
    assert "t.dsl:1:" in capsys.readouterr().err
    assert run(["data", "none.dsl"]) == 2
    assert run(["data", str(write("a,y\n1,x\noops,y\n"))]) == 2
    assert 't.csv:3: column "a"' in capsys.readouterr().err
    path = write(mixed())
    assert run(["data", str(path), "--batch", "2", "--html", "page.html"]) == 2
    assert run(["data", str(path), "--batch", "0"]) == 2


def test_other_data_may_be_named(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write(mixed(), "target y; ignore rare; missing median")
    (tmp_path / "u.csv").write_text(mixed(30), encoding="utf-8")
    assert shown(capsys, path, "--data", tmp_path / "u.csv")["rows"] == 30


# --- what the net sees ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.stem)
def test_a_batch_is_what_the_program_fetches(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = shown(capsys, path, "--batch", 5)
    model = dslc.compile(path, backend="reference")
    program = model.compilation.program(Element.F32, TRAINING, len(model.dataset.train))
    fetched = dict(zip(program.sources, sources_of(program, model.rows), strict=True))
    assert record["training_rows"] == len(model.dataset.train)
    assert len(record["rows"]) == 5
    for row, number in zip(record["rows"], model.dataset.train, strict=False):
        for name, values in row["inputs"].items():
            expected = fetched[f"input.{name}"][number]
            assert expected.dtype == np.float32
            assert np.array_equal(np.array(values, np.float32).reshape(expected.shape), expected)
        for name, value in row["beside"].items():
            goal = fetched[f"target.{name}"]
            assert np.array_equal(np.squeeze(np.array(value, goal.dtype)), np.squeeze(goal[number]))


def test_rows_are_named_as_the_file_counts_them(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    path = write(mixed(), "target y; ignore rare; missing drop rows; sample_weight one")
    record = shown(capsys, path, "--batch", 1000)
    lines = [int(row["row"].removeprefix("line ")) for row in record["rows"]]
    assert lines == [k + 2 for k in range(59) if k % 10 != 3]
    assert record["elements"] == {"inputs": ["x", "kind a", "kind b", "kind c", "flag"]}
    assert record["rows"][1] == {
        "row": "line 3",
        "inputs": {"inputs": [0.25, 0.0, 1.0, 0.0, 1.0]},
        "beside": {"y": 0},
        "weight": 1.0,
    }
    out = text(capsys, path, "--batch", 2)
    assert out.startswith("2 of 53 training rows of t\n\n")
    assert re.search(r"^line 3 +0\.25 +0\.0 +1\.0 +0\.0 +1\.0 +0 = no +1\.0$", out, re.MULTILINE)


def test_arrays_are_shown_with_their_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    out = text(capsys, MODELS / "digits.dsl", "--batch", 2)
    assert "\nrow 0  digit 0 = 0\nimage [8, 8, 1]\n  [[0. " in out
    assert out.count("image [8, 8, 1]") == 2
    assert max(map(len, out.splitlines())) <= 80


# --- advice ---------------------------------------------------------------------------------------


def test_advice_changes_no_exit_code(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    labels = [*("a" * 40), *("b" * 8), "c"]
    table = "x,one,y\n" + "".join(f"{k},1,{label}\n" for k, label in enumerate(labels))
    path = write(table, "target y; split 80/20")
    notes = {note["about"]: note["text"] for note in shown(capsys, path)["notes"]}
    assert notes["constant-columns"] == "`one` has a single value; `ignore` would leave it out"
    assert "`b`" in notes["rare-classes"] and notes["rare-classes"].endswith("fewer than 10 training rows")
    assert run(["data", str(path)]) == 0
    err = capsys.readouterr().err
    assert err.count("note: ") == len(notes) >= 2


def test_few_rows_for_many_predictors_are_noted(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    (note,) = [
        note["text"]
        for note in shown(capsys, write(mixed(), "target y; ignore rare; missing median"))["notes"]
        if note["about"] == "few-rows"
    ]
    assert note == "59 training rows are fewer than 10 for each of 6 predictors"
    assert not [n for n in shown(capsys, MODELS / "penguins.dsl")["notes"] if n["about"] == "few-rows"]


def test_few_images_of_a_class_are_noted(capsys: pytest.CaptureFixture[str]) -> None:
    (note,) = shown(capsys, MODELS / "digits.dsl")["notes"]
    assert (note["about"], note["text"][:23]) == ("few-images", "the rarest class of `di")


def test_a_class_that_a_part_lacks_is_noted(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    table = "x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(100))
    path = write(table, "target y: class(3); split 60/20/20")
    texts = [note["text"] for note in shown(capsys, path)["notes"] if note["about"] == "absent-classes"]
    assert texts == [f"no {part} row has `2` of `y`" for part in ("train", "val", "test")]


# --- how it reads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.stem)
@pytest.mark.parametrize("options", [[], ["--batch", "3"]])
def test_it_reads_well_at_80_columns(path: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert max(map(len, text(capsys, path, *options).splitlines())) <= 80


def test_thousands_of_columns_are_counted_and_json_has_all(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    count = 3000
    cells = np.random.default_rng(0).integers(0, 9, (40, count))
    names = ",".join(f"measurement_{'x' * 40}_{k}" for k in range(count))
    table = f"{names},y\n" + "".join(",".join(map(str, [*row, "ab"[k % 2]])) + "\n" for k, row in enumerate(cells))
    path = write(table, "target y; split 80/20; scale zscore")
    record = shown(capsys, path)
    assert len(record["columns"]) == record["elements"] == count
    out = text(capsys, path, "--html", tmp_path / "page.html")
    assert len(out.splitlines()) < 120
    assert out.count("and 2,960 more (--format json lists all)") == 2
    assert max(map(len, out.splitlines())) <= 80
    assert (tmp_path / "page.html").stat().st_size < 1_000_000
    batch = text(capsys, path, "--batch", 2)
    assert "and 2,936 more elements (--format json has all)" in batch
    assert max(map(len, batch.splitlines())) <= 80


HOSTILE = '<script>alert(1)</script>"&\x1b[31m'


def hostile_table() -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["x" + HOSTILE, "k" + HOSTILE, "y"])
    for k in range(40):
        writer.writerow([k, f"{HOSTILE}{k % 3}", f"{HOSTILE}{k % 2}"])
    return stream.getvalue()


def test_names_and_cells_of_the_file_command_no_terminal(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(hostile_table(), "target y; split 60/40")
    for options in ([], ["--batch", "3"]):
        assert run(["data", str(path), *options]) == 0
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        assert max(map(len, out.splitlines())) <= 80


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("model", ["penguins", "diabetes", "digits", "hostile"])
def test_the_page_stands_alone_and_runs_nothing(
    model: str, write: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write(hostile_table(), "target y; split 60/40") if model == "hostile" else MODELS / f"{model}.dsl"
    page = tmp_path / "page.html"
    assert run(["data", str(path), "--html", str(page)]) == 0
    assert f"page: {page}" in capsys.readouterr().err
    html = page.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(html)
    assert not tags.seen & {"script", "link", "img", "iframe", "object"}
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("src", "href")}
    assert {"svg", "table", "h2"} <= tags.seen
    assert "default-src &#x27;none&#x27;" in html
    assert "<script>" not in html and "nan" not in re.findall(r'(?:x|y|width|height)="([^"]*)"', html)


def test_a_page_that_cannot_be_written_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["data", str(MODELS / "penguins.dsl"), "--html", str(tmp_path / "none" / "page.html")]) == 2
    assert "no such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(("encoding", "bars"), [("ascii", "#"), ("utf-8", "█")])
def test_histograms_need_no_more_than_the_terminal_has(encoding: str, bars: str) -> None:
    command = [sys.executable, "-m", "dslc.cli.main", "data", str(MODELS / "diabetes.dsl")]
    result = subprocess.run(
        command, capture_output=True, check=True, env={"PYTHONIOENCODING": encoding, "PATH": "/usr/bin"}
    )
    out = result.stdout.decode(encoding)
    assert bars in out and "\\u" not in out


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"), (-0.0, "0"), (172, "172"), (4201.75, "4202"), (0.0628, "0.0628"), (-1234.5, "-1234"),
        (123456.7, "123457"), (1e300, "1e+300"), (-1.23456e-5, "-1.23e-05"), (2.5, "2.5"), (999999.9, "1000000"),
    ],
)  # fmt: skip
def test_figures_are_short(value: float, told: str) -> None:
    assert figure(value) == told
    assert len(told) <= 9


def test_several_arrays_and_values_are_each_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(0)
    arrays = {"a": draw.normal(size=(50, 4)), "b": draw.integers(0, 255, (50, 12, 12, 3), np.uint8)}
    np.savez(tmp_path / "m.npz", **arrays, t=draw.normal(size=(50, 2)))
    path = tmp_path / "m.dsl"
    path.write_text('data { npz "m.npz"; target t; split 60/20/20; scale zscore }\n', encoding="utf-8")
    record = shown(capsys, path)
    assert [(one["name"], one["shape"], one["stored"]) for one in record["arrays"]] == [
        ("a", [4], "float64"),
        ("b", [12, 12, 3], "uint8"),
    ]
    assert [one["encoding"] for one in record["arrays"]] == ["zscore", "zscore"]
    assert record["targets"][0]["spreads"]["train"]["count"] == 60
    assert record["elements"] == 4 + 432
    for options in ([], ["--batch", "2"]):
        assert max(map(len, text(capsys, path, *options).splitlines())) <= 80
    (row,) = shown(capsys, path, "--batch", 1)["rows"]
    assert np.shape(row["inputs"]["b"]) == (12, 12, 3) and [np.shape(of) for of in row["beside"].values()] == [(2,)]


def test_ordered_columns_and_a_positive_class(write: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    table = "size,x,y\n" + "".join(f"{('small', 'large', '')[k % 3]},{k},{'tf'[k % 2] * 2}\n" for k in range(30))
    block = 'column size: ordered(small, medium, large); target y positive "ff"; missing constant medium of size'
    record = shown(capsys, write(table, f"{block}; split 80/20; scale minmax of size", ""))
    size, _ = record["columns"]
    assert (size["kind"], size["counts"], size["missing"]) == ("ordered", [["large", 10], ["small", 10]], 10)
    assert (size["prepared"]["fill"], size["prepared"]["encoding"]) == ("medium", "minmax: x / 2")
    assert [column["prepared"]["gap"] for column in record["columns"]] == ["filled", "error"]
    assert [one["label"] for one in record["targets"][0]["classes"]] == ["tt", "ff"]
