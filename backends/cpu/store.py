"""Objects on disk, by key: what was compiled once is loaded ever after, if it is what was written.

An object's key is the SHA-256 of all it depends on; its file is one line with the key, the payload's
SHA-256 and its length, then the payload. A file that says otherwise, belongs to another user or may be
written by one counts as absent. The folder is `$DSLC_CACHE`, or dslc in the user's cache folder, and is
the user's alone (0700). Files are written beside their place and renamed, so that a reader never sees half
of one and writers need no lock.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
import warnings
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .host import this_host
from .unit import Unit

FORMAT = 1

MAGIC = b"dslc-object "
PART = ".part"
"""How the files that are being written end; the dot before their name is the store's as well."""


def key(unit: Unit) -> str:
    """What tells this unit's object from all others: its text, processor, compilers and how they are used."""
    return hashlib.sha256(f"{_environment()}\n{unit.content}".encode()).hexdigest()


@cache
def _environment() -> str:
    host = this_host()
    versions = [f"{name} {version(name)}" for name in ("numba", "llvmlite", "numpy")]
    python = ".".join(str(part) for part in sys.version_info[:3])
    processor = [sys.platform, host.machine, host.cpu, host.features]
    # How text becomes an object is part of what the object is: options of compiler and optimiser stand there.
    compiler = hashlib.sha256(Path(__file__).with_name("compiler.py").read_bytes()).hexdigest()
    return "\n".join([f"store {FORMAT}", f"python {python}", *versions, *processor, compiler])


def folder() -> Path:
    """Where objects are kept."""
    chosen = os.environ.get("DSLC_CACHE")
    if chosen:
        return Path(chosen) / "objects"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dslc" / "objects"


def load(name: str) -> bytes | None:
    """The object of that key, None if it is not there as it was written."""
    place = _usable()
    if place is None:
        return None
    try:
        descriptor = os.open(place / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not is_own(os.fstat(descriptor)) or not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        head, _, payload = file.read().partition(b"\n")
    if head != head_of(name, payload):
        _warn(f"damaged compiled code in {place} is ignored")
        return None
    return payload


def save(name: str, payload: bytes) -> None:
    """Keeps an object. A store that cannot be written costs only time, so its errors are warnings."""
    place = _usable()
    if place is None:
        return
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=place, prefix=".", suffix=PART)
        with os.fdopen(descriptor, "wb") as file:
            file.write(head_of(name, payload) + b"\n" + payload)
        os.replace(temporary, place / name)
    except OSError as error:
        _warn(f"compiled code cannot be kept in {place}: {error.strerror}")
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def head_of(name: str, payload: bytes) -> bytes:
    """The first line of an object's file."""
    return MAGIC + f"{FORMAT} {name} {hashlib.sha256(payload).hexdigest()} {len(payload)}".encode()


def _usable() -> Path | None:
    place = folder()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.stat()
    except OSError as error:
        _warn(f"compiled code cannot be kept in {place}: {error.strerror}")
        return None
    if not is_own(found):
        _warn(f"compiled code in {place} is ignored: others may write there")
        return None
    return place


def is_own(found: os.stat_result) -> bool:
    """Whether it is this user's and nobody else's to write."""
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


@cache
def _warn(message: str) -> None:
    """Once for each message."""
    warnings.warn(message, RuntimeWarning, stacklevel=2)
