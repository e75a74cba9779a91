"""Metrics that are tables: `confusion` against scikit-learn's, and tables of a file's own."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

import dslc
from dslc.cli.main import run
from dslc.diagnostics import ModelError
from dslc.graph.graph import Graph
from dslc.runtime.whole_part import whole_part


def model_of(target: str, loss: str, more: str = "", definitions: str = "", backend: str = "cpu") -> dslc.Model:
    text = f"""{definitions}
data {{ input x: [4]; {target} }}
net {{ x | dense(outputs) }}
loss {loss}
train {{ batch 8; epochs 2; seed 1; watch accuracy, confusion{more} }}"""
    return dslc.compile(text=text, backend=backend)


def data(classes: int, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(4)
    x = draw.normal(size=(rows, 4))
    return x, np.where(draw.random(rows) < 0.3, draw.integers(0, classes, rows), np.argmax(x[:, :classes], 1))


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize(("classes", "loss"), [(3, "cross_entropy"), (2, "cross_entropy"), (2, "binary_cross_entropy")])
def test_it_is_scikit_learns(classes: int, loss: str, backend: str) -> None:
    model = model_of(f"target y: class({classes})", loss, backend=backend)
    x, y = data(classes)
    history = model.fit(x, y, validation=(x, y))
    assert not any("confusion" in name for name in history.epochs[0])
    found = model.evaluate(x, y)
    assert set(found) == {"loss", "accuracy"}
    np.testing.assert_allclose(found.tables["confusion"], confusion_matrix(y, model.predict(x)))
    weight = np.random.default_rng(5).uniform(0, 2, len(y))
    weighted = model.evaluate(x, y, sample_weight=weight).tables["confusion"]
    np.testing.assert_allclose(weighted, confusion_matrix(y, model.predict(x), sample_weight=weight), rtol=1e-6)


def test_an_epoch_computes_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[list[str]] = []

    def noted(graph: Graph, wanted: Collection[str], *given: object) -> dict[str, np.ndarray]:
        computed.append(list(wanted))
        return whole_part(graph, wanted, *given)

    monkeypatch.setattr("dslc.runtime.session.whole_part", noted)
    model = model_of("target y: class(2)", "binary_cross_entropy", more=", roc_auc")
    x, y = data(2)
    model.fit(x, y, validation=(x, y))
    assert computed == [["roc_auc"]] * 2
    assert set(model.evaluate(x, y).tables) == {"confusion"}


def test_a_class_that_no_row_has_has_its_row() -> None:
    model = model_of("target y: class(3)", "cross_entropy")
    x, y = data(2)
    table = model.evaluate(x, y).tables["confusion"]
    assert table.shape == (3, 3)
    assert not table[2].any()
    assert table.sum() == len(y)


def test_a_file_may_have_tables_of_its_own() -> None:
    own = "metric by_class(prediction, target) table = sum(one_hot(target) over examples)"
    model = model_of("target y: class(3)", "cross_entropy", more=", by_class", definitions=own)
    x, y = data(3)
    np.testing.assert_allclose(model.evaluate(x, y).tables["by_class"], np.bincount(y))


def test_what_is_no_table_is_told() -> None:
    for formula in ("1", "one_hot(target)", "sum(decide(prediction) over examples)"):
        own = f"metric bad(prediction, target) table = {formula}"
        with pytest.raises(ModelError, match="a tensor over all examples is wanted"):
            model_of("target y: class(3)", "cross_entropy", more=", bad", definitions=own)


def test_no_rule_follows_a_table() -> None:
    with pytest.raises(ModelError, match=r"val\.confusion"):
        model_of("target y: class(3)", "cross_entropy", more="; stop when val.confusion stalls 3 epochs")


def test_the_command_line_prints_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["a,b,kind", *(f"{k % 7},{k % 5},{'yes' if k % 7 > 3 else 'no'}" for k in range(60))]
    Path("rows.csv").write_text("\n".join(lines) + "\n")
    Path("m.dsl").write_text(
        'data { csv "rows.csv"; target kind; split 60/20/20 }\nnet { inputs | dense(outputs) }\nloss cross_entropy\n'
        "train { adam(0.1); epochs 30; watch confusion }\n"
    )
    assert run(["train", "m.dsl", "--quiet", "--out", "run"]) == 0
    *_, head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["confusion", "no", "yes"]
    assert (first.split()[0], second.split()[0]) == ("no", "yes")
    assert run(["eval", "run", "--data", "rows.csv", "--format", "json"]) == 0
    table = json.loads(capsys.readouterr().out)["tables"]["confusion"]
    assert table["labels"] == ["no", "yes"]
    assert np.sum(table["values"]) == 60
