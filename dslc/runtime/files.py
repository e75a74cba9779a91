"""Files that are whole at every instant: written beside their place, synced, then moved there.

`unfinished` names the files that stand beside their places, so that a process that ends early can let them be
finished or take them away (dslc/cli/interrupts.py).
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

unfinished: set[str] = set()
"""Paths of the files that are being written in this process."""

_numbers = count()


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """A new file beside the old one, synced, takes its place; what fails leaves the old one alone.

    `mode` is the file's permissions, by default those of a new file. Raises OSError that names `path`: a full disk by
    itself names nothing.
    """
    try:
        _write_beside(path, content, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _write_beside(path: Path, content: bytes, mode: int | None) -> None:
    handle, beside = _open_beside(path)
    unfinished.add(beside)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    finally:
        unfinished.discard(beside)
    _sync_folder(path.parent)


def _open_beside(path: Path) -> tuple[int, str]:
    """A new file's descriptor and path. The process and a count name it; what another process left is passed over."""
    while True:
        beside = str(path.with_name(f".{path.name}.{os.getpid()}-{next(_numbers)}.part"))
        with suppress(FileExistsError):
            return os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), beside


def _sync_folder(folder: Path) -> None:
    """Makes the renaming last; folders cannot be opened everywhere."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
