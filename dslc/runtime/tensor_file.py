"""Tensors in the safetensors format, read where they lie: every array is a view of the file's bytes.

    8 bytes: the header's length, little-endian
    header:  {"dense.w": {"dtype": "F32", "shape": [4, 8], "data_offsets": [0, 128]}, ..}
    data:    the tensors' bytes, C order, little-endian; offsets count from here

Only real numbers of 32 and 64 bits are read. The tensors must fill the data without gaps and overlaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from dslc.data.record import Json
from dslc.diagnostics import DataError
from dslc.graph.graph import Array
from dslc.runtime.strict_json import read_json

PREFIX = 8
ELEMENTS: Mapping[str, np.dtype[np.floating]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
METADATA = "__metadata__"
AXES = 32
"""Every NumPy allows as many."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies: its bytes from `start`, counted from the file's first byte."""

    start: int
    bytes: int
    shape: tuple[int, ...]
    element: np.dtype[np.floating]


def places_in(content: bytes | memoryview, what: str) -> dict[str, Place]:
    """The tensors by name in the order of their bytes. Raises DataError that begins with `what`."""
    length = int.from_bytes(content[:PREFIX], "little")
    if len(content) < PREFIX or length > len(content) - PREFIX:
        raise DataError(f"`{what}`: its header is longer than itself")
    header = read_json(content[PREFIX : PREFIX + length], what)
    if not isinstance(header, dict):
        raise DataError(f"`{what}`: its header is no table of tensors")
    first = PREFIX + length
    places = [(name, _place(facts, first, f"`{what}`: {name[:80]!a}")) for name, facts in header.items()
              if name != METADATA]  # fmt: skip
    places.sort(key=lambda place: (place[1].start, place[1].bytes))
    end = first
    for name, place in places:
        if place.start != end:
            raise DataError(f"`{what}`: {name[:80]!a} overlaps another tensor, or leaves a gap")
        end += place.bytes
    if end != len(content):
        raise DataError(f"`{what}`: its tensors take {end - first} bytes, and it holds {len(content) - first}")
    return dict(places)


def tensors_in(content: bytes | memoryview, what: str) -> dict[str, Array]:
    """Read-only views of the tensors by name. Raises DataError that begins with `what`."""
    whole = memoryview(content)
    return {
        name: np.frombuffer(whole[place.start : place.start + place.bytes], place.element).reshape(place.shape)
        for name, place in places_in(content, what).items()
    }


def _place(facts: Json, first: int, who: str) -> Place:
    if not isinstance(facts, Mapping) or facts.keys() != {"dtype", "shape", "data_offsets"}:
        raise DataError(f"{who} is not described as a tensor is")
    element, shape, offsets = facts["dtype"], facts["shape"], facts["data_offsets"]
    if not isinstance(element, str) or element not in ELEMENTS:
        raise DataError(f"{who} holds {str(element)[:20]!a}, not F32 or F64")
    extents, ends = _whole(shape), _whole(offsets)
    if extents is None or len(extents) > AXES:
        raise DataError(f"{who} has no shape")
    if ends is None or len(ends) != 2 or ends[1] - ends[0] != prod(extents) * ELEMENTS[element].itemsize:
        raise DataError(f"{who} does not take the bytes that its shape {list(extents)} needs")
    return Place(first + ends[0], ends[1] - ends[0], extents, ELEMENTS[element])


def _whole(numbers: Json) -> tuple[int, ...] | None:
    """A list of whole numbers, 0 or more; None for anything else."""
    if not isinstance(numbers, list):
        return None
    found = tuple(number for number in numbers if type(number) is int and number >= 0)
    return found if len(found) == len(numbers) else None
