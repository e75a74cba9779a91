"""`dslc fmt`: writes what it should and nothing else; exit 1 where `--check` finds something, 2 on what is no model."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dslc.cli.main import run

LOOSE = "loss   huber # why\ntrain {adam}"
NEAT = "loss huber  # why\ntrain { adam }\n"
WRONG = "net x\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"loose.dsl": LOOSE, "neat.dsl": NEAT, "wrong.dsl": WRONG}.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


def test_a_file_is_laid_out_where_it_lies(folder: Path, capsys) -> None:
    before = (folder / "neat.dsl").stat().st_mtime_ns
    assert run(["fmt", "loose.dsl", "neat.dsl"]) == 0
    assert files(folder) == {"loose.dsl": NEAT, "neat.dsl": NEAT, "wrong.dsl": WRONG}
    assert (folder / "neat.dsl").stat().st_mtime_ns == before
    assert capsys.readouterr() == ("", "loose.dsl: laid out\n")


def test_check_writes_nothing(folder: Path, capsys) -> None:
    before = files(folder)
    assert run(["fmt", "--check", "neat.dsl"]) == 0
    assert run(["fmt", "--check", "loose.dsl", "neat.dsl"]) == 1
    assert files(folder) == before
    assert capsys.readouterr() == ("", "loose.dsl: not in the one layout\n")


def test_a_difference_is_a_patch(folder: Path, capsys) -> None:
    before = files(folder)
    assert run(["fmt", "--diff", "loose.dsl", "neat.dsl"]) == 0
    assert run(["fmt", "--diff", "--check", "loose.dsl"]) == 1
    assert files(folder) == before
    once = (
        "--- loose.dsl\n+++ loose.dsl\n@@ -1,2 +1,2 @@\n-loss   huber # why\n-train {adam}\n"
        "\\ No newline at end of file\n+loss huber  # why\n+train { adam }\n"
    )
    assert capsys.readouterr().out == once + once


def test_a_wrong_file_is_left_alone_and_hides_no_other(folder: Path, capsys) -> None:
    assert run(["fmt", "wrong.dsl", "none.dsl", "loose.dsl"]) == 2
    assert files(folder) == {"loose.dsl": NEAT, "neat.dsl": NEAT, "wrong.dsl": WRONG}
    out, err = capsys.readouterr()
    assert out == ""
    assert "wrong.dsl:1:5: error[" in err
    assert "`none.dsl`: no such file or directory" in err
    assert run(["fmt", "--check", "wrong.dsl", "loose.dsl"]) == 2


def test_mode_and_links_stay(folder: Path) -> None:
    (folder / "loose.dsl").chmod(0o640)
    (folder / "link.dsl").symlink_to("loose.dsl")
    assert run(["fmt", "link.dsl"]) == 0
    assert (folder / "link.dsl").is_symlink()
    assert (folder / "loose.dsl").read_text("utf-8") == NEAT
    assert (folder / "loose.dsl").stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_stays_whole(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = files(folder)
    monkeypatch.setattr(os, "fsync", full)
    assert run(["fmt", "loose.dsl"]) == 2
    assert files(folder) == before
    assert "no space left on device" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text", "code", "out"),
    [
        ([], LOOSE, 0, NEAT),
        ([], NEAT, 0, NEAT),
        ([], 'use "é.dsl"', 0, 'use "é.dsl"\n'),
        ([], WRONG, 2, ""),
        (["--check"], LOOSE, 1, ""),
        (["--check"], NEAT, 0, ""),
        (["--diff"], NEAT, 0, ""),
    ],
)
def test_a_dash_is_stdin(options: list[str], text: str, code: int, out: str) -> None:
    command = [sys.executable, "-m", "dslc.cli.main", "fmt", "-", *options]
    result = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    assert (result.returncode, result.stdout.decode()) == (code, out)
    assert b"<stdin>:1:5: error[" in result.stderr or text is not WRONG


def test_stdin_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"loss \xff"), "utf-8"))
    assert run(["fmt", "-"]) == 2
    assert "`<stdin>`: line 1 is not UTF-8 text" in capsys.readouterr().err
