"""`dslc train`: the result to stdout, progress to stderr, and an exit code for each way a training ends."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from model_files import FED, POINTS, write_points

from dslc.cli.main import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _train(*arguments: str) -> int:
    return run(["train", "points.dsl", "--backend", "reference", *arguments])


def test_the_json_line_has_the_agreed_fields(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert _train("--format", "json", "--set", "width=4") == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert out.count("\n") == 1
    assert result["schema"] == 1
    assert result["model"] == "points"
    assert result["backend"] == "reference"
    assert result["epochs"] == 3
    assert result["best_epoch"] in (1, 2, 3)
    assert result["stopped"] == "finished"
    assert result["parameters"] == 2 * 4 + 4 + 4 * 2 + 2
    assert result["seconds"] > 0
    assert result["compile_seconds"] > 0
    for part in ("train", "val", "test"):
        assert set(result[part]) == {"loss", "accuracy"}
    *epochs, last = err.splitlines()
    assert [line.split()[:2] for line in epochs] == [["epoch", f"{k}/3"] for k in (1, 2, 3)]
    assert last.startswith("run: ")


def test_quiet_says_nothing_but_the_result(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert _train("--quiet", "--epochs", "1") == 0
    out, err = capsys.readouterr()
    assert not err
    assert out.startswith("points: 42 parameters, 1 epoch in ")
    assert [line.split()[0] for line in out.splitlines()[3:]] == ["loss", "train", "val", "test"]


def test_a_seed_changes_the_result_and_repeats_it(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    losses = []
    for seed in ("1", "2", "2"):
        assert _train("--quiet", "--format", "json", "--seed", seed) == 0
        losses.append(json.loads(capsys.readouterr().out)["train"]["loss"])
    assert losses[0] != losses[1] == losses[2]


def test_the_file_s_seed_is_the_default(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    losses = []
    for seed in ([], ["--seed", "1"]):
        assert _train("--quiet", "--format", "json", *seed) == 0
        losses.append(json.loads(capsys.readouterr().out)["train"]["loss"])
    assert losses[0] == losses[1]


def test_data_may_come_from_elsewhere(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    (folder / "points.npz").rename(folder / "moved.npz")
    assert _train("--quiet") == 2
    assert "points.npz" in capsys.readouterr().err
    assert _train("--quiet", "--data", "moved.npz") == 0


def test_a_diverging_loss_exits_3_and_names_the_step(folder: Path, capsys: Capture) -> None:
    write_points(folder, POINTS.replace("loss cross_entropy", "loss cross_entropy / sum(x - x)"))
    assert _train("--quiet") == 3
    out, err = capsys.readouterr()
    assert not out
    assert "points.dsl:5:" in err
    assert "not finite at step 1" in err


def test_a_wrong_model_exits_2(folder: Path, capsys: Capture) -> None:
    write_points(folder, POINTS.replace("relu", "rleu"))
    assert _train() == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("points.dsl:4:26: error[unknown-name]: ")


def test_warnings_are_shown_and_strict_makes_them_errors(folder: Path, capsys: Capture) -> None:
    write_points(folder, "let unused = 1\n" + POINTS)
    assert _train("--quiet") == 0
    assert "points.dsl:1:5: warning[" in capsys.readouterr().err
    assert _train("--quiet", "--strict") == 2


def test_rows_that_only_python_has_are_named(folder: Path, capsys: Capture) -> None:
    (folder / "fed.dsl").write_text(FED, encoding="utf-8")
    assert run(["train", "fed.dsl", "--backend", "reference"]) == 2
    assert "data comes from Python" in capsys.readouterr().err


def test_an_unknown_backend_exits_4(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert run(["train", "points.dsl", "--backend", "quantum"]) == 4
    assert "no backend `quantum`" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_within_a_second_and_the_result_is_printed(
    folder: Path, number: signal.Signals, code: int
) -> None:
    write_points(folder)
    command = [
        sys.executable,
        "-m",
        "dslc.cli.main",
        "train",
        "points.dsl",
        "--backend",
        "reference",
        "--format",
        "json",
    ]
    with subprocess.Popen(
        [*command, "--epochs", "1000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr and process.stdout
        assert process.stderr.readline().startswith("epoch ")
        sent = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - sent < 3
    assert process.returncode == code
    assert "stopping after this batch" in err
    assert (folder / "runs" / "points" / "latest" / "report.html").exists()
    assert err.splitlines()[-1].startswith("run: ")
    assert json.loads(out)["stopped"] == "interrupted"


def test_a_training_leaves_a_run(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert _train("--quiet") == 0
    run_folder = folder / "runs" / "points" / "latest"
    assert sorted(item.name for item in run_folder.iterdir()) == [
        "history.csv",
        "metrics.jsonl",
        "model.dsl",
        "model.dslm",
        "report.html",
        "settings.json",
    ]
    table = capsys.readouterr().out
    final = json.loads((run_folder / "metrics.jsonl").read_text("utf-8").splitlines()[-1])
    assert f"{final['test']['loss']:.4f}" in table
    assert len((run_folder / "history.csv").read_text("utf-8").splitlines()) == 4
    assert run(["eval", str(run_folder), "--backend", "reference"]) == 0


def test_out_names_the_folder_and_no_run_writes_none(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert _train("--no-run") == 0
    assert not (folder / "runs").exists()
    assert _train("--out", "here") == 0
    assert (folder / "here" / "model.dslm").exists()
    assert not (folder / "runs").exists()
    assert "run: here" in capsys.readouterr().err


def test_a_run_that_cannot_be_written_says_so_after_the_result(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    (folder / "runs").write_text("in the way", "utf-8")
    assert _train("--quiet") == 2
    out, err = capsys.readouterr()
    assert out.startswith("points: ")
    assert err.startswith("error: the run could not be written: ")
    assert "`runs/points`" in err
    assert err.count("\n") == 1


def test_the_run_says_what_it_was_given(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert _train("--quiet", "--out", "run", "--set", "width=4", "--epochs", "2", "--seed", "7") == 0
    rows = json.loads((folder / "run" / "settings.json").read_text("utf-8"))["settings"]
    origins = {row["name"]: (row["value"], row["origin"]) for row in rows}
    assert origins["let width"] == ("4", "--set")
    assert origins["train.epochs"] == ("2", "--epochs")
    assert origins["train.seed"] == ("7", "--seed")
    assert origins["train.batch"] == ("16", "points.dsl:6")
    (folder / "again.dsl").write_bytes((folder / "run" / "model.dsl").read_bytes())
    capsys.readouterr()
    assert run(["check", "--strict", "again.dsl"]) == 0
    assert "let width = 4 in 4..32" in (folder / "again.dsl").read_text("utf-8")
    report = (folder / "run" / "report.html").read_text("utf-8")
    for words in ("test part", "--epochs", "dense.w", "bytes in one arena", "let width = 4"):
        assert words in report


def test_a_full_disk_costs_no_result(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_points(folder)
    monkeypatch.setattr(os, "fsync", full)
    assert _train("--quiet", "--out", "run") == 2
    out, err = capsys.readouterr()
    assert out.startswith("points: ")
    assert err == "error: the run could not be written: `run/model.dslm`: no space left on device\n"
    assert not list((folder / "run").iterdir())


def test_a_name_that_is_no_text_has_a_run(folder: Path) -> None:
    name = os.fsdecode(b"\xff<script>.dsl")
    write_points(folder).rename(folder / name)
    assert run(["train", name, "--backend", "reference", "--quiet", "--out", "run"]) == 0
    assert b"<script" not in (folder / "run" / "report.html").read_bytes()


def test_a_reader_that_is_gone_costs_no_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    write_points(folder)
    monkeypatch.setattr("click.echo", closed)
    monkeypatch.setattr("dslc.cli.exits.say", lambda _: None)
    run(["train", "points.dsl", "--backend", "reference", "--quiet", "--out", "run"])
    assert (folder / "run" / "report.html").exists()


def test_a_folder_and_none_exclude_each_other(folder: Path, capsys: Capture) -> None:
    write_points(folder)
    assert _train("--out", "run", "--no-run") == 2
    assert "exclude each other" in capsys.readouterr().err
