"""Where a run is written: `runs/<model>/<stamp>/`, with `runs/<model>/latest` naming the newest.

Each file is written to its end beside its place and then moved there, so that a run that was cut off has no
half files.
"""

from __future__ import annotations

import errno
import os
import re
from datetime import datetime
from pathlib import Path

from dslc.runtime.files import write_atomically

LATEST = "latest"


def new_folder(root: Path, model: str, now: datetime) -> Path:
    """A folder that did not exist, made: `root/model/20261123-104500`, with `-2` and so on where it is taken.

    Raises OSError.
    """
    parent = root / (re.sub(r"[^\w.-]+", "_", model).strip(".") or "model")
    parent.mkdir(parents=True, exist_ok=True)
    stamp = now.strftime("%Y%m%d-%H%M%S")
    for count in range(1, 1000):
        folder = parent / (stamp if count == 1 else f"{stamp}-{count}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(errno.EEXIST, "a thousand runs have this name", str(parent / stamp))


def point_latest(folder: Path) -> None:
    """Makes `latest` beside the folder lead to it: a link, or a text with its name where links cannot be made."""
    latest = folder.parent / LATEST
    pointer = folder.parent / f".{LATEST}.{os.getpid()}"
    try:
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(folder.name, target_is_directory=True)
        os.replace(pointer, latest)
    except (OSError, NotImplementedError):
        pointer.unlink(missing_ok=True)
        write_atomically(latest, folder.name.encode())
