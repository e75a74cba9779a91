"""What PyTorch needs for the same training step: eager mode, float32, batches already in memory.

Imported only by `dslc bench --vs torch`. A peer is a stack of dense layers with ReLU between them, softmax
cross-entropy and Adam; four batches are used in turn, as a data loader that costs nothing would hand them out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import torch

Steps: TypeAlias = Callable[[int], None]
"""Runs this many training steps."""

BATCHES = 4


def torch_steps(widths: Sequence[int], batch: int, rate: float, threads: int) -> Steps:
    """The training steps of a net with layers of `widths`, the first being the input's, the last the classes."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for fan_in, units in pairwise(widths):
        layers += [torch.nn.Linear(fan_in, units), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(net.parameters(), rate)
    batches = [(torch.randn(batch, widths[0]), torch.randint(0, widths[-1], (batch,))) for _ in range(BATCHES)]

    def steps(count: int) -> None:
        for step in range(count):
            x, y = batches[step % BATCHES]
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()

    return steps
