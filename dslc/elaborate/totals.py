"""Sums over all examples of a part: made in one graph batch by batch, used in the graph that finishes a part.

A metric such as `sqrt(mean(e^2 over examples))` is cut here: `e^2` is summed with the examples' weights while
the batches pass (`sums.1`), and the root is taken of the total.
"""

from __future__ import annotations

from dslc.elaborate import batching
from dslc.elaborate.draft import Draft
from dslc.elaborate.numbers import Number
from dslc.elaborate.values import Tensor
from dslc.graph.graph import NodeId, TensorType
from dslc.ops.leaf import LeafRole
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.scalar import functions
from dslc.scalar.types import ROWS
from dslc.source import Span


class Totals:
    """`examples` is the draft of the batches; `draft` the one after them; `sums` what is summed, in order."""

    def __init__(self, examples: Draft) -> None:
        self.examples = examples
        self.draft = Draft()
        self.sums: list[NodeId] = []

    def gather(self, value: Number | Tensor, mean: bool, span: Span, pooled: bool) -> Tensor:
        """The weighted sum, or mean, of a value per example, as a tensor of `draft`.

        It has the value's shape, or if `pooled` is of the mean of the value's elements.
        """
        if isinstance(value, Number):
            value = batching.scalar(self.examples, self.examples.number(value), span)
        if pooled:
            value = batching.mean(batching.as_real(value), None, span)
        self.sums.append(batching.over_examples(value, span))
        total = self.leaf(str(len(self.sums)), span, value.shape)
        return batching.map_(functions.divide, (total, self.leaf("weight", span)), span) if mean else total

    def is_total(self, value: Tensor) -> bool:
        """Whether it is one for all examples."""
        return value.home is self.draft

    def sum_of_weights(self) -> NodeId:
        """The sum of the example weights, in the batch's draft."""
        weight = self.examples.leaf(LeafRole.EXAMPLE_WEIGHT, "", TensorType((ROWS,)))
        return self.examples.add(Reduce(ReduceKind.SUM, (0,)), weight)

    def leaf(self, name: str, span: Span, shape: tuple[int, ...] = ()) -> Tensor:
        """The total `weight`, `loss`, `1`, `2`, ... as a tensor."""
        node = self.draft.leaf(LeafRole.TOTAL, name, TensorType(shape))
        return Tensor(self.draft, node, shape, False, span)
