"""`dslc new`: what it writes checks clean, is laid out and trains; what is there stays as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dslc.cli import new
from dslc.cli.main import run
from dslc.cli.new import TEMPLATES

REACHES = {
    "classification": ("accuracy", 0.95, 1.0),
    "regression": ("mae", 0.4, 0.65),
    "images": ("accuracy", 0.95, 1.0),
}
"""Template -> the range of a test metric; the python template's script is run below."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_clean_and_its_first_comment_says_what_to_expect(template: str) -> None:
    assert run(["new", "mine", "--template", template]) == 0
    assert run(["check", "--strict", "mine/mine.dsl"]) == 0
    assert run(["fmt", "--check", "mine/mine.dsl"]) == 0
    text = Path("mine/mine.dsl").read_text(encoding="utf-8")
    assert text.startswith("# Expect: ")
    assert "NAME" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_every_template_is_trained_here() -> None:
    assert set(TEMPLATES) == {*REACHES, "python"}


@pytest.mark.parametrize("template", REACHES)
def test_a_template_trains_to_what_it_promises(template: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "mine", "--template", template]) == 0
    capsys.readouterr()
    assert run(["train", "mine/mine.dsl", "--quiet", "--format", "json"]) == 0
    metric, low, high = REACHES[template]
    assert low <= json.loads(capsys.readouterr().out)["test"][metric] <= high
    assert Path("runs/mine/latest/model.dslm").is_file()


def test_the_python_template_trains_by_its_script(folder: Path) -> None:
    assert run(["new", "mine", "--template", "python"]) == 0
    assert run(["train", "mine/mine.dsl", "--quiet"]) == 2
    result = subprocess.run([sys.executable, "mine/train.py"], capture_output=True, text=True, check=True)
    (measured,) = [line for line in result.stdout.splitlines() if "'accuracy'" in line]
    assert 0.95 < float(measured.rstrip("}").rpartition(" ")[2]) <= 1
    assert files(folder / "mine") == {
        *("mine.dsl", "mine.dslm", "train.py", "data/digits.npz", "data/README.md"),
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_data_come_with_their_licence(template: str, folder: Path) -> None:
    assert run(["new", "mine", "--template", template]) == 0
    data = TEMPLATES[template].data
    note = Path("mine/data/README.md").read_text(encoding="utf-8")
    assert note.startswith(f"# {data}\n\n**{data}**: ")
    assert "icence" in note
    assert note.count("**") == 2


def test_it_says_what_it_wrote_and_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "mine"]) == 0
    written = capsys.readouterr()
    assert written.out == "mine/mine.dsl\nmine/data/penguins.csv\nmine/data/README.md\n"
    assert written.err == "next: dslc train mine/mine.dsl\n"
    assert run(["new", "other", "--template", "images", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": 1,
        "folder": "other",
        "files": ["other/other.dsl", "other/data/digits.npz", "other/data/README.md"],
    }


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_what_is_there_stays(there: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder / "mine"
    match there:
        case "file":
            place.write_text("kept")
        case "folder":
            place.mkdir()
        case _:
            place.symlink_to(folder / "nowhere")
    before = sorted(folder.rglob("*"))
    assert run(["new", "mine"]) == 2
    assert "`mine` exists already; nothing was written" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["../mine", "a/b", "/mine", "..", ".", ".mine", "mine.", "a b", "a\nb", "", "a\\b", "x" * 65, 'a"b', "{0}"]
)
def test_a_name_stays_where_the_command_runs(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", name]) == 2
    assert "is no name for a folder here" in capsys.readouterr().err
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["größe", "3d", "a.b-c_d"])
def test_other_names_are_taken_as_they_are(name: str, folder: Path) -> None:
    assert run(["new", name, "--template", "python"]) == 0
    assert f'"{name}.dsl"' in (folder / name / "train.py").read_text(encoding="utf-8")
    assert run(["check", f"{name}/{name}.dsl"]) == 0


def test_half_a_folder_is_not_left(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "README.md":
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(new.Path, "write_bytes", full)
    assert run(["new", "mine"]) == 2
    assert "no space left on device" in capsys.readouterr().err
    assert not list(folder.iterdir())
