"""What the rows suggest: rules of thumb, never errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dslc.data.overview import Overview, TargetView

ROWS_PER_PREDICTOR = 10
"""With fewer training rows for each number that a row has, a linear model already fits noise (Harrell 2015, 4.4)."""

ROWS_PER_CLASS = 10
IMAGES_PER_CLASS = 1000
NAMED = 5
"""Columns and classes that a note names; of the rest it says how many they are."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`about` is a word for programs: few-rows, rare-classes, absent-classes, constant-columns, few-images."""

    about: str
    text: str


def advice(view: Overview) -> tuple[Advice, ...]:
    """Notes on what is shown."""
    return (*_rows(view), *_constant(view), *(note for target in view.targets for note in _classes(view, target)))


def _rows(view: Overview) -> Iterator[Advice]:
    rows = view.parts.get("train", 0)
    if view.columns and rows < ROWS_PER_PREDICTOR * view.elements:
        many = f"{rows:,} training rows are fewer than {ROWS_PER_PREDICTOR} for each of {view.elements:,} predictors"
        yield Advice("few-rows", many)


def _constant(view: Overview) -> Iterator[Advice]:
    names = [column.name for column in view.columns if column.constant]
    if names:
        told = "has a single value" if len(names) == 1 else "have a single value each"
        yield Advice("constant-columns", f"{_listed(names)} {told}; `ignore` would leave {_it(names)} out")


def _classes(view: Overview, target: TargetView) -> Iterator[Advice]:
    classes = target.classes or ()
    rare = [one.label for one in classes if 0 < one.rows["train"] < ROWS_PER_CLASS]
    if rare:
        has = "has" if len(rare) == 1 else "have"
        text = f"{_listed(rare)} of `{target.name}` {has} fewer than {ROWS_PER_CLASS} training rows"
        yield Advice("rare-classes", text)
    for part in view.parts:
        absent = [one.label for one in classes if not one.rows[part]]
        if absent:
            yield Advice("absent-classes", f"no {part} row has {_listed(absent)} of `{target.name}`")
    least = min((one.rows["train"] for one in classes), default=IMAGES_PER_CLASS)
    if least < IMAGES_PER_CLASS and any(len(array.shape) >= 2 for array in view.arrays):
        text = (
            f"the rarest class of `{target.name}` has {least:,} training images; {IMAGES_PER_CLASS} are a rule of thumb"
        )
        yield Advice("few-images", text)


def _listed(names: Sequence[str]) -> str:
    """`a`, `b` and 3 more."""
    shown = ", ".join(f"`{name}`" for name in names[:NAMED])
    more = len(names) - NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
