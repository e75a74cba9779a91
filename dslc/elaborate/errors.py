"""What elaboration has to say: one class per fault; the docstring is its long form (`dslc explain CODE`).

Faults travel as `Fault` exceptions to the smallest expression that contains them, are reported there once,
and leave a poisoned value behind, so that one run finds every independent fault and no cascade.
What is about saved models stands in base_errors.py, what is about groups of weights in group_errors.py,
what is about `derivative` in derivative_errors.py, what is about `use` in use_errors.py.
"""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label, Severity
from dslc.source import Span


class Fault(Exception):
    """A diagnostic on its way to whoever reports it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.text)


class Cascade(Exception):
    """The consequence of a fault that was reported already."""


class Exhausted(Fault):
    """A fault after which going on would only cost time."""


# --- names ----------------------------------------------------------------------------------------


class UnknownName(Diagnostic):
    """A name that neither this place, nor the file, nor the standard library defines.

    Names bound in `net` are visible in `loss` and in metrics; a definition sees its parameters, its own
    bindings and the file's `let`s.
    """

    code: ClassVar = "unknown-name"
    message: ClassVar = "unknown name `{name}`"
    help: ClassVar = "{advice_text}"
    name: str
    advice_text: str | None = None


class WrongKind(Diagnostic):
    """A definition of one kind where another kind is wanted: an optimizer in a net, a layer as a loss."""

    code: ClassVar = "wrong-kind"
    message: ClassVar = "`{name}` is {found}; {wanted} is wanted here"
    name: str
    found: str
    wanted: str


class Unexpected(Diagnostic):
    """A value of another kind than its place needs: a layer without its input in a sum, a tensor as a size."""

    code: ClassVar = "unexpected-value"
    message: ClassVar = "{found} stands where {wanted} is wanted"
    help: ClassVar = "{advice_text}"
    found: str
    wanted: str
    advice_text: str | None = None


class Redefined(Diagnostic):
    """A definition under a name that something else has which is called in the same places.

    A file may have its own `loss huber`, which then stands for the library's in that file. A name of another kind, as
    an activation `dense`, or a second definition would leave open which one is meant.
    """

    code: ClassVar = "redefined"
    message: ClassVar = "{kind} `{name}` is defined already{where}"
    kind: str
    name: str
    where: str
    first: Span | None = None

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, "the first one"),) if self.first else ()


class Duplicate(Diagnostic):
    """The same thing stated twice: a binding, a `let`, an input, a setting, a `net`."""

    code: ClassVar = "duplicate"
    message: ClassVar = "{what} is stated twice"
    label: ClassVar = "again here"
    what: str
    first: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, "first here"),) if self.first.source.text else ()


class Taken(Diagnostic):
    """A `let`, a binding in `net` or a name in `data` that would hide what the name means everywhere.

    `outputs`, `prediction`, `target`, `weights`, `parameters`, `training`, `pi`, `true` and `false` keep their meaning.
    """

    code: ClassVar = "taken-name"
    message: ClassVar = "`{name}` means something already: {meaning}"
    help: ClassVar = "choose another name"
    name: str
    meaning: str


class TargetInNet(Diagnostic):
    """The net predicts the target, so it cannot read it; the loss and metrics can."""

    code: ClassVar = "target-in-net"
    message: ClassVar = "`{name}` is the target, which the net cannot read"
    name: str


class CarriedInNet(Diagnostic):
    """`carry amount` brings a column to losses and metrics without making it an input."""

    code: ClassVar = "carried-in-net"
    message: ClassVar = "`{name}` is carried to the loss, and the net cannot read it"
    name: str


class SeveralOutputs(Diagnostic):
    """With several targets `outputs` is the width of one of them, within its `predict NAME = ...`."""

    code: ClassVar = "several-outputs"
    message: ClassVar = "`outputs` does not say of which target: {targets}"
    help: ClassVar = "use it within `predict NAME = ...`"
    targets: str


class Unused(Diagnostic):
    """Something that is defined and never used. It costs nothing, and is often the trace of a typo."""

    code: ClassVar = "unused"
    message: ClassVar = "{what} `{name}` is never used"
    severity: ClassVar = Severity.WARNING
    what: str
    name: str


# --- calls ----------------------------------------------------------------------------------------


class UnknownArgument(Diagnostic):
    """A keyword argument that the callee does not have."""

    code: ClassVar = "unknown-argument"
    message: ClassVar = "`{callee}` has no argument `{name}`"
    label: ClassVar = "it takes {takes}"
    help: ClassVar = "did you mean `{suggestion}`?"
    callee: str
    name: str
    takes: str | None
    suggestion: str | None = None


class MissingArgument(Diagnostic):
    """A parameter without a default that got no value."""

    code: ClassVar = "missing-argument"
    message: ClassVar = "`{callee}` needs {names}"
    help: ClassVar = "{advice_text}"
    callee: str
    names: str
    advice_text: str | None = None


class ExtraArgument(Diagnostic):
    """More positional arguments than the callee has parameters."""

    code: ClassVar = "extra-argument"
    message: ClassVar = "`{callee}` takes {count} {noun}"
    callee: str
    count: int
    noun: str


class RepeatedArgument(Diagnostic):
    """A parameter that got two values, by place and by name or by name twice."""

    code: ClassVar = "repeated-argument"
    message: ClassVar = "`{callee}` gets `{name}` twice"
    callee: str
    name: str


class NotCallable(Diagnostic):
    """Something is called or piped into that takes no input."""

    code: ClassVar = "not-callable"
    message: ClassVar = "{found} takes no input"
    found: str


class Recursive(Diagnostic):
    """Definitions that call one another more than 64 deep.

    A definition may call itself only where a static condition ends it.
    """

    code: ClassVar = "recursive"
    message: ClassVar = "definitions nest more than {limit} deep in `{name}`"
    name: str
    limit: int


class TooLarge(Diagnostic):
    """A size beyond what one model may have: a dimension, the number of parameters, of operations, of repetitions."""

    code: ClassVar = "over-limit"
    message: ClassVar = "more than {limit} {what}"
    what: str
    limit: int


# --- shapes ---------------------------------------------------------------------------------------


class ShapeMismatch(Diagnostic):
    """Two tensors whose shapes do not meet.

    Trailing axes are aligned and must be equal; an axis of size 1 never stretches, a single number meets
    everything.
    """

    code: ClassVar = "shape-mismatch"
    message: ClassVar = "{left} and {right} do not meet"
    left: str
    right: str
    ends: tuple[Label, ...] = ()

    def others(self) -> tuple[Label, ...]:
        return tuple(end for end in self.ends if end.span != self.span)


class WrongShape(Diagnostic):
    """An input that is not of the shape that a layer, a loss or a weight declares."""

    code: ClassVar = "wrong-shape"
    message: ClassVar = "`{callee}` takes `{name}: {wanted}`, and {given}"
    help: ClassVar = "{advice_text}"
    callee: str
    name: str
    wanted: str
    given: str
    origin: Span | None = None
    advice_text: str | None = None

    def others(self) -> tuple[Label, ...]:
        return (Label(self.origin, "made here"),) if self.origin and self.origin != self.span else ()


class Unpaired(Diagnostic):
    """A prediction whose shape does not suit the target that a loss or a metric compares it with.

    One value takes one output, a class one output for each class; several values take as many outputs.
    """

    code: ClassVar = "wrong-prediction"
    message: ClassVar = "`{callee}` takes {wanted} for the target `{target}`, and {given}"
    help: ClassVar = "{advice_text}"
    callee: str
    wanted: str
    target: str
    given: str
    advice_text: str | None
    ends: tuple[Label, ...]

    def others(self) -> tuple[Label, ...]:
        return tuple(end for end in self.ends if end.span.source.text)


class SharedShape(Diagnostic):
    """A layer bound to a name is one instance; its weights have one shape, so every use must have one too."""

    code: ClassVar = "shared-shape"
    message: ClassVar = "`{name}` is one shared instance: it was used on {first_shape}, and gets {shape} here"
    name: str
    first_shape: str
    shape: str
    first: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, f"used on {self.first_shape}"),)


class UntrainedWeight(Diagnostic):
    """A weight that exists only outside of training, below `if training`, would keep its first value for ever."""

    code: ClassVar = "untrained-weight"
    message: ClassVar = "the weight `{path}` does not exist while training"
    path: str


class StatePerRow(Diagnostic):
    """A layer's state is one for all rows, so that its new value cannot differ from row to row."""

    code: ClassVar = "state-per-row"
    message: ClassVar = "the new value of `{name}` differs from row to row, and a state is one for all"
    help: ClassVar = "take its `mean(.. over batch)`"
    name: str


