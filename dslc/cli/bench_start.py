"""A process of its own for `dslc bench`: compile a workload, make one training step, report.

    python -m dslc.cli.bench_start NAME BACKEND THREADS

prints one line of JSON when the step is done: `compile_s`, and `memory_bytes`, the process's peak so far. The parent
measures the time from the start of the process to that line.
"""

from __future__ import annotations

import json
import resource
import sys

import dslc
from dslc.cli.exits import ending
from dslc.cli.workload import draw, find


def main(name: str, backend: str, threads: str) -> None:
    workload = find(name)
    assert workload, name
    model = dslc.compile(workload.path, backend=backend, threads=int(threads) or None)
    batch = model.experiment.loop.batch or 1
    if workload.widths:
        model.fit(*draw(model.experiment.schema, batch), epochs=1)
    else:
        model.fit(epochs=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scale = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"compile_s": model.compile_seconds, "memory_bytes": peak * scale}), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException as error:
        sys.exit(ending(error))
