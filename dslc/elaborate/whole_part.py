"""Metrics that need all rows of a part at once: which they are, and the draft that they are written in.

`sum(.. over examples)` adds up batch by batch (totals.py); `tail_sum` ranks a row among all the others. A metric that
uses it, itself or through another definition, is written into a draft of its own, whose leaves are what the net has
predicted of every row, the targets and the example weights. So is one that is a table, which is no column. Batched
there means over the part, so that a sum over examples is a value like any other and may enter formulas per example
again.
"""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate import batching
from dslc.elaborate.draft import Draft
from dslc.elaborate.library import Library
from dslc.elaborate.numbers import Number
from dslc.elaborate.survey import references
from dslc.elaborate.values import Tensor
from dslc.graph.graph import TensorType
from dslc.ops.leaf import LeafRole
from dslc.scalar import functions
from dslc.scalar.types import ROWS
from dslc.source import Span
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

RANKS = "tail_sum"
"""The function that needs all rows."""

KINDS = (DefinitionKind.METRIC, DefinitionKind.LOSS, DefinitionKind.ACTIVATION)
"""What a metric may be written with."""


class WholePart:
    """`draft` holds the part; `unseen` are names that mean something to other metrics, and nothing here."""

    def __init__(self, draft: Draft, unseen: frozenset[str] = frozenset()) -> None:
        self.draft = draft
        self.unseen = unseen

    def gather(self, value: Number | Tensor, mean: bool, span: Span, pooled: bool) -> Tensor:
        """As Totals.gather: the weighted sum, or mean, of a value per example; here at once."""
        if isinstance(value, Number):
            value = batching.scalar(self.draft, self.draft.number(value), span)
        if pooled:
            value = batching.mean(batching.as_real(value), None, span)
        total = Tensor(self.draft, batching.over_examples(value, span), value.shape, False, span)
        return batching.map_(functions.divide, (total, self._sum_of_weights(span)), span) if mean else total

    def is_total(self, value: Tensor) -> bool:
        """Whether it is one for all examples."""
        return not value.batched

    def _sum_of_weights(self, span: Span) -> Tensor:
        return batching.scalar(self.draft, batching.over_examples(batching.constant(self.draft, 1, span), span), span)

    def leaf(self, role: LeafRole, name: str, like: Tensor) -> Tensor:
        """A real leaf of the part with the shape per example of a value in another draft."""
        node = self.draft.leaf(role, name, TensorType((ROWS, *like.shape)))
        return Tensor(self.draft, node, like.shape, True, like.span, maker=like.maker)


def needs_whole_part(node: ast.Syntax, library: Library, aliases: Mapping[str, str], own: bool = True) -> bool:
    """Whether a watched metric, or a definition, comes to `tail_sum` by the names that it uses.

    `aliases` are the lets whose value is a name; `own`: the file's own definitions are seen from here.
    """
    pending = [(name, own) for name in references(node)]
    seen: set[tuple[str, bool]] = set()
    while pending:
        name, own = use = pending.pop()
        if use in seen:
            continue
        seen.add(use)
        called = aliases.get(name, name) if own else name
        definition = library.find(called, KINDS, own)
        if definition is None and called == RANKS:
            return True
        if definition is not None and definition.table:
            return True
        if definition is not None:
            pending += [(inner, library.is_own(definition)) for inner in references(definition)]
    return False
