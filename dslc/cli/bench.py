"""`dslc bench [NAME|FILE...]`: how long a step, a compilation, a start and reading take, and how much memory they need.

A repetition trains for at least `SECONDS`; the median of several is reported. Peers
take turns with dslc in the same process, so that both see the same machine. Starts are measured in processes of their
own: cold with an empty store of compiled kernels, warm with the store that the cold one filled. `csv` is no training:
a million rows from their file into the arrays that training fetches from, beside polars where it is installed.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from dslc.cli.exits import say
from dslc.cli.options import backend_option, format_option, threads_option

if TYPE_CHECKING:
    from dslc.cli.growth import Grown
    from dslc.cli.measure import Measured
    from dslc.cli.reading import Reading


class PeerNames(click.ParamType[tuple[str, ...]]):
    """`torch,jax`: names with commas between."""

    name = "names"

    def convert(
        self, value: str | tuple[str, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        from dslc.cli.workload import PEERS

        names = tuple(value.split(",")) if isinstance(value, str) else value
        for name in names:
            if name not in PEERS:
                self.fail(f"`{name}` is none of {', '.join(PEERS)}", param, ctx)
        return names


@click.command("bench")
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...")
@click.option(
    "--vs", "peers", type=PeerNames(), default=(), metavar="torch,jax", help="Time these peers in the same run."
)
@click.option(
    "--repetitions",
    type=click.IntRange(1),
    metavar="N",
    default=5,
    show_default=True,
    help="The median counts; of starts and of csv the best.",
)
@click.option("--growth", is_flag=True, help="Measure named workloads with other batches, widths, depths, threads too.")
@backend_option
@threads_option
@format_option
def command(
    *,
    names: tuple[str, ...],
    peers: tuple[str, ...],
    repetitions: int,
    growth: bool,
    backend: str,
    threads: int | None,
    form: str,
) -> None:
    """Measure training steps, compile time and memory.

    NAME is softmax (784-10, batch 64, descent), tiny (30-32-16-2, batch 32, Adam), mlp (784-256-128-10, batch 64,
    Adam), wide (1024-1024-1024-10, batch 256, Adam), lenet (LeNet-5 on 28x28 pixels, batch 64, momentum), lstm
    (128 units, 64 steps, batch 32, Adam) or gpt (4 blocks of width 128, 64 tokens, batch 16, Adam), FILE a model file
    with its data. All workloads are measured when none is named. The workload csv reads a table of a million rows,
    beside polars.
    """
    from dslc.backends import get_backend
    from dslc.cli.growth import grown
    from dslc.cli.measure import measure
    from dslc.cli.reading import measure_reading
    from dslc.cli.workload import NETS, find
    from dslc.program.program import Element

    workloads = []
    for name in [name for name in names if name != "csv"] if names else tuple(NETS):
        workload = find(name)
        if workload is None:
            raise click.UsageError(f"`{name}` is neither a workload ({', '.join(NETS)}, csv) nor a model file")
        workloads.append(workload)
    peak = get_backend(backend).peak_flops(Element.F32) if workloads else None
    measured, sizes = [], {}
    for workload in workloads:
        say(f"measuring {workload.name} ...")
        measured.append(measure(workload, backend, threads, peers, repetitions, peak))
        if growth and workload.net is not None:
            sizes[workload.name] = grown(workload.net, backend, threads, repetitions, peak)
    reading = measure_reading(repetitions) if "csv" in names else None
    if form == "json":
        click.echo(_to_json(measured, sizes, reading, peak))
        return
    parts = [_to_text(measured, peers)] if measured else []
    parts += [_growth_text(name, of_one) for name, of_one in sizes.items()]
    parts += [f"peak of multiply-adds: {peak / 1e9:.0f} GFLOP/s"] if peak else []
    click.echo("\n\n".join([*parts, *([reading.to_text()] if reading else [])]))


def _to_json(
    measured: Sequence[Measured], sizes: Mapping[str, Sequence[Grown]], reading: Reading | None, peak: float | None
) -> str:
    machine = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores"
    facts: dict[str, object] = {
        "schema": 1,
        "machine": machine,
        "peak_gflops": round(peak / 1e9, 1) if peak else None,
        "workloads": [one.record() | _growth_record(sizes.get(one.workload)) for one in measured],
    }
    return json.dumps(facts | ({"reading": reading.record()} if reading else {}))


def _to_text(measured: Sequence[Measured], peers: Sequence[str]) -> str:
    """A table of steps, and one of starts and memory."""
    from dslc.plan import table

    steps = [["workload", "us/step", *(f"{peer} us" for peer in peers), *(["ratio"] if peers else []), "of peak"]]
    starts = [["workload", "first compile s", "cold compile s", "warm start s", "arena", "process"]]
    for one in measured:
        others = [f"{one.peers[peer]:.1f}" for peer in peers]
        ratio = [f"{one.ratio:.2f}" if one.ratio else "-"] if peers else []
        share = f"{one.share_of_peak:.0%}" if one.share_of_peak else "-"
        steps.append([one.workload, f"{one.us_per_step:.1f}", *others, *ratio, share])
        seconds = [f"{spent:.2f}" for spent in (one.prepare_s, one.compile_cold_s, one.start_warm_s)]
        starts.append([one.workload, *seconds, _size(one.peak_bytes), _size(one.memory_bytes)])
    return "\n".join([*table(steps, left=1), "", *table(starts, left=1)])


def _growth_record(sizes: Sequence[Grown] | None) -> dict[str, object]:
    return {} if sizes is None else {"growth": [size.record() for size in sizes]}


def _growth_text(name: str, sizes: Sequence[Grown]) -> str:
    from dslc.plan import table

    rows = [[name, "", "us/step", "of peak", "arena"]]
    for size in sizes:
        share = f"{size.share_of_peak:.0%}" if size.share_of_peak else "-"
        rows.append([size.over, str(size.value), f"{size.us_per_step:.1f}", share, _size(size.peak_bytes)])
    return "\n".join(table(rows, left=1))


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB"
