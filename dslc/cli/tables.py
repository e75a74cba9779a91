"""Metrics that are tables, as `confusion` is, in a terminal and in JSON.

confusion    Adelie  Chinstrap  Gentoo
Adelie           21          1       0
Chinstrap         0         10       0
Gentoo            0          0      18
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dslc.data.record import Json
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.plan import short

WIDTH = 80
LONGEST = 12
"""Characters of a label."""


def to_text(model: Model, name: str, table: Array) -> str:
    """The table with the classes it is about; of one that is too wide for a terminal, or no matrix, its shape."""
    labels = _labels(model, name, table)
    shape = " x ".join(map(str, table.shape))
    if table.ndim > 2:
        return f"{name}: {shape} numbers"
    rows = [[f"{float(value):.4g}" for value in row] for row in np.atleast_2d(np.asarray(table, np.float64))]
    heads = [name if table.ndim > 1 else "", *([short(label, LONGEST) for label in labels] or [""] * len(rows[0]))]
    sides = [short(label, LONGEST) for label in labels] if table.ndim > 1 else [name]
    cells = [heads, *([side, *row] for side, row in zip(sides or [""] * len(rows), rows, strict=True))]
    widths = [max(len(line[k]) for line in cells) for k in range(len(heads))]
    if sum(widths) + 2 * len(widths) > WIDTH:
        return f"{name}: {shape} numbers, too many for a terminal; `--format json` prints them"
    return "\n".join(
        f"{line[0]:<{widths[0]}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(line[1:], widths[1:], strict=True))
        for line in cells
    )


def to_record(model: Model, name: str, table: Array) -> dict[str, Json]:
    labels: list[Json] = list(_labels(model, name, table))
    return {"labels": labels, "values": np.asarray(table, np.float64).tolist()}


def _labels(model: Model, name: str, table: Array) -> Sequence[str]:
    """The classes of the target that the table is about, where it has a row for each."""
    found = model.classes
    of = found.get(name.rpartition(".")[0]) if isinstance(found, dict) else found
    return [str(label) for label in of] if of is not None and len(of) == table.shape[-1] else []
