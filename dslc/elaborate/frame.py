"""Where an evaluation stands: what is shared by the whole file, and what belongs to this call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dslc.diagnostics import Diagnostic
from dslc.elaborate.base_model import TakenOver
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Exhausted, Fault, Recursive, TooLarge
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.heads import IDENTITY, Head, Link, Predicted
from dslc.elaborate.library import Library
from dslc.elaborate.memory import Memory
from dslc.elaborate.scope import Scope
from dslc.elaborate.totals import Totals
from dslc.elaborate.values import POISON, Bound, Loaded, Poison, Tensor, Value
from dslc.elaborate.whole_part import WholePart
from dslc.frozen import Frozen
from dslc.graph.graph import Array, Builder, NodeId, Origin, Role
from dslc.source import Source, Span
from dslc.syntax.ast import Definition, DefinitionKind, Expression

DEPTH = 64
"""Definitions within definitions."""

CALLS = 8_000
"""Calls of definitions in one elaboration."""


Derive: TypeAlias = Callable[[Builder, NodeId, NodeId], NodeId]
"""Appends the derivative of one node by another, and says where it is: what `derivative` stands for."""


class Reached(Exception):
    """The tensor at which the elaboration of a base ends, and its path."""

    def __init__(self, path: str, value: Tensor) -> None:
        super().__init__()
        self.path, self.value = path, value


@dataclass(slots=True)
class Session:
    """What one elaboration of a file gathers. `evaluate` and `call` are the interpreter: bodies contain expressions
    and expressions call bodies, so that one of the two has to be handed over. `derive` differentiates, which is not
    this stage's business."""

    source: Source
    library: Library
    evaluate: Callable[[Frame, Expression], Value]
    call: Callable[[Frame, Definition, Sequence[Bound], Span], Value]
    derive: Derive | None = None
    root: Scope = field(default_factory=Scope)  # the lets
    faults: list[Diagnostic] = field(default_factory=list)
    fixed: set[str] = field(default_factory=set)  # lets whose value decided the structure
    used: set[tuple[DefinitionKind, str]] = field(default_factory=set)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    states: dict[str, Parameter] = field(default_factory=dict)  # of schedules
    averages: dict[str, str] = field(default_factory=dict)  # by weight, what is predicted with in its place
    tensors: dict[str, NodeId] = field(default_factory=dict)  # of the net at prediction, by name and path
    elements: int = 0
    calls: int = 0
    searched: int = 0  # operations, for derivatives
    inputs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    bases: Mapping[str, TakenOver] = field(default_factory=dict)  # what is taken over, by the path as it is written
    run_base: Callable[[Frame, Loaded, Value, Span], Value] | None = None
    loading: tuple[str, Mapping[str, Array]] | None = None  # within a base: the path of its load, its weights
    stops: tuple[str, ...] = ()  # within bases: the paths at whose tensors the elaboration of one of them ends
    per_example: set[Span] = field(default_factory=set)  # terms of losses that differ per example while training
    data_known: bool = True  # otherwise a name that means nothing else may be the data's, and is poison


class WeightPlace(Frozen):
    """The weight whose initial value is being written."""

    path: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One call. `memory` has the states of the scan whose body it is in.
    `totals` takes what is summed over all examples, in metrics: batch by batch, or of a part at once.

    `kinds` are the definitions that a name may call here; `site` is the call in the model file from which the
    standard library was entered; `heads` are what losses and metrics may be about, `link` is that of the one they are
    about; `predicted` takes what the net's own `predict` statements say;
    `weight` is given within an initial value; `use` tells the uses of a shared instance apart, for random streams.
    """

    session: Session
    scope: Scope
    draft: Draft
    training: bool
    kinds: tuple[DefinitionKind, ...]
    totals: Totals | WholePart | None = None
    role: Role = Role.FORWARD
    path: str = ""
    taken: dict[str, int] = field(default_factory=dict)
    stack: tuple[str, ...] = ()
    own: bool = True
    site: Span | None = None
    heads: tuple[Head, ...] = ()
    net: Scope | None = None
    link: Link = IDENTITY
    weight: WeightPlace | None = None
    use: str = ""
    predicted: Predicted | None = None
    memory: Memory | None = None

    def here(self, span: Span) -> Span:
        """The place in the model file that `span` belongs to."""
        return self.site or span

    def locate(self, span: Span) -> None:
        """What is added from now on comes from here."""
        origin = Origin(self.here(span), self.path, self.role)
        self.draft.at(origin)
        if self.totals:
            self.totals.draft.at(origin)

    def report(self, fault: Fault) -> Poison:
        """Keeps the fault's diagnostic, at the model file's place; raises it again if it ends everything."""
        diagnostic = fault.diagnostic
        if self.site and diagnostic.span.source is not self.site.source:
            diagnostic = diagnostic.replaced(span=self.site)
        self.session.faults.append(diagnostic)
        if isinstance(fault, Exhausted):
            raise fault
        return POISON

    def evaluate(self, expression: Expression) -> Value:
        """What the expression stands for here; its faults are reported, and it is then poison."""
        return self.session.evaluate(self, expression)

    def call(self, definition: Definition, given: Sequence[Bound], span: Span) -> Value:
        """The definition's value for these arguments. Raises Fault."""
        return self.session.call(self, definition, given, span)

    def head_of(self, value: Value) -> Head | None:
        """The head whose prediction or target this is; the only one where there is one."""
        met = (head for head in self.heads if value is head.prediction or value is head.target)
        return next(met, self.heads[0] if len(self.heads) == 1 else None)

    def about(self, head: Head | None) -> Frame:
        """The same place, where losses and metrics are about this head alone."""
        return replace(self, heads=(head,), link=head.link) if head else self

    def note(self, path: str, value: Tensor) -> None:
        """The value is what `path` names. Raises Reached where a base ends here."""
        if self.memory is not None:
            return  # one step of a scan is no tensor of the net
        value.home.named[path] = value.node
        if path in self.session.stops:
            raise Reached(path, value)

    def unique(self, name: str) -> str:
        """`name`, `name_2`, ... : the next one in this call."""
        self.taken[name] = self.taken.get(name, 0) + 1
        return name if self.taken[name] == 1 else f"{name}_{self.taken[name]}"

    def below(self, name: str) -> str:
        """The path of `name` in this call."""
        return f"{self.path}.{name}" if self.path else name

    def at(self, path: str) -> Frame:
        """The same place, its calls named from `path` on."""
        return replace(self, path=path, taken={})

    def enter(self, definition: Definition, scope: Scope, kinds: tuple[DefinitionKind, ...], span: Span) -> Frame:
        """The frame of a definition's body. Raises Fault where calls nest or grow too far."""
        session = self.session
        own = session.library.is_own(definition)
        session.used.add((definition.kind, definition.name.text))
        session.calls += 1
        stack = (*self.stack, definition.name.text)
        if len(stack) > DEPTH:
            raise Exhausted(Recursive(self.here(span), max(stack, key=stack.count), DEPTH))
        if session.calls > CALLS:
            raise Exhausted(TooLarge(self.here(span), "calls of definitions", CALLS))
        # Within a base whatever happens, happens where it is loaded.
        site = None if own and self.session.loading is None else self.here(span)
        inner = self.at(self.below(self.unique(definition.name.text)))
        return replace(inner, scope=scope, kinds=kinds, stack=stack, own=own, site=site, predicted=None)
