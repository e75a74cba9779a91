"""The gradient checker: symbolic gradients against central differences, in float64.

Both sides are contracted with a random direction, so one comparison covers every element: with d = sum over
the result of seed * result, sum(gradient * v) must equal (d(x + h v) - d(x - h v)) / 2h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dslc.autodiff import differentiate
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, NodeId, TensorType
from dslc.graph.verify import verify
from dslc.ops.leaf import NUMPY, Leaf, LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.sample import Operand, Sample
from dslc.scalar.functions import multiply
from dslc.scalar.types import ROWS, DType

TOLERANCE = 1e-6
"""Central differences with h = 1e-5 have an error of about h^2 + 1e-16 / h = 1e-10, times the third derivative."""

STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: a leaf and its two directional derivatives."""

    leaf: NodeId
    symbolic: float
    numeric: float

    @property
    def error(self) -> float:
        """The difference, relative to the larger of both and 1."""
        difference = abs(self.symbolic - self.numeric)
        return difference / max(abs(self.symbolic), abs(self.numeric), 1.0) if np.isfinite(difference) else np.inf


def values_for(operand: Operand, rows: int, draw: np.random.Generator) -> Array:
    """Random values of the operand's type within its interval."""
    shape = [rows if extent is ROWS else extent for extent in operand.type.shape]
    match operand.type.dtype:
        case DType.REAL:
            return draw.uniform(operand.low, operand.high, shape)
        case DType.INT:
            return np.asarray(draw.integers(int(operand.low), max(int(operand.high), int(operand.low) + 1), shape))
        case DType.BOOL:
            return np.asarray(draw.integers(2, size=shape), np.bool_)


def sample_graph(sample: Sample) -> Graph:
    """The sample's operands as leaves and its primitive as the output `result`."""
    build = Builder()
    role = LeafRole.INPUT if sample.honest else LeafRole.GRADIENT
    leaves = [build.add(Leaf(role, f"x{k}", operand.type)) for k, operand in enumerate(sample.operands)]
    return verify(build.graph({"result": build.add(sample.op, *leaves)}))


def sample_values(sample: Sample, rows: int, draw: np.random.Generator) -> dict[NodeId, Array]:
    return {k: values_for(operand, rows, draw) for k, operand in enumerate(sample.operands)}


def check_gradients(
    graph: Graph,
    of: NodeId,
    wrt: Sequence[NodeId],
    leaves: Mapping[NodeId, Array],
    *,
    rows: int,
    draw: np.random.Generator,
) -> list[Check]:
    """One check for each leaf in `wrt`; `leaves` gives the point at which all leaves are taken."""
    build = Builder(graph)
    seed = build.add(Leaf(LeafRole.INPUT, "direction of the result", graph.type(of)))
    weighted = build.add(Map(multiply), of, seed)
    total = build.add(Reduce(ReduceKind.SUM, tuple(range(len(graph.type(of).shape)))), weighted)
    point = {**leaves, seed: values_for(Operand(graph.type(of)), rows, draw)}
    differentiated, gradients = differentiate(build.graph(graph.outputs), total, wrt)
    symbolic = evaluate(verify(differentiated), point, rows, gradients)
    checks = []
    for leaf, gradient in zip(wrt, gradients, strict=True):
        assert differentiated.type(gradient) == graph.type(leaf)
        at = np.asarray(point[leaf], np.float64)
        direction = draw.normal(size=at.shape)
        ends = [
            float(evaluate(differentiated, {**point, leaf: at + sign * STEP * direction}, rows, [total])[total])
            for sign in (1, -1)
        ]
        along = float(np.sum(np.asarray(symbolic[gradient], np.float64) * direction))
        checks.append(Check(leaf, along, (ends[0] - ends[1]) / (2 * STEP)))
    return checks


def check_sample(sample: Sample, rows: int, draw: np.random.Generator) -> list[Check]:
    """The checks of every REAL operand; none where the result is not REAL or the gradient is declared."""
    graph = sample_graph(sample)
    result = graph.outputs["result"]
    if graph.type(result).dtype is not DType.REAL or not sample.honest:
        return []
    wrt = [k for k, operand in enumerate(sample.operands) if operand.type.dtype is DType.REAL]
    return check_gradients(graph, result, wrt, sample_values(sample, rows, draw), rows=rows, draw=draw)


def assert_meets(type: TensorType, value: Array, rows: int) -> None:
    """A value is of the type that was inferred for it."""
    assert value.shape == tuple(rows if extent is ROWS else extent for extent in type.shape)
    assert value.dtype == NUMPY[type.dtype]
