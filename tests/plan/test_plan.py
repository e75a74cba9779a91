"""`dslc plan`: its bytes are those that training allocates, its counts those that one can do by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from example_models import MODELS, WITH_DATA, WORKLOADS

import dslc
from dslc.cli.main import run
from dslc.model import Model
from dslc.plan import quantity

NESTED = """
data { input x: [6]; target y: class(3) }
layer block(x, units) = x | dense(units) | relu | dropout(50%)
net { h = x | block(5); (h | block(4)) + (h | dense(4)) | dense(outputs) }
loss cross_entropy + 1e-3 * l2(weights)
train { sgd(0.1, momentum = 0.9); batch 8; epochs 7 }
"""


def allocated(model: Model) -> int:
    """Bytes of the session's blocks and of the rows that it trains on."""
    session = model.session
    training = session._training
    assert training is not None
    blocks = (owner(session._kept.arena), owner(training.memory.order))
    assert owner(session._kept.best) is blocks[0]
    assert owner(training.memory.history) is blocks[1]
    return sum(block.nbytes for block in blocks) + sum(source.nbytes for source in training.sources)


def owner(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The allocation that a view belongs to."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.stem)
def test_the_bytes_are_those_that_training_allocates(path: Path) -> None:
    planned = dslc.compile(path, backend="reference").plan
    model = dslc.compile(path, backend="reference")
    model.fit(callback=lambda _: False)
    assert planned.peak_bytes == allocated(model)
    assert model.plan == planned
    assert all(size >= 0 for size in planned.owners.values())
    arena = ("parameters", "optimizer state", "batch", "results", "totals", "settings and clock", "scratch")
    assert sum(planned.owners[name] for name in arena) == model.peak_bytes


@pytest.mark.parametrize("batch", ["batch 7", "batch all"])
@pytest.mark.parametrize("rows", [5, 40, 200])
def test_rows_from_python_are_counted_once_they_are_there(batch: str, rows: int) -> None:
    model = dslc.compile(text=NESTED.replace("batch 8", batch), backend="reference")
    before = model.plan
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(rows, 6)), rng.integers(0, 3, rows), epochs=7)
    assert "Python" in before.to_text()
    assert before.owners["rows"] == before.owners["order of rows"] == 0
    assert model.plan.peak_bytes == allocated(model)
    assert model.plan.batch == (rows if batch == "batch all" else min(7, rows))


def test_float64_takes_its_bytes() -> None:
    single, double = (dslc.compile(text=NESTED, dtype=dtype).plan for dtype in ("float32", "float64"))
    assert (single.flops_per_step, single.layers) == (double.flops_per_step, double.layers)
    assert double.owners["scratch"] > single.owners["scratch"]


def test_layers_are_calls_with_their_own_weights() -> None:
    plan = dslc.compile(text=NESTED).plan
    rows = {layer.path: layer for layer in plan.layers}
    assert list(rows) == [
        *("h.block.dense", "h.block.relu", "h.block.dropout"),
        *("block.dense", "block.relu", "block.dropout"),
        *("dense", "net", "dense_2"),
    ]
    assert rows["h.block.dense"].shape == (5,)
    assert rows["h.block.dense"].parameters == 6 * 5 + 5
    assert rows["h.block.dense"].flops == 2 * 6 * 5 + 5
    assert rows["h.block.dropout"].flops == 3 * 5  # compares, divides and chooses
    assert (rows["net"].parameters, rows["net"].flops) == (0, 4)
    assert sum(layer.parameters for layer in plan.layers) == plan.parameters == 35 + 24 + 24 + 15


def test_what_a_layer_with_weights_calls_is_its_own() -> None:
    rows = {layer.path: layer for layer in dslc.compile(MODELS / "own.dsl").plan.layers}
    assert list(rows) == ["flatten", "gated", "dense", "bent", "dense_2"]
    assert rows["gated"].flops == 2 * (2 * 64 * 48) + 48 * (1 + 4 + 1)  # bias, sigmoid as written, gate


def test_a_step_is_counted_as_it_is_compiled() -> None:
    """Three products for each weight matrix but the first, whose input needs no gradient."""
    plan = dslc.compile(MODELS / "workloads" / "mlp.dsl").plan
    products = 64 * 2 * (2 * 784 * 256 + 3 * 256 * 128 + 3 * 128 * 10)
    assert products < plan.flops_per_step < 1.1 * products


def test_few_rows_are_worth_a_note(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["plan", str(MODELS / "digits.dsl")]) == 0
    written = capsys.readouterr()
    assert "1,257 training rows are fewer than 10 for each of 9,610 parameters" in written.err
    assert written.out.startswith("digits: 9,610 parameters")
    assert "note: 1,257" in dslc.compile(MODELS / "digits.dsl").summary()
    file = tmp_path / "fed.dsl"
    file.write_text(NESTED)
    assert run(["plan", str(file)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("path", [*WITH_DATA, *WORKLOADS], ids=lambda path: path.stem)
def test_it_reads_well_at_80_columns(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(path)]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_json_holds_what_the_text_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(MODELS / "digits.dsl"), "--set", "width=64", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["schema"] == 1
    assert record["parameters"] == 64 * 64 + 64 + 64 * 10 + 10
    assert record["peak_bytes"] == sum(record["owners"].values())
    assert record["rows"] == {"train": 1257, "val": 270, "all": 1797}
    assert record["layers"][1] == {"layer": "dense", "output": [64], "parameters": 4160, "flops": 8256}
    assert record["flops_per_step"] > 64 * record["flops_forward"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 "), (999, "999 "), (1000, "1 k"), (19_594, "19.6 k"), (999_499, "999 k"), (10**9, "1 G")],
)
def test_quantities_have_three_digits(number: int, text: str) -> None:
    assert quantity(number) == text
