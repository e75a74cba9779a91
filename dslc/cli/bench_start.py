"""A process of its own for `dslc bench`: compile a workload, make one training step, report.

    python -m dslc.cli.bench_start NAME BACKEND THREADS cold|warm

prints one line of JSON when the step is done: `compile_s`, and `memory_bytes`, the process's peak so far. The parent
measures the time from the start of the process to that line. A cold process loads its compiler and compiles something
else before: `prepare_s`, which whatever is compiled costs a process once.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from pathlib import Path

import dslc
from dslc.backends import get_backend
from dslc.cli.exits import ending
from dslc.cli.workload import draw, find


def main(name: str, backend: str, threads: str, store: str) -> None:
    workload = find(name)
    assert workload, name
    began = time.perf_counter()
    if store == "cold":
        get_backend(backend).prepare()
    prepared = time.perf_counter() - began
    model = dslc.compile(workload.path, backend=backend, threads=int(threads) or None)
    batch = model.experiment.loop.batch or 1
    if workload.net:
        model.fit(*draw(model.experiment.schema, batch), epochs=1)
    else:
        model.fit(epochs=1)
    facts = {"compile_s": model.compile_seconds, "prepare_s": prepared, "memory_bytes": peak_memory()}
    print(json.dumps(facts), flush=True)


def peak_memory() -> int:
    """Bytes that this process has had resident at most.

    Linux counts in `ru_maxrss` what the parent held when it forked; `VmHWM` starts anew with the program (proc(5)).
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == "VmHWM":
                return int(value.split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent says that it was interrupted
    try:
        main(*sys.argv[1:])
    except BaseException as error:
        sys.exit(ending(error))
