"""Every way of ending has its exit code and one message; no traceback reaches the user."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

from dslc.cli.exits import Exit, ending
from dslc.cli.main import VERBS, _say_warning, group, run
from dslc.diagnostics import BackendUnavailable, DataError, ModelError, NotYet, TrainingDiverged
from dslc.source import Source, Span

ENDINGS: list[tuple[BaseException, Exit, str]] = [
    (click.UsageError("no such option"), Exit.BAD_INPUT, "no such option"),
    (click.ClickException("`a.dsl`: is a directory"), Exit.BAD_INPUT, "`a.dsl`: is a directory"),
    (DataError("a.csv:3: ragged"), Exit.BAD_INPUT, "error: a.csv:3: ragged"),
    (FileNotFoundError(2, "No such file or directory", "x.dsl"), Exit.BAD_INPUT, "`x.dsl`: no such file or directory"),
    (MemoryError("8 TiB"), Exit.BAD_INPUT, "out of memory: 8 TiB"),
    (TrainingDiverged("a.dsl:3:1: not finite"), Exit.DIVERGED, "error: a.dsl:3:1: not finite"),
    (BackendUnavailable("no CUDA device"), Exit.NO_BACKEND, "error: no CUDA device"),
    (KeyboardInterrupt(), Exit.INTERRUPTED, "interrupted"),
    (click.Abort(), Exit.INTERRUPTED, "interrupted"),
]


@pytest.mark.parametrize(("error", "code", "message"), ENDINGS, ids=lambda value: type(value).__name__)
def test_each_ending_has_its_code(
    error: BaseException, code: Exit, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(error) == code
    out, err = capsys.readouterr()
    assert message in err
    assert not out
    assert "Traceback" not in err


def test_a_wrong_model_shows_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    source = Source("a.dsl", "net { scan }")
    assert ending(ModelError([NotYet(Span(source, 6, 10), "`scan`")])) == Exit.BAD_INPUT
    assert capsys.readouterr().err.startswith("a.dsl:1:7: error[not-yet]: ")


def test_a_reason_is_one_line_that_no_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(DataError(f'a.csv:7: "\x1b[31m\0\n{"z" * 9000}" is not a number')) == Exit.BAD_INPUT
    line = capsys.readouterr().err
    assert line.startswith(r'error: a.csv:7: "\x1b[31m\x00\nzz')
    assert line.count("\n") == 1
    assert len(line) < 3000


def test_a_bug_is_called_one_and_leaves_a_crash_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    try:
        raise ZeroDivisionError("of a pass")
    except ZeroDivisionError as error:
        assert ending(error) == Exit.INTERNAL
    err = capsys.readouterr().err
    assert "this is a bug in dslc" in err
    assert "Traceback" not in err
    (crash,) = tmp_path.iterdir()
    assert str(crash) in err
    assert "ZeroDivisionError: of a pass" in crash.read_text()
    assert crash.stat().st_mode & 0o077 == 0


def test_an_unwritable_temporary_folder_does_not_hide_the_bug(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert ending(ZeroDivisionError()) == Exit.INTERNAL
    assert "this is a bug in dslc" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chek"], "did you mean `check`?"),
        (["check"], "Missing argument"),
        (["check", "--format", "xml", "a.dsl"], "xml"),
        (["--nonsense"], "--nonsense"),
        (["explain", "unknwon-name"], "did you mean `unknown-name`?"),
    ],
)
def test_wrong_usage_exits_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == Exit.BAD_INPUT
    out, err = capsys.readouterr()
    assert message in err
    assert not out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_in_80_columns(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([verb, "--help"]) == Exit.OK
    out, err = capsys.readouterr()
    assert f"dslc {verb}" in out
    assert max(map(len, out.splitlines())) <= 80
    assert not err


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.OK
    out = capsys.readouterr().out
    assert all(verb in out for verb in VERBS)
    assert group.list_commands(click.Context(group)) == sorted(VERBS)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed: str, tmp_path: Path) -> None:
    start = shlex.join([sys.executable, "-c", "from dslc.cli.start import main; main()", "explain", "unknown-name"])
    assert subprocess.run(["sh", "-c", f"{start} {closed}"], cwd=tmp_path, check=False).returncode == 0
    assert not list(tmp_path.iterdir())


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    start = [sys.executable, "-c", "from dslc.cli.start import main; main()", "explain", "unknown-name"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        ended = subprocess.run(start, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 0
    assert not ended.stderr


def test_a_warning_is_one_line_without_a_place_in_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    _say_warning(RuntimeWarning("no room"), RuntimeWarning, "store.py", 97)
    assert capsys.readouterr().err == "warning: no room\n"


@pytest.mark.parametrize(
    ("words", "completed"), [("dslc pl", "plan"), ("dslc cache cl", "clean"), ("dslc plan --fi", "--fit")]
)
def test_a_shell_may_complete_words(words: str, completed: str) -> None:
    start = [sys.executable, "-c", "from dslc.cli.start import main; main()"]
    asked = {"_DSLC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    ended = subprocess.run(start, env=os.environ | asked, capture_output=True, text=True, check=True)
    assert f"plain,{completed}" in ended.stdout.splitlines()
