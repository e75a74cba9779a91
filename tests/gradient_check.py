"""Values for samples, and the gradients of primitives against central differences."""

from __future__ import annotations

import numpy as np

from dslc.derivatives import Comparison, compare
from dslc.graph.graph import Array, Builder, Graph, NodeId, TensorType
from dslc.graph.verify import verify
from dslc.ops.leaf import NUMPY, Leaf, LeafRole
from dslc.ops.sample import Operand, Sample
from dslc.scalar.types import ROWS, DType


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


def check_sample(sample: Sample, rows: int, draw: np.random.Generator) -> list[Comparison]:
    """The checks of every REAL operand; none where the result is not REAL or the gradient is declared."""
    graph = sample_graph(sample)
    result = graph.outputs["result"]
    if graph.type(result).dtype is not DType.REAL or not sample.honest:
        return []
    wrt = [k for k, operand in enumerate(sample.operands) if operand.type.dtype is DType.REAL]
    return compare(graph, result, wrt, sample_values(sample, rows, draw), rows=rows, draw=draw)


def assert_meets(type: TensorType, value: Array, rows: int) -> None:
    """A value is of the type that was inferred for it."""
    assert value.shape == tuple(rows if extent is ROWS else extent for extent in type.shape)
    assert value.dtype == NUMPY[type.dtype]
