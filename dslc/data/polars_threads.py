"""Whether polars may be called in this process.

polars keeps threads, which a fork does not copy: in the child of a process that has imported it, a call may wait for
them for ever.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib.util import find_spec

_lost = threading.Event()


def _after_fork() -> None:
    if "polars" in sys.modules:
        _lost.set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def installed() -> bool:
    return find_spec("polars") is not None


def lost() -> bool:
    """Whether a fork has left the threads behind."""
    return _lost.is_set()
