"""`dslc check --gradients`: the gradients of a file's own definitions against central differences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dslc.cli.exits import Exit
from dslc.cli.main import run

REST = """
data { input x: [6, c4]; target y }
net { x | USED | flatten | dense(1) }
loss squared_error
train { adam }
""".replace("c4", "4")


def findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], definitions: str, used: str
) -> tuple[int, list[dict[str, object]]]:
    path = tmp_path / "m.dsl"
    path.write_text(definitions + REST.replace("USED", used))
    code = run(["check", "--gradients", "--format", "json", str(path)])
    return code, json.loads(capsys.readouterr().out)["findings"]


def test_a_wrong_gradient_is_found_where_it_is_declared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "activation cube(x) {\n  gradient x = grad * 2 * x^2\n  x^3\n}"
    code, (finding,) = findings(tmp_path, capsys, text, "cube")
    assert (code, finding["code"], finding["line"], finding["severity"]) == (1, "wrong-derivative", 2, "error")
    assert str(finding["message"]).startswith("the gradient of `cube` is not its derivative: ")


@pytest.mark.parametrize(
    ("definition", "used"),
    [
        ("activation cube(x) {\n  gradient x = grad * 3 * x^2\n  x^3\n}", "cube"),
        ("activation rounded(x) {\n  approximate gradient x = grad\n  floor(x)\n}", "rounded"),
        ("layer mine(x: [.., c], units: count) {\n  weight w: [c, units] = 1\n  tanh(x @ w)\n}", "mine(3)"),
        ("layer around(x, inner: layer) = x + inner(x)", "around(tanh)"),
        ("layer normed(x: [.., c]) = if training then x - mean(x over batch, ..) else x", "normed"),
        ("activation root(x) = sqrt(x)", "root"),
    ],
)
def test_right_ones_and_those_that_differ_on_purpose_are_none(
    definition: str, used: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert findings(tmp_path, capsys, definition, used) == (Exit.OK, [])


def test_losses_and_optimizers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """
loss mine(prediction, target) {
  gradient prediction = grad * (prediction - target)
  gradient target = grad * (target - prediction)
  (prediction - target)^2
}
optimizer slow(rate = 0.1) { state v = 0;  v <- 0.9 * v + grad;  weight <- weight - rate * v }
"""
    code, found = findings(tmp_path, capsys, text, "tanh")
    assert code == 1
    assert [(f["code"], f["line"]) for f in found if f["severity"] == "error"] == [("wrong-derivative", 4)]
    assert sorted(f["code"] for f in found) == ["unused", "unused", "wrong-derivative"]


def test_what_cannot_be_tried_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "activation far(x) = log(x - 3)\nlayer odd(x: [h, c]) {\n  require(h == 6)\n  x\n}"
    text = text.replace("require(h == 6)", 'require(h == 6, "six")')
    code, found = findings(tmp_path, capsys, text, "odd | far")
    assert code == Exit.OK
    assert [(f["code"], f["severity"], f["line"]) for f in found] == [("untried", "note", 1), ("untried", "note", 2)]


def test_errors_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = findings(tmp_path, capsys, "activation cube(x) {\n  gradient x = 2\n  x^3\n}", "nothing")
    assert code == 1 and [f["code"] for f in found] == ["unknown-name"]
