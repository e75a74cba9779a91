"""What the backends' stores hold, in words and numbers; see `dslc cache`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from dslc.backends import BACKENDS, get_backend
from dslc.diagnostics import BackendUnavailable
from dslc.plan import quantity, table
from dslc.program.backend import Kept, State, Store

SPANS = ((604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def stores() -> Mapping[str, Store]:
    """The stores by their backend's name, of those backends that this machine can load."""
    found: dict[str, Store] = {}
    for name in BACKENDS:
        try:
            store = get_backend(name).store()
        except BackendUnavailable:
            continue
        if store is not None:
            found[name] = store
    return found


@dataclass(frozen=True, slots=True)
class Contents:
    """A backend's store and all files in its folder."""

    backend: str
    folder: Path
    kept: Sequence[Kept]

    def of(self, state: State) -> list[Kept]:
        return [one for one in self.kept if one.state is state]

    def to_record(self) -> dict[str, str | int | None]:
        sound = self.of(State.SOUND)
        ages = [round(one.age) for one in sound]
        others = {state.name.lower(): len(self.of(state)) for state in State if state is not State.SOUND}
        return {
            "backend": self.backend,
            "folder": str(self.folder),
            "entries": len(sound),
            "bytes": sum(one.bytes for one in sound),
            "oldest_seconds": max(ages, default=None),
            "newest_seconds": min(ages, default=None),
            **others,
        }

    def to_text(self) -> str:
        """The folder, what is sound and how old, then what is not."""
        sound = self.of(State.SOUND)
        rows = [("objects", files(sound))]
        if sound:
            rows.append(("oldest", f"{span(max(one.age for one in sound))} ago"))
            rows.append(("newest", f"{span(min(one.age for one in sound))} ago"))
        rows += [(state.value, files(self.of(state))) for state in State if state is not State.SOUND and self.of(state)]
        return "\n".join([str(self.folder), *table(rows, left=2)])


def cleaned(oldest: int | None, dry_run: bool) -> tuple[list[Kept], list[Kept]]:
    """Removes what is older than so many seconds, or all, and what is of no use; what went, and what is foreign.

    Raises OSError, and DataError where others may write in a folder.
    """
    gone: list[Kept] = []
    foreign: list[Kept] = []
    for store in stores().values():
        kept = store.survey()
        chosen = [one for one in kept if _goes(one, oldest)]
        gone += chosen if dry_run else [one for one in chosen if store.remove(one)]
        foreign += [one for one in kept if one.state is State.FOREIGN]
    return gone, foreign


def _goes(kept: Kept, oldest: int | None) -> bool:
    match kept.state:
        case State.SOUND:
            return oldest is None or kept.age > oldest
        case State.DAMAGED | State.LEFT_OVER:
            return True
        case State.UNFINISHED | State.FOREIGN:
            return False
        case unreachable:
            assert_never(unreachable)


def files(kept: Iterable[Kept]) -> str:
    """`12 files, 3.4 MB`."""
    sizes = [one.bytes for one in kept]
    return f"{len(sizes):,} file{'s' * (len(sizes) != 1)}, {quantity(sum(sizes))}B"


def span(seconds: float) -> str:
    """`3 days`, in the largest unit of which it is two or more."""
    for length, unit in SPANS:
        if seconds >= 2 * length:
            return f"{int(seconds / length):,} {unit}s"
    return "a second"
