"""Arrays of an `.npz` archive, checked before anything is allocated.

An archive is a zip of `.npy` files, and may be hostile. Only numbers and truth values are read, never
objects, so nothing is unpickled. An array's declared size must equal its member's in the zip directory; that
must be possible for the compressed bytes (deflate expands at most 1032 times) and within the budget.
On hostile bytes zipfile, zlib and NumPy's header reader raise a dozen kinds of exceptions; `except Exception`
around their calls makes each a DataError.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from dslc.data.table import Numbers
from dslc.diagnostics import DataError

HEADER_LIMIT = 10_000
"""Bytes; NumPy writes headers of 128."""

EXPANSION_LIMIT = 1032
"""Deflate codes at most 258 bytes in 2 bits."""

AXES_LIMIT = 32
"""Rows included; every NumPy allows as many."""

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
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
    for member in archive.infolist():
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
    possible = min(member.compress_size, path.stat().st_size) * EXPANSION_LIMIT
    if member.file_size > possible:
        raise DataError(f"{where}: {member.compress_size} bytes cannot expand to the {member.file_size} it declares")
    try:
        with archive.open(member) as stream:
            head = io.BytesIO(stream.read(HEADER_LIMIT))
        version = npy.read_magic(head)
        if version not in {(1, 0), (2, 0)}:
            raise ValueError(f"npy version {version}")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(head, max_header_size=HEADER_LIMIT)
    except Exception as error:
        raise DataError(f"{where}: its header cannot be read ({_short(error)})") from None
    if dtype.hasobject or dtype.kind not in "buif" or dtype.itemsize > 8:
        raise DataError(f"{where}: holds {'objects' if dtype.hasobject else dtype}; only numbers are read")
    whole = all(type(extent) is int and extent >= 0 for extent in shape)
    if not whole or head.tell() + prod(shape) * dtype.itemsize != member.file_size:
        raise DataError(f"{where}: its header says {_short(shape)} of {dtype}, which is not what the archive holds")
    if 0 in shape or len(shape) > AXES_LIMIT:
        raise DataError(f"{where}: " + (f"{_short(shape)} holds nothing" if 0 in shape else f"{len(shape)} axes"))
    return Stored(member, head.tell(), shape, fortran, dtype)


def _array(archive: zipfile.ZipFile, stored: Stored, where: str) -> Numbers:
    flat = np.empty(prod(stored.shape), stored.dtype)
    content = flat.view(np.uint8)
    try:
        with archive.open(stored.member) as stream:
            stream.read(stored.offset)
            filled = 0
            while filled < content.size:
                chunk = stream.read(min(CHUNK, content.size - filled))
                if not chunk:
                    raise EOFError("it ends too early")
                content[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
                filled += len(chunk)
            stream.read(1)  # past the end, where the checksum is compared
    except Exception as error:
        raise DataError(f"{where}: cannot be read ({_short(error)})") from None
    native = flat.astype(stored.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(native.reshape(stored.shape, order="F" if stored.fortran else "C"))


def _short(value: object) -> str:
    """One line for a message, however long an archive's words are."""
    text = " ".join(str(list(value) if isinstance(value, tuple) else value).split())
    return text[:100] or type(value).__name__
