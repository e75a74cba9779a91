"""Arrays of a folder of IDX files, the form of MNIST and its successors, checked before anything is allocated.

    train-images-idx3-ubyte.gz    0 0 type axes, then each extent as 4 bytes, then the elements, all big-endian
    `------- name

LeCun, Cortes & Burges, "The MNIST database". What a file declares must be what it holds, to the byte; one that is
packed by gzip, whatever it is called, is unpacked no further than that. A folder is read like an npz archive.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dslc.data.fill import fill
from dslc.data.npz import EXPANSION_LIMIT, UNSUSPICIOUS
from dslc.data.table import Numbers
from dslc.diagnostics import DataError
from dslc.frozen import Frozen

NAME = re.compile(r"(?P<name>.+)[-.]idx[0-9]+-u?byte(?:\.gz)?")
"""`train-images-idx3-ubyte`; some copies of MNIST have a dot before `idx`."""

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

AXES_LIMIT = 8
GZIP = b"\x1f\x8b"

IMAGES, LABELS = "train-images", "train-labels"
"""What MNIST, Fashion-MNIST and KMNIST call their training rows."""


class Stored(Frozen):
    """An array of the folder: where it lies and what its header says."""

    path: Path
    packed: bool
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def bytes(self) -> int:
        """Of the header and the elements."""
        return self.offset + prod(self.shape) * self.dtype.itemsize


def array_names(folder: Path, shown: str) -> tuple[str, ...]:
    """The names of the folder's arrays, sorted; DataError if there are none, or two of a name."""
    found: dict[str, str] = {}
    for file in sorted(entry.name for entry in folder.iterdir() if entry.is_file()):
        if match := NAME.fullmatch(file):
            if match["name"] in found:
                raise DataError(f"{shown}: `{found[match['name']]}` and `{file}` are both `{match['name']}`")
            found[match["name"]] = file
    if not found:
        raise DataError(f"{shown}: a folder without IDX files, such as `{IMAGES}-idx3-ubyte.gz`")
    return tuple(found)


def read_headers(folder: Path, shown: str, names: Sequence[str], budget: int) -> dict[str, Stored]:
    """What the files say of these arrays; DataError for lies, and more than `budget` bytes in all."""
    files = {match["name"]: entry for entry in folder.iterdir() if (match := NAME.fullmatch(entry.name))}
    stored = {name: _header(files[name], f"{shown}/{files[name].name}") for name in names}
    if (needed := sum(array.bytes for array in stored.values())) > budget:
        raise DataError(f"{shown}: its arrays need {needed} bytes, more than the budget of {budget}")
    return stored


def read_arrays(folder: Path, shown: str, stored: Mapping[str, Stored]) -> dict[str, Numbers]:
    """The arrays behind checked headers, in native byte order."""
    return {name: _array(array, f"{shown}/{array.path.name}") for name, array in stored.items()}


def _header(path: Path, where: str) -> Stored:
    size = path.stat().st_size
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    try:
        with _opened(path, packed) as stream:
            head = stream.read(4 + 4 * AXES_LIMIT)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{where}: cannot be unpacked ({error})") from None
    axes = head[3] if len(head) > 3 else 0
    dtype = TYPES.get(head[2]) if head[:2] == b"\0\0" and len(head) > 3 else None
    if dtype is None or not 0 < axes <= AXES_LIMIT or len(head) < 4 + 4 * axes:
        raise DataError(f"{where}: no IDX file: it does not begin with a type and its extents")
    shape = tuple(int.from_bytes(head[4 + 4 * k : 8 + 4 * k], "big") for k in range(axes))
    if 0 in shape:
        raise DataError(f"{where}: {list(shape)} holds nothing")
    stored = Stored(path, packed, 4 + 4 * axes, shape, np.dtype(dtype))
    if packed and stored.bytes > max(size * EXPANSION_LIMIT, UNSUSPICIOUS):
        raise DataError(f"{where}: {size} bytes expand to the {stored.bytes} it declares, as in a zip bomb")
    if not packed and stored.bytes != size:
        raise DataError(
            f"{where}: its header says {list(shape)} of {dtype[1:]}, {stored.bytes} bytes, and it has {size}"
        )
    return stored


def _opened(path: Path, packed: bool) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if packed else path.open("rb")


def _array(stored: Stored, where: str) -> Numbers:
    flat = np.empty(prod(stored.shape), stored.dtype)
    try:
        with _opened(stored.path, stored.packed) as stream:
            fill(flat, stream, stored.offset)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{where}: cannot be read ({error})") from None
    return flat.astype(stored.dtype.newbyteorder("="), copy=False).reshape(stored.shape)
