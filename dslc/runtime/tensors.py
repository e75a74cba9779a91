"""Buffers of the arena by name: parameters, states, settings, results. Whatever goes in or out is a copy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from dslc.diagnostics import DataError, did_you_mean
from dslc.elaborate.experiment import Experiment, Tensor
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array
from dslc.ops.leaf import Leaf, LeafRole
from dslc.program.arena import NUMPY, view
from dslc.program.backend import Bytes
from dslc.program.program import Buffer, Element, Program, Region


def buffers_of(program: Program, region: Region) -> dict[str, Buffer]:
    """The buffers of a region by name, in the arena's order."""
    return {buffer.name: buffer for buffer in program.buffers if buffer.region is region}


def read(arena: Bytes, buffers: Mapping[str, Buffer]) -> dict[str, Array]:
    return {name: view(arena, buffer).copy() for name, buffer in buffers.items()}


def write(arena: Bytes, buffers: Mapping[str, Buffer], values: Mapping[str, Array], kind: str) -> None:
    """Sets the tensors named, after all were checked. Raises DataError naming the first that does not fit."""
    for name, value in values.items():
        if name not in buffers:
            raise DataError(f"there is no {kind} `{name}`{did_you_mean(name, buffers)}")
        shape = buffers[name].shape
        if np.shape(value) != shape:
            raise DataError(f"{kind} `{name}` has shape {list(shape)}, not {list(np.shape(value))}")
        if np.asarray(value).dtype.kind not in "fiub":
            raise DataError(f"{kind} `{name}` holds numbers, not {np.asarray(value).dtype}")
    for name, value in values.items():
        view(arena, buffers[name])[...] = value


def new_weights(given: Mapping[str, ArrayLike], real: Element) -> dict[str, Array]:
    """Weights from outside as arrays. Raises DataError for what is no number, and for what is not finite in `real`."""
    arrays: dict[str, Array] = {}
    for name, value in given.items():
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise DataError(f"weight `{name}`: {error}") from None
        if array.dtype.kind not in "fiub":
            raise DataError(f"weight `{name}` holds numbers, not {array.dtype}")
        with np.errstate(over="ignore"):
            wrong = np.argwhere(~np.isfinite(array.astype(NUMPY[real])))
        if len(wrong):
            place = wrong[0].tolist()
            raise DataError(f"weight `{name}`, element {place}: {array[tuple(place)]} is not a finite {real.value}")
        arrays[name] = array
    return arrays


def initial_values(experiment: Experiment, seed: int) -> dict[str, Array]:
    """Every parameter and state as `seed` begins it, in float64."""
    settings = {s.name: s.value for s in experiment.settings if isinstance(s.value, int | float)}
    return {tensor.name: _initial(tensor, seed, settings) for tensor in (*experiment.parameters, *experiment.states)}


def _initial(tensor: Tensor, seed: int, settings: Mapping[str, float]) -> Array:
    leaves: dict[int, Array] = {}
    for node in tensor.initial.nodes:
        match node.op:
            case Leaf(LeafRole.CLOCK, name):
                leaves[node.id] = np.asarray(seed if name == "seed" else 0, np.int64)
            case Leaf(LeafRole.SETTING, name):
                leaves[node.id] = np.asarray(settings[name], np.float64)
            case _:
                pass
    value = tensor.initial.outputs["value"]
    return evaluate(tensor.initial, leaves, 1, (value,))[value]
