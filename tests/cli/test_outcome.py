"""The result of a run as a table and as one line of JSON, with the fields that others rely on."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np

from dslc.cli.outcome import Outcome
from dslc.runtime.history import Evaluation

OUTCOME = Outcome(
    model="digits",
    backend="cpu",
    epochs=12,
    best_epoch=9,
    stopped="val.loss stalled",
    seconds=1.23456,
    compile_seconds=0.5,
    parameters=9610,
    parts={
        "train": Evaluation({"loss": 0.1, "accuracy": 0.98}, {}),
        "val": Evaluation({"loss": 0.2, "accuracy": 0.97}, {"confusion": np.eye(2)}),
        "test": Evaluation({"loss": math.nan, "accuracy": 0.96}, {"confusion": np.ones((2, 2))}),
    },
)


def test_json_is_one_line_with_the_agreed_fields() -> None:
    line = OUTCOME.to_json()
    assert "\n" not in line
    assert json.loads(line) == {
        "schema": 1,
        "model": "digits",
        "backend": "cpu",
        "epochs": 12,
        "best_epoch": 9,
        "stopped": "val.loss stalled",
        "seconds": 1.2346,
        "compile_seconds": 0.5,
        "parameters": 9610,
        "train": {"loss": 0.1, "accuracy": 0.98},
        "val": {"loss": 0.2, "accuracy": 0.97},
        "test": {"loss": None, "accuracy": 0.96},
    }


def test_the_table_has_a_row_for_each_part() -> None:
    assert OUTCOME.to_text().splitlines() == [
        "digits: 9,610 parameters, 12 epochs in 1.23 s (compiled in 0.50 s)",
        "val.loss stalled, best epoch 9",
        "",
        "             loss    accuracy",
        "train      0.1000      0.9800",
        "val        0.2000      0.9700",
        "test          nan      0.9600",
    ]


def test_many_metrics_have_a_row_each() -> None:
    names = [f"bill_length_mm.metric_{k}" for k in range(5)]
    evaluation = Evaluation(dict.fromkeys(["loss", *names], 0.5), {})
    outcome = replace(OUTCOME, parts={"train": evaluation, "test": evaluation})
    lines = outcome.to_text().splitlines()[3:]
    assert lines[0].split() == ["train", "test"] and lines[2].split() == [names[0], "0.5000", "0.5000"]
    assert max(map(len, lines)) <= 80 and len(lines) == 7


def test_tables_are_the_test_parts_else_the_validation_parts() -> None:
    np.testing.assert_array_equal(OUTCOME.tables["confusion"], np.ones((2, 2)))
    without = replace(OUTCOME, parts={part: OUTCOME.parts[part] for part in ("train", "val")})
    np.testing.assert_array_equal(without.tables["confusion"], np.eye(2))
    assert replace(OUTCOME, parts={"train": OUTCOME.parts["train"]}).tables == {}
