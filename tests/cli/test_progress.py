"""Progress fits 80 columns and goes to stderr; a log gets one line for each epoch."""

from __future__ import annotations

import math

import pytest

from dslc.cli.progress import bar, lines, number, short

ROW = {"train.loss": 0.10341, "val.loss": 0.12, "val.accuracy": 0.963}


def test_a_log_gets_one_line_for_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    with lines(100) as on_epoch:
        on_epoch(1, ROW)
        on_epoch(2, ROW)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "epoch   1/100  train.loss 0.1034  val.loss 0.1200  val.accuracy 0.9630",
        "epoch   2/100  train.loss 0.1034  val.loss 0.1200  val.accuracy 0.9630",
    ]


def test_a_bar_fits_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with bar(100, lambda: 1.5) as on_epoch:
        for done in range(1, 101):
            on_epoch(done, ROW)
    out, err = capsys.readouterr()
    assert out == ""
    last = err.splitlines()[-1]
    assert "epoch 100/100" in last
    assert "train 0.1034 val 0.1200 accuracy 0.9630" in last
    assert len(last) <= 80


def test_names_are_short_and_numbers_have_four_digits() -> None:
    assert [short(name) for name in ROW] == ["train", "val", "accuracy"]
    assert [number(v) for v in (0, 0.5, 56.123, 1.2e-7, math.nan)] == ["0.0000", "0.5000", "56.12", "1.2e-07", "nan"]
