"""Definitions of the standard library beside PyTorch: the same float64 values and gradients, to 1e-9.

Where a convention differs, the case says how one formula is mapped onto the other. What PyTorch answered is stored in
tests/cases/torch, so that every run compares with it; `pytest -m peers` asks PyTorch itself whether it still says so,
and with `--update-golden` stores its answers anew.
"""

from __future__ import annotations

from . import activations, layers, losses
from .case import Case

CASES: tuple[Case, ...] = (*activations.CASES, *layers.CASES, *losses.CASES)
