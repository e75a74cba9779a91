"""How threads meet: a barrier that spins briefly, then gives way.

It counts arrivals and never resets, so it needs no memory of its own but one word, which the host sets to
0 before the threads start: the barrier with number b opens when b * threads have arrived. Nothing is
allocated and no lock is held, so that a forked child may go on using it.
"""

from __future__ import annotations

from .assembly import ATOMIC_ADD, ATOMIC_LOAD, YIELD, pause
from .host import this_host
from .unit import CType, Signature, Unit

_SPINS = 2000
"""Pauses before a waiting thread gives way: about 20 microseconds, more than most phases are apart."""

_SIGNATURE = Signature("barrier", (("threads", CType.I64), ("place", CType.I64)))

BARRIER = Unit(
    _SIGNATURE,
    f"""{_SIGNATURE.head}
    if threads == 1:
        return
    arrived = atomic_add(place, 1)
    opens = (arrived // threads + 1) * threads
    turns = 0
    while atomic_load(place) < opens:
        turns = pause(turns) + 1 if turns < {_SPINS} else give_way(turns)
""",
    (ATOMIC_ADD, ATOMIC_LOAD, pause(this_host()), YIELD),
)
