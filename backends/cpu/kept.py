"""The store as a whole: what its folder holds, and removing what is the store's own.

Nothing is locked. An object that is removed while another process loads it is read to its end or compiled again;
one that is being written is known by its name and its age.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from dslc.diagnostics import DataError
from dslc.program.backend import Kept, State

from . import store

NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
UNFINISHED = re.compile(rf"\.\w+{re.escape(store.PART)}", re.ASCII)

ABANDONED = 60.0
"""Seconds after which a file that is still not finished has lost its writer; writing one takes milliseconds."""


class ObjectStore:
    """See dslc.program.backend.Store."""

    @property
    def folder(self) -> Path:
        return store.folder()

    def survey(self) -> Sequence[Kept]:
        try:
            names = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return ()
        now = time.time()
        return tuple(kept for name in names if (kept := self._kept(name, now)) is not None)

    def remove(self, kept: Kept) -> bool:
        """Also raises DataError where others may write in the folder: what is found there may be theirs."""
        if not store.is_own(self.folder.stat()):
            raise DataError(f"`{self.folder}`: others may write there, so nothing is removed")
        try:
            os.unlink(self.folder / kept.name)
        except FileNotFoundError:
            return False
        return True

    def _kept(self, name: str, now: float) -> Kept | None:
        """None for a file that went away meanwhile."""
        path = self.folder / name
        try:
            found = path.lstat()
            return Kept(name, found.st_size, max(0.0, now - found.st_mtime), _state(path, found, now))
        except FileNotFoundError:
            return None


def _state(path: Path, found: os.stat_result, now: float) -> State:
    if not stat.S_ISREG(found.st_mode) or not store.is_own(found):
        return State.FOREIGN
    if UNFINISHED.fullmatch(path.name):
        return State.LEFT_OVER if now - found.st_mtime > ABANDONED else State.UNFINISHED
    if not NAME.fullmatch(path.name):
        return State.FOREIGN
    head, _, payload = path.read_bytes().partition(b"\n")
    if head == store.head_of(path.name, payload):
        return State.SOUND
    return State.DAMAGED if not head or head.startswith(store.MAGIC) else State.FOREIGN
