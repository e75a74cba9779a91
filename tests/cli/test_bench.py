"""`dslc bench`: its fields and its refusals. What it measures is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from model_files import write_points

import dslc
from dslc.cli.growth import model_text
from dslc.cli.main import run
from dslc.cli.workload import BATCHES, NETS, Decoder, Net, Recurrent, Stack, Update, draw, find
from dslc.data.schema import InputField, Schema, TargetField
from dslc.plan import contraction_flops
from dslc.source import BUILT_IN

FIELDS = {
    "workload",
    "us_per_step",
    "peers",
    "ratio_to_best_peer",
    "share_of_peak",
    "compile_cold_s",
    "prepare_s",
    "start_warm_s",
    "peak_bytes",
    "memory_bytes",
}


def test_the_json_has_the_agreed_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dslc.cli.measure.SECONDS", 0.001)
    path = write_points(tmp_path)
    assert run(["bench", str(path), "--backend", "reference", "--repetitions", "1", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["schema"] == 1
    (workload,) = result["workloads"]
    assert set(workload) == FIELDS
    assert workload["workload"] == "points"
    assert workload["us_per_step"] > 0
    assert workload["ratio_to_best_peer"] is None


def test_a_table_is_read_by_each_side_in_turn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("polars")
    monkeypatch.setattr("dslc.cli.reading.ROWS", 200)
    assert run(["bench", "csv", "--repetitions", "1", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["workloads"] == []
    reading = result["reading"]
    assert set(reading) == {"workload", "rows", "columns", "file_bytes", "seconds", "cpu_seconds", "memory_bytes"}
    assert (reading["rows"], reading["columns"]) == (200, 30)
    assert set(reading["seconds"]) == set(reading["memory_bytes"]) == {"dslc", "own", "polars"}
    assert min(reading["seconds"].values()) > 0


def test_without_polars_the_table_has_no_peer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dslc.cli.reading.ROWS", 200)
    monkeypatch.setattr("dslc.cli.reading.find_spec", lambda _: None)
    assert run(["bench", "csv", "--repetitions", "1"]) == 0
    shown = capsys.readouterr()
    assert "polars is not installed" in shown.err
    assert shown.out.splitlines()[0].startswith("csv: 200 rows x 30 columns")
    assert [line.split()[0] for line in shown.out.splitlines()[2:]] == ["dslc"]


def test_what_is_no_workload_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "huge"]) == 2
    assert (
        "`huge` is neither a workload (softmax, tiny, mlp, wide, lenet, lstm, gpt, csv) nor a model file"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("name", NETS)
def test_every_named_workload_has_its_file(name: str) -> None:
    workload = find(name)
    assert workload is not None
    assert workload.path.is_file()


def matrices(net: Net) -> list[tuple[int, ...]]:
    """The shapes of the weights of two axes and more, as dslc has them."""
    match net:
        case Stack():
            channels = [*(net.image or ())[2:], *(c.filters for c in net.convolutions)]
            filters = [
                (c.size, c.size, fan_in, c.filters) for c, fan_in in zip(net.convolutions, channels, strict=False)
            ]
            return [*filters, *pairwise(net.widths)]
        case Recurrent():
            gates = [(net.width, 4 * net.units), (net.units, 4 * net.units)]
            return [(net.tokens, net.width), *gates, (net.units, net.tokens)]
        case Decoder(width=width):
            attention, dense = [(width, 3 * width), (width, width)], [(width, 4 * width), (4 * width, width)]
            blocks = [*attention, *dense] * net.blocks
            return [(net.tokens, width), (net.steps, width), *blocks, (width, net.tokens)]


@pytest.mark.parametrize("name", NETS)
def test_a_peer_builds_what_the_file_says(name: str) -> None:
    workload, net = find(name), NETS[name]
    assert workload is not None
    experiment = dslc.compile(workload.path, backend="reference").experiment
    assert experiment.loop.batch == net.batch
    assert [p.shape for p in experiment.parameters if len(p.shape) > 1] == matrices(net)
    given = net.image or net.widths[:1] if isinstance(net, Stack) else (net.steps,)
    assert [field.shape for field in experiment.schema.inputs] == [given]
    states = {Update.ADAM: {"m.", "v."}, Update.MOMENTUM: {"v."}, Update.DESCENT: set()}
    assert {t.name[:2] for t in experiment.states} == states[net.update]
    assert f"({net.rate:g})" in workload.path.read_text("utf-8").replace("1e-3", "0.001").replace("1e-2", "0.01")


@pytest.mark.parametrize("name", NETS)
def test_a_workload_written_anew_is_the_same(name: str) -> None:
    workload, net = find(name), NETS[name]
    assert workload is not None
    given = dslc.compile(workload.path, backend="reference")
    written = dslc.compile(text=model_text(net), backend="reference")
    assert [(p.name, p.shape) for p in given.experiment.parameters] == [
        (p.name, p.shape) for p in written.experiment.parameters
    ]
    assert [t.name for t in given.experiment.states] == [t.name for t in written.experiment.states]
    assert given.experiment.loop == written.experiment.loop
    assert contraction_flops(given.program) == contraction_flops(written.program)


def test_growth_changes_one_size_at_a_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("dslc.cli.measure.SECONDS", 0.001)
    given = ["bench", "tiny", "--growth", "--backend", "reference", "--repetitions", "1", "--format"]
    assert run([*given, "json"]) == 0
    (workload,) = json.loads(capsys.readouterr().out)["workloads"]
    sizes: dict[str, list[int]] = {}
    for size in workload["growth"]:
        assert set(size) == {"over", "value", "us_per_step", "share_of_peak", "peak_bytes"}
        sizes.setdefault(size["over"], []).append(size["value"])
    assert sizes.pop("threads")[0] == 1
    assert sizes == {"batch": [8, 16, 32, 64, 128], "width": [8, 16, 32, 64, 128], "depth": [2, 4, 8]}
    assert run([*given, "text"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["tiny", "us/step", "of", "peak", "arena"] in [line.split() for line in lines]
    assert max(map(len, lines)) <= 80


def test_the_drawn_rows_are_the_same_everywhere() -> None:
    schema = Schema((InputField("x", (3,), BUILT_IN),), (TargetField("y", (), 4, BUILT_IN),), BUILT_IN)
    (x, y), (again, _) = draw(schema, BATCHES), draw(schema, BATCHES)
    assert y is not None
    assert x["x"].shape == (BATCHES, 3)
    assert (x["x"] == again["x"]).all()
    assert set(y["y"].tolist()) <= {0, 1, 2, 3}
    assert y["y"].tolist()[:4] == [1, 0, 2, 1]


def test_peak_memory_is_of_the_process_itself() -> None:
    held = bytearray(200_000_000)
    held[::4096] = b"x" * len(held[::4096])
    probe = "from dslc.cli.bench_start import peak_memory; print(peak_memory())"
    child = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert 1_000_000 < int(child.stdout) < len(held)
