"""Amounts with a unit, as options take them: `512MB` is bytes, `30d` seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

import click

SIZES = {"B": 1} | {
    f"{prefix}{ending}": base**power
    for ending, base in (("B", 1000), ("iB", 1024))
    for power, prefix in enumerate("KMGT", 1)
}
"""KB, MB, GB and TB go by thousands, KiB, MiB, GiB and TiB by 1024."""

AGES = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

AMOUNT = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)\s*", re.ASCII)


def size(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """An option's callback: whole bytes, rounded down."""
    return None if text is None else _amount(text, SIZES, "512MB")


def age(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """An option's callback: whole seconds, rounded down."""
    return None if text is None else _amount(text, AGES, "30d")


def _amount(text: str, units: Mapping[str, int], example: str) -> int:
    """A number and a unit, in any case. Raises click.BadParameter."""
    match = AMOUNT.fullmatch(text)
    counts = {unit.lower(): count for unit, count in units.items()}
    if match is None or match[2].lower() not in counts:
        raise click.BadParameter(f"takes a number and one of {', '.join(units)}, as in {example}, not `{text}`")
    return int(Fraction(match[1]) * counts[match[2].lower()])
