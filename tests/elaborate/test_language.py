"""The language's own experiments, on schemas of the data that they name: what is built is silent, the rest says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.data.schema import InputField, Schema, TargetField
from dslc.diagnostics import ModelError, NotYet, to_text
from dslc.elaborate.elaborate import elaborate
from dslc.source import BUILT_IN, Source
from dslc.syntax.parse import parse

TESTS = Path(__file__).parent.parent


def schema(inputs: dict[str, tuple[int, ...]], target: str | None = None, classes: int | None = None) -> Schema:
    fields = tuple(InputField(name, shape, BUILT_IN) for name, shape in inputs.items())
    return Schema(fields, TargetField(target, (), classes, BUILT_IN) if target else None, BUILT_IN)


SCHEMAS = {
    "penguins": schema({"inputs": (7,)}, "species", 3),
    "digits_cnn": schema({"image": (8, 8, 1)}, "digit", 10),
    "moby": schema({"characters": (64,)}, "next", 80),
    "births": schema({"window": (28, 2)}, "births"),
    "two_heads": schema({"inputs": (8,)}, "heating"),
    "vae": schema({"image": (8, 8, 1)}),
    "gan": schema({"image": (8, 8, 1)}),
    "small_gpt": schema({"characters": (64,)}, "next", 80),
}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_an_experiment_elaborates_or_says_what_is_not_built(name: str, golden: Callable[[Path, str], None]) -> None:
    path = TESTS / "syntax" / "experiments" / f"{name}.dsl"
    with pytest.raises(ModelError) as error:
        elaborate(parse(Source(path.name, path.read_text("utf-8"))), SCHEMAS[name], {}, name)
    golden(TESTS / "cases" / "language" / f"{name}.expected", to_text(error.value.diagnostics))
    assert any(isinstance(diagnostic, NotYet) for diagnostic in error.value.diagnostics)
