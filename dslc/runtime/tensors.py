"""Buffers of the arena by name: parameters, states, settings, results. Whatever goes in or out is a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dslc.diagnostics import DataError, did_you_mean
from dslc.elaborate.experiment import Experiment, Stored, Tensor
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array
from dslc.ops.leaf import Leaf, LeafRole
from dslc.program.arena import NUMPY, view
from dslc.program.backend import Bytes
from dslc.program.program import Buffer, Element, Program, Region
from dslc.scalar.panels import from_panels, to_panels


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors of one kind in an arena, under their names and in their declared shapes."""

    kind: str
    arena: Bytes
    buffers: Mapping[str, Buffer]
    shapes: Mapping[str, tuple[int, ...]]

    def read(self) -> dict[str, Array]:
        """Copies."""
        return self.among(self.buffers)

    def among(self, names: Iterable[str]) -> dict[str, Array]:
        """Copies of those of these names that there are."""
        buffers = {name: self.buffers[name] for name in names if name in self.buffers}
        return {name: self._read(view(self.arena, buffer), self.shapes[name]) for name, buffer in buffers.items()}

    def _read(self, stored: Array, shape: tuple[int, ...]) -> Array:
        return stored.copy() if stored.shape == shape else from_panels(stored)

    def write(self, values: Mapping[str, Array]) -> None:
        """Sets those named, after all were checked. Raises DataError naming the first that does not fit."""
        for name, value in values.items():
            self._check(name, value)
        for name, value in values.items():
            stored = view(self.arena, self.buffers[name])
            stored[...] = value if stored.shape == self.shapes[name] else to_panels(np.asarray(value))

    def _check(self, name: str, value: Array) -> None:
        if name not in self.buffers:
            raise DataError(f"there is no {self.kind} `{name}`{did_you_mean(name, self.buffers)}")
        shape = self.shapes[name]
        if np.shape(value) != shape:
            raise DataError(f"{self.kind} `{name}` has shape {list(shape)}, not {list(np.shape(value))}")
        if np.asarray(value).dtype.kind not in "fiub":
            raise DataError(f"{self.kind} `{name}` holds numbers, not {np.asarray(value).dtype}")


def tensors_of(
    program: Program, arena: Bytes, region: Region, kind: str, shapes: Mapping[str, tuple[int, ...]]
) -> Tensors:
    """The tensors of a region, in the arena's order; messages call one `kind`."""
    return Tensors(kind, arena, {b.name: b for b in program.buffers if b.region is region}, shapes)


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
    if isinstance(tensor.initial, Stored):
        return np.asarray(tensor.initial.value, np.float64)
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
