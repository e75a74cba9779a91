"""What PyTorch needs for the same training step: eager mode, float32, batches already in memory.

Imported only by `dslc bench --vs torch`. Four batches are used in turn, as a data loader that costs nothing would
hand them out. Images are tried in both of PyTorch's orders, and the faster one counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeAlias

import torch

from dslc.cli.workload import BATCHES, MOMENTUM, Stack, Update

Seconds: TypeAlias = Callable[[int], float]

TRIED = 20
"""Steps after which an order of images is chosen."""


def peer_steps(stack: Stack, threads: int) -> Seconds:
    """A function of a number of steps that makes them and returns the seconds one took."""
    torch.set_num_threads(threads)
    orders = (torch.contiguous_format, torch.channels_last) if stack.image else (torch.contiguous_format,)
    tried = [_steps(stack, order) for order in orders]
    for seconds in tried:
        seconds(TRIED)
    return min(tried, key=lambda seconds: seconds(TRIED))


def _steps(stack: Stack, order: torch.memory_format) -> Seconds:
    torch.manual_seed(0)
    net = torch.nn.Sequential(*_layers(stack)).to(memory_format=order)
    optimizer = _optimizer(stack, net)
    rows, columns, channels = stack.image or (stack.widths[0], 0, 0)
    shape = (stack.batch, channels, rows, columns) if stack.image else (stack.batch, rows)
    batches = [
        (torch.randn(shape).to(memory_format=order), torch.randint(0, stack.widths[-1], (stack.batch,)))
        for _ in range(BATCHES)
    ]

    def seconds(count: int) -> float:
        began = time.perf_counter()
        for step in range(count):
            x, y = batches[step % BATCHES]
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        return (time.perf_counter() - began) / count

    return seconds


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


def _optimizer(stack: Stack, net: torch.nn.Module) -> torch.optim.Optimizer:
    match stack.update:
        case Update.ADAM:
            return torch.optim.Adam(net.parameters(), stack.rate)
        case Update.MOMENTUM:
            return torch.optim.SGD(net.parameters(), stack.rate, momentum=MOMENTUM)
        case Update.DESCENT:
            return torch.optim.SGD(net.parameters(), stack.rate)