class BadSize(Diagnostic):
    """A size, a count or a position that is not a whole number in its range."""

    code: ClassVar = "bad-size"
    message: ClassVar = "{what} must be {wanted}, not {found}"
    what: str
    wanted: str
    found: str


class OutsideRange(Diagnostic):
    """A definition states what numbers it takes: `rate: positive`, `share: share`, `units: count`, `bias: switch`.

    A share lies from 0 to below 1, and may be written `20%`; a count is a whole number above 0.
    """

    code: ClassVar = "outside-range"
    message: ClassVar = "`{callee}` takes {wanted} for `{name}`, not {found}"
    help: ClassVar = "{advice_text}"
    callee: str
    name: str
    wanted: str
    found: str
    advice_text: str | None = None


class NotStatic(Diagnostic):
    """A size, a count or an `if` needs what is known before training; this depends on an example or on the run."""

    code: ClassVar = "not-static"
    message: ClassVar = "{what} must be known before training"
    help: ClassVar = "{advice_text}"
    what: str
    advice_text: str | None = None


class Required(Diagnostic):
    """A definition states what it needs by `require(condition, "what is wrong")`, and that does not hold here."""

    code: ClassVar = "required"
    message: ClassVar = "{what}"
    what: str


class BadNumber(Diagnostic):
    """A computation on numbers without a finite result."""

    code: ClassVar = "bad-number"
    message: ClassVar = "{reason}"
    reason: str


