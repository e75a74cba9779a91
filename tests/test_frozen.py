"""Frozen records behave as frozen dataclasses do: fields in order, defaults, equality, no change."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import ClassVar

import pytest

from dslc.frozen import Frozen

ROOT = Path(__file__).parent.parent


class Place(Frozen):
    code: ClassVar = "place"
    line: int


class Fault(Place):
    text: str
    advice: str | None = None


def test_fields_are_those_of_the_base_and_its_own() -> None:
    assert Place.FIELDS == ("line",) and Fault.FIELDS == ("line", "text", "advice")
    fault = Fault(3, text="x")
    assert (fault.line, fault.text, fault.advice, fault.code) == (3, "x", None, "place")
    assert fault == Fault(3, "x", None) and fault != Fault(3, "x", "y") and fault != Place(3)
    assert len({fault, Fault(3, "x")}) == 1
    assert fault.replaced(line=4) == Fault(4, "x")
    with pytest.raises(TypeError, match="Fault has no field column"):
        fault.replaced(column=1)
    assert repr(fault) == "Fault(line=3, text='x', advice=None)"
    match fault:
        case Fault(line, text):
            assert (line, text) == (3, "x")


def test_nothing_changes_a_record() -> None:
    fault = Fault(3, "x")
    with pytest.raises(AttributeError, match="Fault is frozen"):
        fault.line = 4  # type: ignore[misc] # the change is the point
    with pytest.raises(AttributeError, match="Fault is frozen"):
        del fault.line


@pytest.mark.parametrize(
    ("given", "named"), [((1,), {}), ((1, "x", None, 2), {}), ((1, "x"), {"text": "y"}), ((1, "x"), {"z": 1})]
)
def test_fields_that_do_not_fit_are_named(given: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Fault has the fields line, text, advice"):
        Fault(*given, **named)  # type: ignore[arg-type] # wrong arguments are the point


def test_what_is_replaced_is_a_field_of_some_record() -> None:
    """mypy, which knows the fields of `dataclasses.replace`, does not know those of `replaced`."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "dslc").rglob("*.py")]
    classes = {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    fields = {
        line.target.id
        for node in classes.values()
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    replaced = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "replaced"]
    assert len(replaced) > 10
    assert {word.arg for call in replaced for word in call.keywords} - {None} <= fields
