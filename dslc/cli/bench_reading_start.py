"""A process of its own for `dslc bench csv`: a table from its file to the arrays that training fetches from, report.

    python -m dslc.cli.bench_reading_start SIDE FILE

SIDE is `dslc`, `own` (dslc without polars) or `polars` (polars and NumPy doing the same: read, split, fit and apply
zscore, float32). It prints one line of JSON when the arrays are there: `memory_bytes`, the process's peak so far, and
`cpu_seconds` of all its threads. The parent measures the time from the start of the process to that line.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

from dslc.cli.bench_start import peak_memory
from dslc.cli.exits import ending
from dslc.cli.reading import MODEL, SHARES, TARGET


def main(side: str, path: str) -> None:
    held = _with_polars(Path(path)) if side == "polars" else _with_dslc(Path(path), side == "own")
    print(json.dumps({"memory_bytes": peak_memory(), "cpu_seconds": time.process_time()}), flush=True)
    del held


def _with_dslc(path: Path, own: bool) -> object:
    import dslc
    from dslc.data import csv_polars
    from dslc.program.program import Element
    from dslc.runtime.rows import sources_of
    from dslc.sessions import TRAINING

    if own:
        csv_polars.LARGE = sys.maxsize
    model = dslc.compile(text=MODEL, data=path)
    program = model.compilation.program(Element.F32, TRAINING, len(model.dataset.train))
    return model, sources_of(program, model.rows)


def _with_polars(path: Path) -> object:
    import numpy as np
    import polars as pl

    frame = pl.read_csv(path)
    order = np.random.default_rng(0).permutation(frame.height)
    target = frame[TARGET].to_numpy().astype(np.float32)
    inputs = frame.drop(TARGET).to_numpy()
    train, val, _ = (round(frame.height * share / 100) for share in SHARES)
    fitted = inputs[order[:train]]
    scaled = ((inputs - fitted.mean(0)) / fitted.std(0)).astype(np.float32)
    return scaled, target, np.split(order, [train, train + val])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent says that it was interrupted
    try:
        main(*sys.argv[1:])
    except BaseException as error:
        sys.exit(ending(error))
