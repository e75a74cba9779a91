"""A history as files: `history.csv` for people and spreadsheets, `metrics.jsonl` for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence

Row = Mapping[str, float]


def history_csv(epochs: Sequence[Row]) -> str:
    """`epoch,train.loss,val.loss,...`, epochs from 1; a column that an epoch lacks is empty."""
    columns = list(dict.fromkeys(name for row in epochs for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["epoch", *columns])
    for number, row in enumerate(epochs, 1):
        writer.writerow([number, *(row.get(name, "") for name in columns)])
    return buffer.getvalue()


def metrics_jsonl(epochs: Sequence[Row], outcome: str) -> str:
    """A JSON object for each epoch, then `outcome`, the JSON line of the whole run; no NaN, but null."""
    lines = [
        json.dumps({"epoch": number} | {name: v if math.isfinite(v) else None for name, v in row.items()})
        for number, row in enumerate(epochs, 1)
    ]
    return "\n".join([*lines, outcome]) + "\n"
