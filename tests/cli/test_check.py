"""`dslc check`: findings to stdout, the summary to stderr, exit 1 on errors or warnings, 2 on unreadable files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_files import FED

from dslc.cli.main import run


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str | bytes) -> str:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write


def test_a_sound_file_has_no_findings(write, capsys) -> None:
    assert run(["check", write("a.dsl", FED)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "a.dsl: no findings\n"


def test_an_error_is_shown_with_its_place(write, capsys) -> None:
    assert run(["check", write("a.dsl", FED.replace("dense", "dnese"))]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("a.dsl:2:11: error[unknown-name]: ")
    assert "help: did you mean `dense`?" in out
    assert err == "a.dsl: 1 error\n"


def test_several_files_are_all_checked(write, capsys) -> None:
    bad = write("b.dsl", FED.replace("adam", "adamm"))
    assert run(["check", bad, write("a.dsl", FED), "none.dsl"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("b.dsl:4:9: error")
    assert "a.dsl: no findings" in err
    assert "`none.dsl`: no such file or directory" in err


def test_a_warning_is_a_finding(write, capsys) -> None:
    warned = write("a.dsl", "let unused = 3\n" + FED)
    assert run(["check", warned]) == 1
    assert "a.dsl:1:5: warning[" in capsys.readouterr().out


def test_json_goes_to_stdout_alone(write, capsys) -> None:
    bad = write("a.dsl", FED.replace("dense", "dnese"))
    assert run(["check", "--format", "json", bad]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding == {
        "file": "a.dsl",
        "line": 2,
        "column": 11,
        "end_line": 2,
        "end_column": 16,
        "severity": "error",
        "code": "unknown-name",
        "message": finding["message"],
        "help": "did you mean `dense`?",
    }
    assert run(["check", "--format", "json", write("b.dsl", FED)]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "findings": []}


def test_strict_makes_warnings_errors(write, capsys) -> None:
    warned = write("a.dsl", "let unused = 3\n" + FED)
    assert run(["check", "--strict", "--format", "json", warned]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["severity"] == "error"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"net { x }\n\xff\xfe", "line 2 is not UTF-8 text"),
        (b"#" * 5_000_000, "too large for a model file"),
    ],
)
def test_what_is_no_text_is_named(write, capsys, content: bytes, reason: str) -> None:
    assert run(["check", write("a.dsl", content)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert f"`a.dsl`: {reason}" in err


def test_a_folder_is_no_model_file(tmp_path: Path, capsys) -> None:
    assert run(["check", str(tmp_path)]) == 2
    assert "is a directory" in capsys.readouterr().err


def test_broken_data_exits_2(write, capsys) -> None:
    write("a.csv", "age,y\n1,2\nx,3\n")
    model = write(
        "a.dsl",
        'data { csv "a.csv"; target y; split 50/50 }\nnet { inputs | dense(1) }\nloss huber\ntrain { sgd(0.1) }\n',
    )
    assert run(["check", model]) in (1, 2)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
