"""Files that are whole at every instant: written beside their place, synced, then moved there.

`unfinished` names the files that stand beside their places and `temporary` the folders that are not to stay, so that a
process that ends early can let them be finished or take them away (dslc/cli/interrupts.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

unfinished: set[str] = set()
"""Paths of the files that are being written in this process."""

temporary: set[str] = set()
"""Folders that are to be gone when the process has ended."""

_numbers = count()


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """A new file beside the old one, synced, takes its place; what fails leaves the old one alone.

    A link stays, and what it leads to is replaced. `mode` is the file's permissions, by default those of a new file.
    Raises OSError that names `path`: a full disk by itself names nothing.
    """
    try:
        real = Path(os.path.realpath(path))
        if real.exists() and not real.is_file():  # a pipe or a device takes the bytes themselves
            real.write_bytes(content)
        else:
            _write_beside(real, content, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder of its own among the system's temporary ones, gone afterwards."""
    # Most processes need none, and the module brings random numbers and more with it.
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix=prefix) as folder:
        temporary.add(folder)
        try:
            yield Path(folder)
        finally:
            temporary.discard(folder)


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
