"""The language's own experiments, on schemas of the data that they name: what is built is silent, the rest says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.data.schema import InputField, Schema, TargetField
from dslc.diagnostics import Diagnostic, ModelError, NotYet, to_text
from dslc.elaborate.elaborate import elaborate
from dslc.source import BUILT_IN, Source
from dslc.syntax.parse import parse

TESTS = Path(__file__).parent.parent


def schema(inputs: dict[str, tuple[int, ...]], *targets: str, classes: int | None = None) -> Schema:
    fields = tuple(InputField(name, shape, BUILT_IN) for name, shape in inputs.items())
    return Schema(fields, tuple(TargetField(target, (), classes, BUILT_IN) for target in targets), BUILT_IN)


SCHEMAS = {
    "penguins": schema({"inputs": (7,)}, "species", classes=3),
    "digits_cnn": schema({"image": (8, 8, 1)}, "digit", classes=10),
    "moby": schema({"characters": (64,)}, "next", classes=80),
    "births": schema({"window": (28, 2)}, "births"),
    "two_heads": schema({"inputs": (8,)}, "heating", "cooling"),
    "vae": schema({"image": (8, 8, 1)}),
    "gan": schema({"image": (8, 8, 1)}),
    "small_gpt": schema({"characters": (64,)}, "next", classes=80),
}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_an_experiment_elaborates_or_says_what_is_not_built(name: str, golden: Callable[[Path, str], None]) -> None:
    path = TESTS / "syntax" / "experiments" / f"{name}.dsl"
    found: tuple[Diagnostic, ...] = ()
    try:
        elaborate(parse(Source(path.name, path.read_text("utf-8"))), SCHEMAS[name], {}, name)
    except ModelError as error:
        found = tuple(error.diagnostics)
    golden(TESTS / "cases" / "language" / f"{name}.expected", to_text(found))
    assert not found or any(isinstance(diagnostic, NotYet) for diagnostic in found)
