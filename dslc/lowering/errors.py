"""What lowering refuses."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic


class TooMuchMemory(Diagnostic):
    """The program's memory would exceed the budget.

    All memory is planned before any is allocated: weights, optimizer state, one batch of rows and of
    everything computed from it. The message names the largest tensor; a smaller batch shrinks every tensor
    that has a batch axis.
    """

    code: ClassVar[str] = "too-much-memory"
    message: ClassVar[str] = "this model needs {needed} of memory, {allowed} are allowed"
    label: ClassVar[str] = "`{tensor}` alone takes {size}"
    help: ClassVar[str] = "a smaller batch needs less: {batched} of it grow with the batch"

    needed: str
    allowed: str
    tensor: str
    size: str
    batched: str | None
