"""`dslc bench NAME --growth`: how a workload's step grows with its batch, its width, its depth, and the threads.

One of them changes at a time. The net is written anew as a model file from what describes the workload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import dslc
from dslc.cli.measure import interleaved, model_steps
from dslc.cli.workload import Stack, Update
from dslc.model import Model
from dslc.plan import contraction_flops
from dslc.processors import processors

FACTORS = (1 / 4, 1 / 2, 1, 2, 4)
DEPTHS = (1, 2, 4)
"""How often each hidden layer stands there."""

OPTIMIZERS = {Update.DESCENT: "sgd", Update.MOMENTUM: "momentum", Update.ADAM: "adam"}


@dataclass(frozen=True, slots=True)
class Grown:
    """`over` is batch, width (of the widest hidden layer), depth (hidden layers) or threads."""

    over: str
    value: int
    us_per_step: float
    share_of_peak: float | None
    peak_bytes: int

    def record(self) -> dict[str, object]:
        return {
            "over": self.over,
            "value": self.value,
            "us_per_step": round(self.us_per_step, 2),
            "share_of_peak": round(self.share_of_peak, 3) if self.share_of_peak else None,
            "peak_bytes": self.peak_bytes,
        }


def grown(stack: Stack, backend: str, threads: int | None, repetitions: int, peak: float | None) -> list[Grown]:
    """The variants, those of one kind measured in turns. `peak` is the machine's in operations a second."""
    found: list[Grown] = []
    for over, variants in _variants(stack, threads):
        models = {value: _model(changed, backend, count) for value, changed, count in variants}
        taken = interleaved(
            {str(value): model_steps(model, drawn=True) for value, model in models.items()}, repetitions
        )
        for value, model in models.items():
            seconds = taken[str(value)]
            share = contraction_flops(model.program) / seconds / peak if peak else None
            found.append(Grown(over, value, seconds * 1e6, share, model.peak_bytes))
    return found


Variant = tuple[int, Stack, int | None]


def _variants(stack: Stack, threads: int | None) -> Iterator[tuple[str, list[Variant]]]:
    *hidden, classes = stack.widths[1:]
    first = stack.widths[0]
    yield "batch", [(b, replace(stack, batch=b), threads) for b in (round(stack.batch * f) for f in FACTORS)]
    if hidden:
        widths = [[round(width * factor) for width in hidden] for factor in FACTORS]
        yield "width", [(max(w), replace(stack, widths=(first, *w, classes)), threads) for w in widths]
        depths = [[width for width in hidden for _ in range(count)] for count in DEPTHS]
        yield "depth", [(len(d), replace(stack, widths=(first, *d, classes)), threads) for d in depths]
    yield "threads", [(count, stack, count) for count in _counts()]


def _counts() -> Sequence[int]:
    """1, 2, 4, ..., and as many as there are processors."""
    return sorted({*(2**k for k in range(processors().bit_length()) if 2**k <= processors()), processors()})


def _model(stack: Stack, backend: str, threads: int | None) -> Model:
    return dslc.compile(text=model_text(stack), backend=backend, threads=threads)


def model_text(stack: Stack) -> str:
    """The stack as a model file."""
    shape = stack.image or stack.widths[:1]
    layers: list[str] = []
    for convolution in stack.convolutions:
        same = "" if convolution.same else ", padding = valid"
        layers += [f"conv({convolution.filters}, {convolution.size}x{convolution.size}{same})", "relu", "maxpool(2x2)"]
    layers += ["flatten"] if stack.image else []
    for units in stack.widths[1:-1]:
        layers += [f"dense({units})", "relu"]
    optimizer = f"{OPTIMIZERS[stack.update]}({stack.rate:g})"
    return f"""\
data {{ input x: [{", ".join(map(str, shape))}]; target y: class({stack.widths[-1]}) }}
net {{ {" | ".join(["x", *layers, "dense(outputs)"])} }}
loss cross_entropy
train {{ {optimizer}; batch {stack.batch}; epochs 1; seed 0; health false }}
"""
