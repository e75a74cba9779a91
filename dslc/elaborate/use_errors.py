"""What is wrong with `use "layers.dsl"`."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label
from dslc.source import Span


class UseFailed(Diagnostic):
    """A file that `use` names cannot be read.

    It is a text below the folder of the model file, links included; in a saved model its text is kept beside the
    model's own. A file may itself use others, whose paths start where it is. A model uses at most 16, however they
    nest.
    """

    code: ClassVar = "bad-use"
    message: ClassVar = "`{path}` cannot be used: {reason}"
    path: str
    reason: str


class UseCycle(Diagnostic):
    """A file that uses itself, at once or through the files that it uses: take one of the `use` lines out."""

    code: ClassVar = "use-cycle"
    message: ClassVar = "`{path}` uses itself{through}"
    path: str
    through: str


class NotDefinitions(Diagnostic):
    """A file that is used holds something that is no definition.

    `use` brings activations, layers, losses, optimizers, schedules, metrics and initializers. Data, nets, objectives,
    training and `let`s belong to one experiment: what a definition needs of them it takes as a parameter.
    """

    code: ClassVar = "not-definitions"
    message: ClassVar = "{what} stands in a file that is used, which holds definitions only"
    what: str
    used: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.used, "used here"),)
