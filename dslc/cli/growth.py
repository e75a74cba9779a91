"""`dslc bench NAME --growth`: how a workload's step grows with its batch, width, depth, steps, and the threads.

One of them changes at a time. The net is written anew as a model file from what describes the workload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

import dslc
from dslc.cli.measure import interleaved, model_steps
from dslc.cli.workload import Decoder, Net, Recurrent, Stack, Update
from dslc.model import Model
from dslc.plan import contraction_flops
from dslc.processors import processors

FACTORS = (1 / 4, 1 / 2, 1, 2, 4)
DEPTHS = (1, 2, 4)
"""How often each hidden layer stands there."""

OPTIMIZERS = {Update.DESCENT: "sgd", Update.MOMENTUM: "momentum", Update.ADAM: "adam"}


@dataclass(frozen=True, slots=True)
class Grown:
    """`over` is batch, width (of the widest hidden layer), depth (hidden layers, or blocks), steps or threads."""

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


def grown(net: Net, backend: str, threads: int | None, repetitions: int, peak: float | None) -> list[Grown]:
    """The variants, those of one kind measured in turns. `peak` is the machine's in operations a second."""
    found: list[Grown] = []
    for over, variants in _variants(net, threads):
        models = {value: _model(changed, backend, count) for value, changed, count in variants}
        taken = interleaved(
            {str(value): model_steps(model, drawn=True) for value, model in models.items()}, repetitions
        )
        for value, model in models.items():
            seconds = taken[str(value)]
            share = contraction_flops(model.program) / seconds / peak if peak else None
            found.append(Grown(over, value, seconds * 1e6, share, model.peak_bytes))
    return found


Variant = tuple[int, Net, int | None]


def _variants(net: Net, threads: int | None) -> Iterator[tuple[str, list[Variant]]]:
    batches = [round(net.batch * factor) for factor in FACTORS]
    yield "batch", [(batch, replace(net, batch=batch), threads) for batch in batches]
    match net:
        case Stack():
            for over, changed in _stacks(net):
                yield over, [(value, stack, threads) for value, stack in changed]
        case Recurrent():
            yield "width", [(units, replace(net, units=units), threads) for units in _multiples(net.units)]
            yield "steps", [(steps, replace(net, steps=steps), threads) for steps in _multiples(net.steps)]
        case Decoder():
            yield "width", [(width, replace(net, width=width), threads) for width in _multiples(net.width)]
            yield "steps", [(steps, replace(net, steps=steps), threads) for steps in _multiples(net.steps)]
            yield "depth", [(blocks, replace(net, blocks=blocks), threads) for blocks in DEPTHS]
        case _:
            assert_never(net)
    yield "threads", [(count, net, count) for count in _counts()]


def _multiples(size: int) -> list[int]:
    return [round(size * factor) for factor in FACTORS]


def _stacks(stack: Stack) -> Iterator[tuple[str, list[tuple[int, Stack]]]]:
    *hidden, classes = stack.widths[1:]
    first = stack.widths[0]
    if hidden:
        widths = [[round(width * factor) for width in hidden] for factor in FACTORS]
        yield "width", [(max(w), replace(stack, widths=(first, *w, classes))) for w in widths]
        depths = [[width for width in hidden for _ in range(count)] for count in DEPTHS]
        yield "depth", [(len(d), replace(stack, widths=(first, *d, classes))) for d in depths]


def _counts() -> Sequence[int]:
    """1, 2, 4, ..., and as many as there are processors."""
    return sorted({*(2**k for k in range(processors().bit_length()) if 2**k <= processors()), processors()})


def _model(net: Net, backend: str, threads: int | None) -> Model:
    return dslc.compile(text=model_text(net), backend=backend, threads=threads)


def model_text(net: Net) -> str:
    """The net as a model file."""
    match net:
        case Stack():
            lines = _stack_lines(net)
        case Recurrent():
            lines = [_tokens_line(net), f"net {{ token | embed({net.width}) | lstm({net.units}) | dense(outputs) }}"]
        case Decoder():
            lines = _decoder_lines(net)
        case _:
            assert_never(net)
    optimizer = f"{OPTIMIZERS[net.update]}({net.rate:g})"
    train = f"train {{ {optimizer}; batch {net.batch}; epochs 1; seed 0; health false }}"
    return "\n".join([*lines, "loss cross_entropy", train, ""])


def _tokens_line(net: Recurrent | Decoder) -> str:
    field = f"[{net.steps}] class({net.tokens})"
    return f"data {{ input token: {field}; target y: {field} }}"


def _decoder_lines(net: Decoder) -> list[str]:
    block = f"""\
layer block(x: [time, c]) {{
  a = x + attention(layernorm(x), {net.heads}, causal = true)
  a + (a | layernorm | dense(4 * c) | gelu_tanh | dense(c))
}}"""
    tokens = f"look_up = embed({net.width}); look_up(token) + positions({net.width})"
    return [block, _tokens_line(net), f"net {{ {tokens} | repeat {net.blocks} block | layernorm | dense(outputs) }}"]


def _stack_lines(stack: Stack) -> list[str]:
    shape = stack.image or stack.widths[:1]
    layers: list[str] = []
    for convolution in stack.convolutions:
        same = "" if convolution.same else ", padding = valid"
        layers += [f"conv({convolution.filters}, {convolution.size}x{convolution.size}{same})", "relu", "maxpool(2x2)"]
    layers += ["flatten"] if stack.image else []
    for units in stack.widths[1:-1]:
        layers += [f"dense({units})", "relu"]
    data = f"input x: [{', '.join(map(str, shape))}]; target y: class({stack.widths[-1]})"
    return [f"data {{ {data} }}", f"net {{ {' | '.join(['x', *layers, 'dense(outputs)'])} }}"]
