"""Tail sums: for each element the sum of the values whose keys are at least as large as its own.

%4 = tail sum over 0 : [rows] real

With j over the first `ranked` axes, which are ranked together, and the places r of the others each by themselves:

    tail sum     values[i.., r..], keys[i.., r..]  -> result[i.., r..] = sum of values[j.., r..] where
                                                      keys[j.., r..] >= keys[i.., r..]

Ranks are what metrics of a whole part are made of: the area under a ROC curve is a mean of them (Mann & Whitney 1947).
An order of all rows is no loop over a batch, so no program has this primitive: the host evaluates it by its meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from dslc.graph.graph import Array, Builder, Node, NodeId, Op, TensorType
from dslc.ops.map import Map
from dslc.ops.sample import Draw, Sample, Sampler, real, shape
from dslc.scalar.functions import ATOM, Formula, negate
from dslc.scalar.types import DType


@dataclass(frozen=True, slots=True)
class TailSum(Op):
    """Operands (values, keys), REAL and of one shape; `ranked` is 1 at least.

    Equal keys share their sum. An element whose key is NaN is in no tail, and its own sum is NaN. Of the keys there is
    no gradient: a sum only jumps where two of them pass each other.
    """

    ranked: int

    def infer(self, types: Sequence[TensorType]) -> TensorType:
        values, keys = types
        if values != keys or values.dtype is not DType.REAL or not 1 <= self.ranked <= len(values.shape):
            raise TypeError(f"tail sum over {self.ranked} axes of {values} by {keys}")
        return values

    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        addends, keys = (np.asarray(value, np.float64) for value in values)
        columns = prod(keys.shape[: self.ranked]), prod(keys.shape[self.ranked :])
        result = np.empty(columns)
        for k, (own, key) in enumerate(zip(addends.reshape(columns).T, keys.reshape(columns).T, strict=True)):
            result[:, k] = _tails(own, key)
        return result.reshape(keys.shape)

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        """A value is in the sums of the elements whose keys are at most its own."""
        return build.add(TailSum(self.ranked), g, build.add(Map(negate), node.inputs[1])), None

    @property
    def only_once(self) -> str | None:
        return "a rank depends on all rows"

    def to_text(self) -> str:
        return f"tail sum over {', '.join(map(str, range(self.ranked)))}"

    def formula(self, operands: Sequence[Formula]) -> Formula:
        return f"tail_sum({operands[0][0]}, {operands[1][0]})", ATOM


def _tails(values: Array, keys: Array) -> Array:
    """Of one ranking, [n] each: the sums from the largest key down, read where a key first stands in the order."""
    known = ~np.isnan(keys)
    order = np.argsort(keys, kind="stable")
    sums = np.cumsum(np.where(known, values, 0.0)[order][::-1])[::-1]
    rising = keys[order]
    starts = np.concatenate(([True], rising[1:] != rising[:-1]))[: len(keys)]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(keys)), 0))
    tails = np.empty(len(keys))
    tails[order] = sums[first]
    return np.where(known, tails, np.nan)


def _tail_sum(draw: Draw) -> Sample:
    of = shape(draw, 1)
    return Sample(TailSum(int(draw.integers(1, len(of) + 1))), (real(of), real(of)))


SAMPLES: tuple[Sampler, ...] = (_tail_sum,)
