"""What PyTorch needs for the same training step: eager mode, float32, batches already in memory.

Imported only by `dslc bench --vs torch`. Four batches are used in turn, as a data loader that costs nothing would
hand them out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import torch

from dslc.cli.workload import PEER_BATCHES, Stack, Update


def peer_steps(stack: Stack, threads: int) -> Callable[[int], float]:
    """A function of a number of steps that makes them and returns the seconds one took."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for fan_in, units in pairwise(stack.widths):
        layers += [torch.nn.Linear(fan_in, units), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    kind = torch.optim.Adam if stack.update is Update.ADAM else torch.optim.SGD
    optimizer = kind(net.parameters(), stack.rate)
    first, last = stack.widths[0], stack.widths[-1]
    batches = [(torch.randn(stack.batch, first), torch.randint(0, last, (stack.batch,))) for _ in range(PEER_BATCHES)]

    def seconds(count: int) -> float:
        began = time.perf_counter()
        for step in range(count):
            x, y = batches[step % PEER_BATCHES]
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        return (time.perf_counter() - began) / count

    return seconds
