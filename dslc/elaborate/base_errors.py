"""What is wrong with what a net takes over from other files: saved models, and vectors."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label
from dslc.source import Span


class BaseFailed(Diagnostic):
    """A model that `load` names cannot be read, or is not one whose net can be a layer of another.

    It is what `dslc train` or `Model.save` wrote, below the folder of the model file; its net has one input. What it
    uses of the library must be defined as when it was saved.
    """

    code: ClassVar = "bad-base"
    message: ClassVar = "`{path}` cannot be loaded: {reason}"
    path: str
    reason: str


class BaseInput(Diagnostic):
    """A loaded net gets a tensor of another shape than it was trained on."""

    code: ClassVar = "base-input"
    message: ClassVar = "`{path}` was trained on `{name}` of shape {wanted}, and gets {given}"
    path: str
    name: str
    wanted: str
    given: str
    made: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.made, "made here"),)


class UnknownTensor(Diagnostic):
    """`until` names what no tensor of the loaded net is called: a name that it binds, or the path of a layer."""

    code: ClassVar = "unknown-tensor"
    message: ClassVar = "no tensor of `{path}` is called `{name}`"
    help: ClassVar = "did you mean `{meant}`?"
    name: str
    path: str
    meant: str | None