class NoAxis(Diagnostic):
    """`over` names an axis by the name that a parameter's shape gave it; the value must still have that axis."""

    code: ClassVar = "no-axis"
    message: ClassVar = "{found} has no axis `{name}`"
    name: str
    found: str


class NoStepAxis(Diagnostic):
    """A scan goes along the first axis of the tensors that it names: as many steps in each."""

    code: ClassVar = "no-step-axis"
    message: ClassVar = "{found} does not begin with an axis `{axis}`{extent}"
    found: str
    axis: str
    extent: str


class MixedLevels(Diagnostic):
    """What differs per example meets what is taken over all examples."""

    code: ClassVar = "mixed-levels"
    message: ClassVar = "a value per example meets one over all examples"
    help: ClassVar = "take `mean(.. over examples)` of the value per example"


class Unseen(Diagnostic):
    """A metric that looks at all rows of a part at once uses an input, or a name that `net` binds.

    What uses `tail_sum`, by itself or through another definition, is computed when all rows of the part are predicted:
    it sees predictions, targets, example weights, and the columns that `data` carries.
    """

    code: ClassVar = "unseen"
    message: ClassVar = "`{name}` is not seen by a metric that looks at all rows at once"
    help: ClassVar = "such a metric sees predictions, targets, and columns that `data` carries"
    name: str


# --- blocks ---------------------------------------------------------------------------------------


class Misplaced(Diagnostic):
    """A statement that has no meaning in this kind of block: a weight in a loss, an update in a layer."""

    code: ClassVar = "misplaced"
    message: ClassVar = "{what} does not belong in {where}"
    what: str
    where: str


class NoValue(Diagnostic):
    """A block that must end in a value does not."""

    code: ClassVar = "no-value"
    message: ClassVar = "{what} ends without a value"
    help: ClassVar = "let its last line be the value"
    what: str


class BadGradient(Diagnostic):
    """A declared gradient that names no tensor of the definition, leaves one out, or has another shape than it."""

    code: ClassVar = "bad-gradient"
    message: ClassVar = "{reason}"
    reason: str


class NoUpdate(Diagnostic):
    """An optimizer updates `weight` and its own states, and must update `weight`."""

    code: ClassVar = "no-update"
    message: ClassVar = "{reason}"
    reason: str


# --- the file -------------------------------------------------------------------------------------


class MissingItem(Diagnostic):
    """A model file needs `net` and `loss` beside its `data`; `train` has defaults."""

    code: ClassVar = "missing-item"
    message: ClassVar = "the file has no `{item}`"
    item: str


class UnknownSetting(Diagnostic):
    """A setting that nobody reads."""

    code: ClassVar = "unknown-setting"
    message: ClassVar = "unknown setting `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"
    name: str
    suggestion: str | None = None


class BadSetting(Diagnostic):
    """A setting whose value has the wrong type or lies outside its range."""

    code: ClassVar = "bad-setting"
    message: ClassVar = "`{name}` must be {wanted}, not {found}"
    name: str
    wanted: str
    found: str


class BadLet(Diagnostic):
    """A `let` whose value, or whose override with `--set`, is not what its definition allows."""

    code: ClassVar = "bad-let"
    message: ClassVar = "`{name}` {reason}"
    help: ClassVar = "did you mean `{suggestion}`?"
    name: str
    reason: str
    suggestion: str | None = None


