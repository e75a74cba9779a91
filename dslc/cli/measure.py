"""One workload, measured; see `dslc bench`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median

import dslc
from dslc.cli.workload import BATCHES, PEERS, Workload, draw
from dslc.diagnostics import BackendUnavailable
from dslc.model import Model
from dslc.plan import contraction_flops
from dslc.runtime.files import temporary_folder

SECONDS = 0.3
"""The least that a repetition takes."""

Steps = Callable[[int], float]
"""Runs at least this many steps and returns the seconds that one took."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Times of a step in microseconds, of compiling and starting in seconds, sizes in bytes.

    `share_of_peak` is what products of matrices alone would take at the machine's peak, as a share of the step.
    `compile_cold_s` has an empty store, and comes after `prepare_s`, the compiler's import and first compilation;
    `start_warm_s` is from the start of a process to the end of its first step.
    `peak_bytes` is the arena, `memory_bytes` the warm process's peak.
    """

    workload: str
    us_per_step: float
    peers: Mapping[str, float]
    share_of_peak: float | None
    compile_cold_s: float
    prepare_s: float
    start_warm_s: float
    peak_bytes: int
    memory_bytes: int

    @property
    def ratio(self) -> float | None:
        """How many times faster than the best peer."""
        return min(self.peers.values()) / self.us_per_step if self.peers else None

    def record(self) -> dict[str, object]:
        return {
            "workload": self.workload,
            "us_per_step": round(self.us_per_step, 2),
            "peers": {name: round(us, 2) for name, us in self.peers.items()},
            "ratio_to_best_peer": round(self.ratio, 2) if self.ratio else None,
            "share_of_peak": round(self.share_of_peak, 3) if self.share_of_peak else None,
            "compile_cold_s": round(self.compile_cold_s, 3),
            "prepare_s": round(self.prepare_s, 3),
            "start_warm_s": round(self.start_warm_s, 3),
            "peak_bytes": self.peak_bytes,
            "memory_bytes": self.memory_bytes,
        }


@dataclass(frozen=True, slots=True)
class Started:
    compile_s: float
    prepare_s: float
    memory_bytes: int
    seconds: float


def measure(
    workload: Workload, backend: str, threads: int | None, peers: Sequence[str], repetitions: int, peak: float | None
) -> Measured:
    """`peak` is the machine's in operations a second. Raises what compiling and training raise."""
    with temporary_folder("dslc-bench-") as store:
        cold = _start(workload, backend, threads, store, "cold")
        warm = min(
            (_start(workload, backend, threads, store, "warm") for _ in range(3)), key=lambda started: started.seconds
        )
    model = dslc.compile(workload.path, backend=backend, threads=threads)
    runners = {"dslc": model_steps(model, drawn=workload.net is not None)} | {
        peer: _peer_steps(workload, peer, threads) for peer in peers
    }
    taken = interleaved(runners, repetitions)
    seconds = taken.pop("dslc")
    return Measured(
        workload.name,
        seconds * 1e6,
        {name: others * 1e6 for name, others in taken.items()},
        contraction_flops(model.program) / seconds / peak if peak else None,
        cold.compile_s,
        cold.prepare_s,
        warm.seconds,
        model.peak_bytes,
        warm.memory_bytes,
    )


def _start(workload: Workload, backend: str, threads: int | None, store: Path, state: str) -> Started:
    """A process that compiles, makes a step and ends; `store` is where it keeps compiled kernels.

    It runs under -P: a checkout in the working directory must not stand before the dslc that is installed.
    """
    name = workload.name if workload.net else str(workload.path)
    command = [sys.executable, "-P", "-m", "dslc.cli.bench_start", name, backend, str(threads or 0), state]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "DSLC_CACHE": str(store)}) as process:
        assert process.stdout
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(process.returncode)  # the child has said why
    return Started(**json.loads(line), seconds=seconds)


def interleaved(runners: Mapping[str, Steps], repetitions: int) -> dict[str, float]:
    """Seconds per step of each runner: the median of `repetitions`, taken in turns."""
    counts = {name: _count(steps) for name, steps in runners.items()}
    taken: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(repetitions):
        for name, steps in runners.items():
            taken[name].append(steps(counts[name]))
    return {name: median(times) for name, times in taken.items()}


def _count(steps: Steps) -> int:
    """How many steps take `SECONDS`, after as many as warm the caches."""
    steps(1)
    count, seconds = 1, steps(1)
    while count * seconds < SECONDS / 10:
        count *= 2
        seconds = steps(count)
    return max(1, round(SECONDS / seconds))


def model_steps(model: Model, drawn: bool) -> Steps:
    """Training of the model, on `drawn` rows or its own; the time is that of the machine's run."""
    batch = model.experiment.loop.batch
    rows = draw(model.experiment.schema, BATCHES * (batch or 1)) if drawn else ()

    def steps(count: int) -> float:
        before = model.status().iteration
        per_epoch = max(1, -(-model.status().rows_per_epoch // (batch or 1)))
        history = model.fit(*rows, epochs=-(-count // per_epoch))
        return history.seconds / (model.status().iteration - before)

    return steps


def _peer_steps(workload: Workload, peer: str, threads: int | None) -> Steps:
    """The peer's steps on the same net. Raises BackendUnavailable where it is not installed or has no such net."""
    if workload.net is None:
        raise BackendUnavailable(f"`{workload.name}` has no counterpart in {peer}; --vs takes the named workloads")
    try:
        made = import_module(f"dslc.cli.bench_{peer}").peer_steps(workload.net, threads or os.cpu_count() or 1)
    except ImportError as error:
        raise BackendUnavailable(f"--vs {peer} needs {PEERS[peer]}: {error}") from None
    steps: Steps = made
    return steps
