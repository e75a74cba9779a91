"""What is told of a training when it has ended."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Severity


class DeadUnits(Diagnostic):
    """More than half of an activation's units are 0 for every validation row, so that no gradient passes them.

    It is told when training ends; the history has the share of every epoch, as `val.dead.` and the activation's path.
    Of an image a unit is a channel.
    """

    code: ClassVar = "dead-units"
    message: ClassVar = "{share} of the units of `{path}` are dead: they are 0 for every validation row"
    severity: ClassVar = Severity.NOTE
    help: ClassVar = "a smaller rate, `leaky_relu`, or fewer units"
    path: str
    share: str
