"""Taking turns: one thread at a time, and a forked child that waits for no thread of its parent.

A child has the one thread that forked. A lock that another thread held at that moment would stay locked in it for
ever, so a child begins with new ones, but for those that its own thread holds.
"""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


class Turn:
    """`with turn:` waits until no other thread is inside; the thread that is may enter again."""

    __slots__ = ("__weakref__", "_lock", "_owner")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner = 0
        """The thread that was inside last."""
        _turns.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *raised: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Nobody is inside, unless it is the calling thread."""
        if self._owner != threading.get_ident():
            self._lock = threading.RLock()


_turns: WeakSet[Turn] = WeakSet()


def _renew() -> None:
    for turn in list(_turns):
        turn.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
