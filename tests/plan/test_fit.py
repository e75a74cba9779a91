"""`dslc plan --fit`: no larger batch has bytes that fit, and the plan is the one that a file with that batch has."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from example_models import MODELS, WITH_DATA, WORKLOADS

import dslc
from dslc.cli.main import run
from dslc.cli.quantities import age, size
from dslc.driver import Compilation
from dslc.lowering.capacity import largest_capacity, least_bytes
from dslc.model import TRAINING
from dslc.program.program import Element

FED = """\
data { input x: [6]; target y: class(3) }
net { x | dense(5) | relu | dropout(50%) | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch BATCH; epochs 7 }
"""


def compiled(path: Path) -> Compilation:
    return dslc.compile(path, backend="reference").compilation


def planned(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict]:
    code = run(["plan", str(path), "--format", "json", *options])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def fed(tmp_path: Path):
    """A path to a file with that batch, whose rows come from Python."""

    def written(batch: int | str) -> Path:
        path = tmp_path / f"fed_{batch}.dsl"
        path.write_text(FED.replace("BATCH", str(batch)))
        return path

    return written


@pytest.mark.parametrize("path", [*WITH_DATA, *WORKLOADS], ids=lambda path: path.stem)
def test_the_largest_of_all_batches_is_found(path: Path) -> None:
    """Against every batch there is: first fit makes some larger batches take less."""
    layout = compiled(path).layout(Element.F32, TRAINING, 219)
    arenas = {
        rows: layout.lasting_bytes(rows) + max(packing.bytes for packing in layout.packings(rows))
        for rows in range(1, 220)
    }
    assert all(least_bytes(layout, rows) <= arena for rows, arena in arenas.items())
    for limit in {arena + change for arena in list(arenas.values())[:150] for change in (0, -1)}:
        fitting = [rows for rows, arena in arenas.items() if arena <= limit]
        assert largest_capacity(layout, limit, 219) == max(fitting, default=0)


def test_the_arena_is_that_of_the_program() -> None:
    compilation = compiled(MODELS / "own.dsl")
    for rows in (1, 17, 63, 64, 1000):
        layout = compilation.layout(Element.F32, TRAINING, rows)
        arena = layout.lasting_bytes(rows) + max(packing.bytes for packing in layout.packings(rows))
        assert compilation.program(Element.F32, TRAINING, 0, capacity=rows).arena_bytes == arena


@pytest.mark.parametrize("limit", ["16KB", "1MiB", "512MB", "3.5GiB"])
def test_its_bytes_fit_and_those_of_one_row_more_do_not(limit: str, fed, capsys: pytest.CaptureFixture[str]) -> None:
    code, record = planned(fed("all"), capsys, "--fit", limit)
    batch, most = record["fit"]["batch"], record["fit"]["limit_bytes"]
    assert code == 0
    assert record["batch"] == batch and not record["fit"]["all_rows"]
    assert record["peak_bytes"] <= most
    _, exact = planned(fed(batch), capsys)
    assert record | {"model": None} == exact | {"model": None, "fit": record["fit"]}
    _, more = planned(fed(batch + 1), capsys)
    assert more["peak_bytes"] > most


def test_no_batch_is_larger_than_the_training_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(MODELS / "penguins.dsl"), "--fit", "1GB"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("batch 240 fits, all training rows: ")
    assert max(map(len, out.splitlines())) <= 80


def test_the_batch_of_the_file_does_not_matter(fed, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even where its own plan is beyond what a program may take."""
    assert run(["plan", str(fed(2_000_000_000))]) == 2
    capsys.readouterr()
    huge, small = (planned(fed(batch), capsys, "--fit", "1MB")[1] for batch in (2_000_000_000, 8))
    assert huge["fit"] == small["fit"]


def test_where_not_even_one_row_fits_it_says_so(fed, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(MODELS / "digits.dsl"), "--fit", "400KB"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("not even a batch of 1 row fits: it takes ")
    assert "a training step of 1 row\n" in out
    assert err == "no batch fits\n"
    code, record = planned(MODELS / "digits.dsl", capsys, "--fit", "400KB")
    assert (code, record["fit"]["batch"], record["batch"]) == (1, None, 1)
    assert record["peak_bytes"] > 400_000
    code, record = planned(fed(8), capsys, "--fit", "1KB")
    assert (code, record["fit"]) == (1, {"limit_bytes": 1000, "batch": None, "all_rows": False})


def test_an_amount_has_a_unit() -> None:
    option = click.Option(["--fit"])
    context = click.Context(click.Command("plan"))
    texts = ("512MB", "1.5 GiB", "2kib", "7B", "1TB")
    assert [size(context, option, text) for text in texts] == [512_000_000, 3 << 29, 2048, 7, 10**12]
    assert [age(context, option, text) for text in ("30d", "1.5h", "2W")] == [2_592_000, 5400, 1_209_600]
    assert size(context, option, None) is None


@pytest.mark.parametrize("text", ["512", "MB", "-1MB", "1e3MB", "nanMB", "1 M B", "", "9" * 40 + "GB", "5d"])
def test_what_is_no_size_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(MODELS / "digits.dsl"), "--fit", text]) == 2
    assert "takes a number and one of B, KB, MB" in capsys.readouterr().err
