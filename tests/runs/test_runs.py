"""Run folders: where they are made, what stands in them, and that nothing in them runs or is lost."""

from __future__ import annotations

import csv
import errno
import json
import os
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dslc.runs.folder import new_folder, point_latest
from dslc.runs.history import history_csv, metrics_jsonl
from dslc.runs.report import Report
from dslc.runs.settings import Replaced, settings_json, trained_text
from dslc.runtime.files import write_atomically

NOW = datetime(2026, 11, 23, 10, 45)
EPOCHS = [{"train.loss": 2.0, "val.loss": 1.5}, {"train.loss": 1.0, "val.loss": float("nan")}]


def test_a_run_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    folders = [new_folder(tmp_path, "digits", NOW) for _ in range(3)]
    assert [folder.name for folder in folders] == ["20261123-104500", "20261123-104500-2", "20261123-104500-3"]
    for folder in folders:
        point_latest(folder)
    assert (tmp_path / "digits" / "latest").resolve() == folders[-1].resolve()
    assert sorted(item.name for item in (tmp_path / "digits").iterdir()) == [*(f.name for f in folders), "latest"]


@pytest.mark.parametrize("name", ["../../escaped", "/etc", "..", "a b/c", "", "\udcff\n", "latest"])
def test_a_model_s_name_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    folder = new_folder(tmp_path, name, NOW)
    assert folder.resolve().parent.parent == tmp_path.resolve()


def test_without_links_latest_is_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no links here")

    folder = new_folder(tmp_path, "digits", NOW)
    monkeypatch.setattr(Path, "symlink_to", refused)
    point_latest(folder)
    assert (tmp_path / "digits" / "latest").read_text("utf-8") == folder.name


def test_a_full_disk_leaves_the_old_file_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "history.csv"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as raised:
        write_atomically(path, b"new")
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(path))
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == {"history.csv": b"old"}


def test_the_history_is_a_table() -> None:
    rows = list(csv.DictReader(history_csv(EPOCHS).splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[0]["val.loss"]) == 1.5


def test_metrics_are_json_lines_without_nan() -> None:
    first, second, last = (json.loads(line) for line in metrics_jsonl(EPOCHS, '{"schema": 1}').splitlines())
    assert first == {"epoch": 1, "train.loss": 2.0, "val.loss": 1.5}
    assert second == {"epoch": 2, "train.loss": 1.0, "val.loss": None}
    assert last == {"schema": 1}


# --- what it was given ----------------------------------------------------------------------------

TEXT = 'let width = 128 in 32..512; let kind = "a"\nnet { dense(width) }'


def _replaced(name: str, old: str, value: str) -> Replaced:
    start = TEXT.index(old)
    return Replaced(name, start, start + len(old), value, old.startswith('"'))


def test_the_text_has_the_values_that_were_set() -> None:
    text = trained_text(TEXT, [_replaced("width", "128", "64"), _replaced("kind", '"a"', "b")], ["--epochs 5"])
    model, _, notes = text.partition("\n\n")
    assert model == 'let width = 64 in 32..512; let kind = "b"\nnet { dense(width) }'
    assert [line.strip("# ") for line in notes.splitlines()] == [
        "Trained with:",
        "--set width=64, instead of 128",
        '--set kind=b, instead of "a"',
        "--epochs 5",
    ]


def test_without_anything_asked_the_text_is_the_file_s() -> None:
    assert trained_text(TEXT, [], []) == TEXT


@pytest.mark.parametrize("value", ['x"; net { step }', "a\nnet {}", "1 }", "\u2028", "\udcff"])
def test_a_value_that_the_language_cannot_write_stays_in_a_comment(value: str) -> None:
    for name, old in (("width", "128"), ("kind", '"a"')):
        text = trained_text(TEXT, [_replaced(name, old, value)], [f"--data {value}"])
        code = [line for line in text.split("\n") if line and not line.startswith("#")]
        assert len(code) == 2
        assert code[1] == "net { dense(width) }"


def test_settings_are_json_with_their_origins() -> None:
    read = json.loads(settings_json({"model": "\udcff", "threads": None}, [("let width", "64", "--set")]))
    assert read["schema"] == 1
    assert read["settings"] == [{"name": "let width", "value": "64", "origin": "--set"}]


# --- the report -----------------------------------------------------------------------------------

VOID = ("meta", "line", "path", "circle")


class Page(HTMLParser):
    """The tags that stand open, and those that a page which stands alone must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src") or name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


HOSTILE = '</pre></style><script>alert("x")</script><img src=x onerror=y> & "quoted" \'single\' ]]> \x00'


def _report(name: str, epochs: list[dict[str, float]]) -> str:
    rows = [(name, name, name)]
    return Report(name, name, epochs, (), (), 1, {"test": {name: 0.5}}, [], rows, rows, [(name, name)], name).to_html()


def test_the_report_stands_alone_and_runs_nothing() -> None:
    html = _report(HOSTILE, [{f"{HOSTILE}.loss": 1.0, "val.loss": float("inf"), HOSTILE: 2.0}])
    assert "<script" not in html
    assert "url(" not in html
    assert "@import" not in html
    read = Page()
    read.feed(html)
    assert not read.open
    assert not read.addresses
    assert not read.seen & {"script", "iframe", "img", "link", "object", "embed"}
    assert "default-src &#x27;none&#x27;" in html


def test_a_training_without_epochs_has_a_report() -> None:
    html = _report("points", [])
    assert "<h2>Training</h2>" not in html
    assert "<h2>Settings</h2>" in html
