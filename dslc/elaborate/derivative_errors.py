"""What is wrong with `derivative(u, x)`."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label
from dslc.source import Span


class NoDependence(Diagnostic):
    """`derivative(u, x)` where `u` was not computed from `x`.

    `x` is a tensor, not the expression it is written as: two reads `inputs[0]` are two tensors, each computed from
    `inputs`. Bind the part to a name, `x = inputs[0]`, and compute `u` from that name. The derivative of a function
    that is constant between jumps, as `step` or the derivative of `relu`, is 0 everywhere, and asked for by mistake.
    """

    code: ClassVar = "no-dependence"
    message: ClassVar = "`{of}` {how} `{wrt}`"
    help: ClassVar = "{advice_text}"
    of: str
    how: str
    wrt: str
    advice_text: str
    bound: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.bound, f"`{self.wrt}`"),) if self.bound != self.span else ()


class AcrossExamples(Diagnostic):
    """`derivative(u, x)` where one example's `u` depends on other examples' `x`, as statistics of a batch do.

    Every row of a derivative belongs to one example, so nothing between `x` and `u` may go over the batch. Where
    statistics may count as constants, `stop_gradient` makes them so.
    """

    code: ClassVar = "across-examples"
    message: ClassVar = "`{of}` of one example depends on `{wrt}` of others, and `derivative` is per example"
    of: str
    wrt: str
    meeting: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.meeting, "examples meet here"),)


class NoSecondDerivative(Diagnostic):
    """`derivative(u, x)` through something whose gradient cannot be differentiated again.

    Training differentiates the loss, so what a loss makes of a derivative is differentiated a second time. Formulas,
    sums, products of matrices, reads by index and changes of shape can be; a gradient that is declared `approximate` is
    no derivative of anything, and what only the metrics of a whole part have is none either.
    """

    code: ClassVar = "no-second-derivative"
    message: ClassVar = "`derivative` of `{of}` goes through what cannot be differentiated again: {reason}"
    of: str
    reason: str
    through: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.through, "here"),) if self.through != self.span else ()
