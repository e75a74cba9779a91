"""`dslc explain`: every code is listed and explained, in 80 columns, also as it was printed."""

from __future__ import annotations

import json

import pytest

from dslc.cli.explain import diagnostics
from dslc.cli.main import run

CODES = sorted({kind.code for kind in diagnostics()})


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_reads_well_at_80_columns(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", code]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert f"[{code}]: " in out
    assert "{" not in out.splitlines()[0].replace("`{`", "")


def test_a_code_may_be_pasted_as_it_was_printed(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for code in ("unknown-name", "error[unknown-name]", "error[unknown-name]:"):
        assert run(["explain", code]) == 0
        texts.append(capsys.readouterr().out)
    assert len(set(texts)) == 1


def test_one_code_of_two_stages_is_explained_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "no-target", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["schema"] == 1
    assert [one["code"] for one in record["diagnostics"]] == ["no-target"] * 2
    assert len({one["text"] for one in record["diagnostics"]}) == 2
    assert {one["severity"] for one in record["diagnostics"]} == {"error"}


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == CODES
    assert max(map(len, lines)) <= 80
