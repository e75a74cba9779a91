"""Arrays of an `.npz` archive, checked before anything is allocated.

An archive is a zip of `.npy` files, and may be hostile. Only numbers and truth values are read, never
objects, so nothing is unpickled; the header of an array is matched, not evaluated. An array's declared size must
equal its member's in the zip directory; that must be within the budget and no bomb: at most 100 times the bytes it
is packed in, or 32 MB. On hostile bytes zipfile and zlib raise a dozen kinds of exceptions; `except Exception` around
their calls makes each a DataError.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np

from dslc.data.fill import fill
from dslc.data.table import Numbers
from dslc.diagnostics import DataError
from dslc.frozen import Frozen

HEADER_LIMIT = 10_000
"""Bytes; NumPy writes headers of 128."""

MAGIC = b"\x93NUMPY"

HEADER = re.compile(
    r"\{\s*+(?:(?:'descr'\s*+:\s*+(?:'(?P<kind>[<>|=]?[A-Za-z?][0-9]{0,9}(?:\[[0-9A-Za-z]*+\])?)'|(?P<fields>\[(?:[^\[\]]|\[[^\[\]]*+\])*+\]))"
    r"|'fortran_order'\s*+:\s*+(?P<fortran>True|False)"
    r"|'shape'\s*+:\s*+\((?P<shape>[0-9L,\s]*+)\))\s*+,?\s*+){3}\}\s*+"
)
"""What NumPy writes (numpy.lib.format), its three items in any order; under Python 2 it wrote `3L` for 3."""

EXTENT_DIGITS = 19

EXPANSION_LIMIT = 100
"""How much larger than packed an array may be; deflate reaches 1032, and real data rarely 20."""

UNSUSPICIOUS = 32 << 20
"""Bytes that an array may take whatever it was packed in."""

AXES_LIMIT = 32
"""Rows included; every NumPy allows as many."""


class Stored(Frozen):
    """An array of the archive: where it lies and what its header says."""

    member: zipfile.ZipInfo
    offset: int
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[np.generic]


def array_names(path: Path, shown: str) -> tuple[str, ...]:
    """The names of the archive's arrays, in its order; DataError if it is no archive or repeats a name."""
    with _opened(path, shown) as archive:
        return tuple(_members(archive, shown))


def read_headers(path: Path, shown: str, names: Sequence[str], budget: int) -> dict[str, Stored]:
    """What the archive says of these arrays; DataError for objects, lies, and more than `budget` bytes in all."""
    with _opened(path, shown) as archive:
        members = _members(archive, shown)
        stored = {name: _header(archive, members[name], f'{shown}: array "{name}"', path) for name in names}
    needed = sum(array.member.file_size for array in stored.values())
    if needed > max(path.stat().st_size * EXPANSION_LIMIT, UNSUSPICIOUS):
        raise DataError(f"{shown}: its arrays expand to {needed} bytes, as in a zip bomb; `np.savez` packs nothing")
    if needed > budget:
        raise DataError(f"{shown}: its arrays need {needed} bytes, more than the budget of {budget}")
    return stored


def read_arrays(path: Path, shown: str, stored: Mapping[str, Stored]) -> dict[str, Numbers]:
    """The arrays behind checked headers, in native byte order and C order."""
    with _opened(path, shown) as archive:
        return {name: _array(archive, array, f'{shown}: array "{name}"') for name, array in stored.items()}


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:
        raise DataError(f"{shown}: not a readable npz archive ({_short(error)})") from None
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile, shown: str) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    listed = archive.infolist()
    if sum(member.compress_size for member in listed) > archive.start_dir:
        raise DataError(f"{shown}: its arrays overlap, or claim more bytes than it has")
    for member in listed:
        name = member.filename.removesuffix(".npy")
        if name == member.filename:
            continue
        if name in members:
            raise DataError(f'{shown}: two arrays are named "{name}"')
        members[name] = member
    return members


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str, path: Path) -> Stored:
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or member.flag_bits & 1:
        raise DataError(f"{where}: encrypted, or compressed in a way that NumPy does not write")
    packed = min(member.compress_size, path.stat().st_size)
    if member.file_size > max(packed * EXPANSION_LIMIT, UNSUSPICIOUS):
        what = f"{packed} bytes expand to the {member.file_size} it declares, as in a zip bomb"
        raise DataError(f"{where}: {what}; `np.savez` packs nothing")
    try:
        with archive.open(member) as stream:
            head = stream.read(HEADER_LIMIT)
        offset, shape, fortran, dtype = _described(head)
    except Exception as error:
        raise DataError(f"{where}: its header cannot be read ({_short(error)})") from None
    if dtype is None or dtype.hasobject or dtype.kind not in "buif" or dtype.itemsize > 8:
        what = "a structure" if dtype is None else "objects" if dtype.hasobject else str(dtype)
        raise DataError(f"{where}: holds {what}; only numbers are read")
    if offset + prod(shape) * dtype.itemsize != member.file_size:
        raise DataError(f"{where}: its header says {_short(shape)} of {dtype}, which is not what the archive holds")
    if 0 in shape or len(shape) > AXES_LIMIT:
        raise DataError(f"{where}: " + (f"{_short(shape)} holds nothing" if 0 in shape else f"{len(shape)} axes"))
    return Stored(member, offset, shape, fortran, dtype)


def _described(head: bytes) -> tuple[int, tuple[int, ...], bool, np.dtype[np.generic] | None]:
    """Where the data begin, shape, whether in Fortran order, element type (None: a structure). ValueError."""
    version = tuple(head[len(MAGIC) : len(MAGIC) + 2])
    if not head.startswith(MAGIC) or version not in {(1, 0), (2, 0)}:
        raise ValueError("no npy of version 1 or 2")
    begin = len(MAGIC) + 2 + 2 * version[0]
    end = begin + int.from_bytes(head[len(MAGIC) + 2 : begin], "little")
    if end > len(head):
        raise ValueError(f"it is longer than the array, or than {HEADER_LIMIT} bytes")
    found = HEADER.fullmatch(str(head[begin:end], "latin-1"))
    if found is None or found["fortran"] is None or found["shape"] is None:
        raise ValueError("it does not say type, order and shape as NumPy writes them")
    if found["kind"] is None and found["fields"] is None:
        raise ValueError("it does not say the type")
    extents = [extent.strip().removesuffix("L") for extent in found["shape"].split(",")]
    if any(len(extent) > EXTENT_DIGITS or not extent for extent in extents[:-1]) or len(extents[-1]) > EXTENT_DIGITS:
        raise ValueError("an extent is no whole number below 2^63")
    shape = tuple(int(extent) for extent in extents if extent)
    return end, shape, found["fortran"] == "True", np.dtype(found["kind"]) if found["kind"] is not None else None


def _array(archive: zipfile.ZipFile, stored: Stored, where: str) -> Numbers:
    flat = np.empty(prod(stored.shape), stored.dtype)
    try:
        with archive.open(stored.member) as stream:
            fill(flat, stream, stored.offset)
    except Exception as error:
        raise DataError(f"{where}: cannot be read ({_short(error)})") from None
    native = flat.astype(stored.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(native.reshape(stored.shape, order="F" if stored.fortran else "C"))


def _short(value: object) -> str:
    """One line for a message, however long an archive's words are."""
    text = " ".join(str(list(value) if isinstance(value, tuple) else value).split())
    return text[:100] or type(value).__name__
