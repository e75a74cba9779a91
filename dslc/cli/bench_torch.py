"""What PyTorch needs for the same training step: eager mode, float32, batches already in memory.

Imported only by `dslc bench --vs torch`. Four batches are used in turn, as a data loader that costs nothing would
hand them out. Images are tried in both of PyTorch's orders, and the faster one counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeAlias, assert_never

import torch

from dslc.cli.workload import BATCHES, MOMENTUM, Decoder, Net, Recurrent, Stack, Update

Seconds: TypeAlias = Callable[[int], float]

TRIED = 20
"""Steps after which an order of images is chosen."""


def peer_steps(net: Net, threads: int) -> Seconds:
    """A function of a number of steps that makes them and returns the seconds one took."""
    torch.set_num_threads(threads)
    image = isinstance(net, Stack) and net.image
    orders = (torch.contiguous_format, torch.channels_last) if image else (torch.contiguous_format,)
    tried = [_steps(net, order) for order in orders]
    for seconds in tried:
        seconds(TRIED)
    return min(tried, key=lambda seconds: seconds(TRIED))


def _steps(net: Net, order: torch.memory_format) -> Seconds:
    torch.manual_seed(0)
    module = module_of(net).to(memory_format=order)
    optimizer = _optimizer(net, module)
    batches = [_batch(net, order) for _ in range(BATCHES)]

    def seconds(count: int) -> float:
        began = time.perf_counter()
        for step in range(count):
            x, y = batches[step % BATCHES]
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(module(x).flatten(0, -2), y.flatten()).backward()
            optimizer.step()
        return (time.perf_counter() - began) / count

    return seconds


def _batch(net: Net, order: torch.memory_format) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs, and the classes of the targets."""
    if not isinstance(net, Stack):
        shape = (net.batch, net.steps)
        return torch.randint(0, net.tokens, shape), torch.randint(0, net.tokens, shape)
    rows, columns, channels = net.image or (net.widths[0], 0, 0)
    x = torch.randn((net.batch, channels, rows, columns) if net.image else (net.batch, rows)).to(memory_format=order)
    return x, torch.randint(0, net.widths[-1], (net.batch,))


def module_of(net: Net) -> torch.nn.Module:
    match net:
        case Stack():
            return torch.nn.Sequential(*_layers(net))
        case Recurrent():
            return _Recurrent(net)
        case Decoder():
            blocks = [_Block(net.width, net.heads) for _ in range(net.blocks)]
            last = torch.nn.LayerNorm(net.width), torch.nn.Linear(net.width, net.tokens)
            return torch.nn.Sequential(_Tokens(net), *blocks, *last)
        case _:
            assert_never(net)


class _Recurrent(torch.nn.Module):
    """Raw values of the next token, [batch, steps, tokens]. PyTorch's LSTM has a second bias, which is no work."""

    def __init__(self, net: Recurrent) -> None:
        super().__init__()
        self.look_up = torch.nn.Embedding(net.tokens, net.width)
        self.lstm = torch.nn.LSTM(net.width, net.units, batch_first=True)
        self.raw = torch.nn.Linear(net.units, net.tokens)

    def forward(self, token: torch.Tensor) -> torch.Tensor:
        raw: torch.Tensor = self.raw(self.lstm(self.look_up(token))[0])
        return raw


class _Tokens(torch.nn.Module):
    """A token's row of the table and that of its place."""

    def __init__(self, net: Decoder) -> None:
        super().__init__()
        self.look_up = torch.nn.Embedding(net.tokens, net.width)
        self.place = torch.nn.Embedding(net.steps, net.width)

    def forward(self, token: torch.Tensor) -> torch.Tensor:
        looked_up: torch.Tensor = self.look_up(token)
        return looked_up + self.place.weight


class _Block(torch.nn.Module):
    """Causal attention by PyTorch's fused function, then two dense layers, each on normalised values, added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = torch.nn.LayerNorm(width)
        self.query_key_value, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.between = torch.nn.LayerNorm(width)
        self.wide, self.narrow = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.query_key_value(self.before(x)).unflatten(-1, (3, self.heads, -1))  # [batch, steps, 3, heads, e]
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        heads = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        attended = x + self.out(heads.transpose(1, 2).flatten(2))
        hidden = torch.nn.functional.gelu(self.wide(self.between(attended)), approximate="tanh")
        added: torch.Tensor = self.narrow(hidden)
        return attended + added


def _layers(stack: Stack) -> Iterator[torch.nn.Module]:
    channels = stack.image[2] if stack.image else 0
    for convolution in stack.convolutions:
        padding = "same" if convolution.same else "valid"
        yield torch.nn.Conv2d(channels, convolution.filters, convolution.size, padding=padding)
        yield torch.nn.ReLU()
        yield torch.nn.MaxPool2d(2)
        channels = convolution.filters
    if stack.image:
        yield torch.nn.Flatten()
    *hidden, last = pairwise(stack.widths)
    for fan_in, units in hidden:
        yield torch.nn.Linear(fan_in, units)
        yield torch.nn.ReLU()
    yield torch.nn.Linear(*last)


def _optimizer(net: Net, module: torch.nn.Module) -> torch.optim.Optimizer:
    match net.update:
        case Update.ADAM:
            return torch.optim.Adam(module.parameters(), net.rate)
        case Update.MOMENTUM:
            return torch.optim.SGD(module.parameters(), net.rate, momentum=MOMENTUM)
        case Update.DESCENT:
            return torch.optim.SGD(module.parameters(), net.rate)
