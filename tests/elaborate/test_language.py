"""The language's own experiments, on schemas of the data that they name: what is built is silent, the rest says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dslc.data.schema import InputField, Schema, TargetField
from dslc.diagnostics import Diagnostic, ModelError, NotYet, to_text
from dslc.elaborate.elaborate import elaborate
from dslc.findings import find
from dslc.source import BUILT_IN, Source
from dslc.syntax.parse import parse

TESTS = Path(__file__).parent.parent


def text(characters: int, length: int) -> Schema:
    """Windows of characters, each to be followed by the next one."""
    field = InputField("characters", (length,), BUILT_IN, classes=characters)
    return Schema((field,), (TargetField("next", (length,), characters, BUILT_IN),), BUILT_IN)


def schema(inputs: dict[str, tuple[int, ...]], *targets: str, classes: int | None = None) -> Schema:
    fields = tuple(InputField(name, shape, BUILT_IN) for name, shape in inputs.items())
    return Schema(fields, tuple(TargetField(target, (), classes, BUILT_IN) for target in targets), BUILT_IN)


def itself(name: str, shape: tuple[int, ...]) -> Schema:
    """An input that is its own target."""
    target = TargetField(name, shape, None, BUILT_IN, reconstructs=True)
    return Schema((InputField(name, shape, BUILT_IN),), (target,), BUILT_IN)


# None where the data block itself is not built yet.
SCHEMAS: dict[str, Schema | None] = {
    "penguins": schema({"inputs": (7,)}, "species", classes=3),
    "digits_cnn": schema({"image": (8, 8, 1)}, "digit", classes=10),
    "moby": text(80, 64),
    "births": schema({"window": (28, 2)}, "births"),
    "two_heads": schema({"inputs": (8,)}, "heating", "cooling"),
    "vae": itself("image", (8, 8, 1)),
    "parts_of_a_net": None,
    "gan": schema({"image": (8, 8, 1)}),
    "small_gpt": text(80, 64),
}


def faults(source: Source, folder: Path, known: Schema | None) -> Sequence[Diagnostic]:
    if known is None:
        return find(source, folder, {})
    try:
        elaborate(parse(source), known, {}, "experiment")
    except ModelError as error:
        return error.diagnostics
    return ()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_an_experiment_elaborates_or_says_what_is_not_built(name: str, golden: Callable[[Path, str], None]) -> None:
    path = TESTS / "syntax" / "experiments" / f"{name}.dsl"
    found = faults(Source(path.name, path.read_text("utf-8")), path.parent, SCHEMAS[name])
    golden(TESTS / "cases" / "language" / f"{name}.expected", to_text(found))
    assert not found or any(isinstance(diagnostic, NotYet) for diagnostic in found)