class UnknownColumn(Diagnostic):
    """`stop` and `keep` follow a column of the history: `train.` or `val.` and the loss or a watched metric."""

    code: ClassVar = "unknown-column"
    message: ClassVar = "the history has no `{name}`"
    help: ClassVar = "{advice_text}"
    name: str
    advice_text: str | None = None


class NoValidation(Diagnostic):
    """`stop` or `keep` follows a `val.` column, but the split has no validation part."""

    code: ClassVar = "no-validation"
    message: ClassVar = "`{name}` needs a validation part"
    help: ClassVar = "split in three, as in `split 70/15/15`"
    name: str


class NoThreshold(Diagnostic):
    """`threshold best` is about a decision that no threshold makes.

    Between two classes under a sigmoid, as `binary_cross_entropy` has it, the second is decided above a probability of
    one half; `threshold best f1` chooses that number when training has ended. Under a softmax the likeliest class is
    decided. A metric that does not look at decisions, as `roc_auc` does not, has no best threshold.
    """

    code: ClassVar = "no-threshold"
    message: ClassVar = "{what} decided by a threshold"
    help: ClassVar = "`threshold best f1` is for two classes under a sigmoid, and for metrics of what is decided"
    what: str


class WithoutStop(Diagnostic):
    """`keep best` follows what `stop` watches, or says what to follow."""

    code: ClassVar = "keep-what"
    message: ClassVar = "`keep best` does not say what to follow"
    help: ClassVar = "write `keep best val.loss`"


class NoTarget(Diagnostic):
    """The loss or a metric needs a target, and `data` names none."""

    code: ClassVar = "no-target"
    message: ClassVar = "`{name}` needs a target, and `data` names none"
    name: str


class SeveralPredictions(Diagnostic):
    """A loss or metric that does not say which of several predictions it is about.

    With `target heating, cooling` the net has `predict heating = ...` and `predict cooling = ...`; in `loss` and
    metrics each goes by its name, as in `huber(heating) + huber(cooling)`.
    """

    code: ClassVar = "several-predictions"
    message: ClassVar = "`{name}` does not say which prediction it is about: {heads}"
    help: ClassVar = "write `{example}`"
    name: str
    example: str | None
    heads: str


class NotPredicted(Diagnostic):
    """A target that the net does not predict. Of several targets each needs a `predict NAME = ...` in the net."""

    code: ClassVar = "not-predicted"
    message: ClassVar = "the net does not predict {names}"
    help: ClassVar = "write `predict {first} = ...` in the net"
    names: str
    first: str
    target: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.target, "the target"),) if self.target.source.text else ()


class NotATarget(Diagnostic):
    """`predict` names what `data` does not say is a target."""

    code: ClassVar = "not-a-target"
    message: ClassVar = "`{name}` is no target"
    help: ClassVar = "did you mean `{suggestion}`?"
    name: str
    suggestion: str | None


class Unpredicting(Diagnostic):
    """The last value of a net is its prediction, unless `predict NAME = ...` says what is predicted."""

    code: ClassVar = "lost-value"
    message: ClassVar = "this value predicts nothing"
    help: ClassVar = "give it a name, or `predict` a target with it"
    predicted: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.predicted, "what the net predicts"),)


class WrongTarget(Diagnostic):
    """The loss and the data disagree about the target: classes or values, and how many classes."""

    code: ClassVar = "wrong-target"
    message: ClassVar = "`{name}` takes {wanted}, and the target `{target}` has {found}"
    name: str
    wanted: str
    target: str
    found: str
    origin: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.origin, "the target"),) if self.origin.source.text else ()


class NoIds(Diagnostic):
    """What looks something up by class needs ids: an input that is declared as `class(10)`, or a target of classes."""

    code: ClassVar = "no-ids"
    message: ClassVar = "`{name}` looks up class ids, and {given} has values"
    help: ClassVar = "an input of ids says so: `input x: class(10)`"
    name: str
    given: str
    origin: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.origin, "the values"),) if self.origin.source.text else ()


class ClassesAsNumbers(Diagnostic):
    """Classes are compared and looked up; a difference or a mean of class ids says nothing.

    A definition that computes with the two classes 0 and 1 says so: `target: class(2)`.
    """

    code: ClassVar = "classes-as-numbers"
    message: ClassVar = "the {count} classes of `{target}` are no numbers to compute with"
    target: str
    count: int
    origin: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.origin, "the classes"),) if self.origin.source.text and self.origin != self.span else ()


class WrongWidth(Diagnostic):
    """A loss over classes needs one output for each class, on the prediction's last axis."""

    code: ClassVar = "wrong-width"
    message: ClassVar = "`{name}` gets {width} outputs, and the target `{target}` has {classes} classes"
    help: ClassVar = "end the net in `dense(outputs)`"
    name: str
    width: int
    target: str
    classes: int
    ends: tuple[Label, ...]

    def others(self) -> tuple[Label, ...]:
        return self.ends


class DoubleLink(Diagnostic):
    """A softmax at the end of the net before cross_entropy would be taken twice.

    `net` yields the raw prediction; the loss states the link that `predict` applies.
    """

    code: ClassVar = "double-link"
    message: ClassVar = "`{loss}` applies `{link}` itself, and the net ends in `{link}` already"
    help: ClassVar = "remove the `{link}` at the end of the net: `predict` applies it"
    loss: str
    link: str
    loss_span: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.loss_span, "the loss"),)


class NotALoss(Diagnostic):
    """The objective must depend on the examples and on the net; it is minimised over the net's weights."""

    code: ClassVar = "not-a-loss"
    message: ClassVar = "{reason}"
    reason: str


class UnknownLet(Diagnostic):
    """`--set` names a `let` that the file does not have."""

    code: ClassVar = "unknown-let"
    message: ClassVar = "the file has no `let` named `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"
    name: str
    suggestion: str | None = None


class IdleWeight(Diagnostic):
    """A weight that the loss does not depend on is never trained."""

    code: ClassVar = "idle-weight"
    message: ClassVar = "the loss does not depend on the weight `{path}`"
    severity: ClassVar = Severity.WARNING
    path: str


class HiddenStep(Diagnostic):
    """A step between layers has the derivative 0: what is trained before it gets a gradient that is only guessed."""

    code: ClassVar = "hidden-step"
    message: ClassVar = "`step` between layers passes on no derivative of its own"
    severity: ClassVar = Severity.WARNING
    help: ClassVar = "`relu` or `tanh` train; keep `step` for nets that are meant to be binary"


class DeepSigmoids(Diagnostic):
    """Sigmoids behind one another shrink gradients: the slope of each is at most 1/4.

    Hochreiter 1991; Glorot & Bengio 2010, section 3.
    """

    code: ClassVar = "deep-sigmoids"
    message: ClassVar = "{count} sigmoids lie behind one another: each takes at least three quarters of the gradient"
    severity: ClassVar = Severity.WARNING
    help: ClassVar = "`relu` or `gelu` keep it"
    count: int


class FlippedLabels(Diagnostic):
    """Flipped images of what is written: the mirror image of a 2 is no 2, that of a b is a d."""

    code: ClassVar = "flipped-labels"
    message: ClassVar = "flipped, an image may show another `{target}`, or none"
    severity: ClassVar = Severity.WARNING
    help: ClassVar = "leave `flip` out; `shift`, `rotate` by a few degrees and `zoom` keep what is written"
    target: str
    stated: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.stated, "the target"),)


class SquaredSigmoid(Diagnostic):
    """A sigmoid under squared error has no gradient where it is wrong and sure; cross-entropy has one."""

    code: ClassVar = "squared-sigmoid"
    message: ClassVar = "`squared_error` of a `sigmoid` learns nothing where the net is wrong and sure"
    severity: ClassVar = Severity.WARNING
    help: ClassVar = "for two classes, end the net without `sigmoid` and write `loss binary_cross_entropy`"
    loss_span: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.loss_span, "the loss"),)


class IndexForm(Diagnostic):
    """Index notation takes sums of whole numbers times indices in brackets, and products of such reads.

    y[i: rows, f] = sum((x[i * stride + u, c] or 0) * k[u, c, f] over u, c)
    """

    code: ClassVar = "index-form"
    message: ClassVar = "{what}"
    help: ClassVar = "{advice_text}"
    what: str
    advice_text: str | None = None


class IndexExtent(Diagnostic):
    """An index takes as many values as the axis that it walks alone, or as its declaration says: `y[i: rows]`."""

    code: ClassVar = "index-extent"
    message: ClassVar = "the index `{name}` {what}"
    help: ClassVar = "{advice_text}"
    name: str
    what: str
    advice_text: str | None = None


class IndexRange(Diagnostic):
    """A read that leaves its axis, where nothing says what lies outside."""

    code: ClassVar = "index-range"
    message: ClassVar = "`{index}` reaches from {low} to {high} along an axis of {extent}"
    help: ClassVar = "zeros lie outside if the read says so: `(x[..] or 0)`"
    index: str
    low: int
    high: int
    extent: int


class TooDeep(Diagnostic):
    """Calls and expressions nest too deeply together."""

    code: ClassVar = "too-nested"
    message: ClassVar = "calls and expressions nest too deeply"
