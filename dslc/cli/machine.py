"""The machine that dslc runs on, and what is installed there: read from metadata, without importing packages."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from textwrap import wrap

import dslc
from dslc.backends import BACKENDS, get_backend
from dslc.cli.stores import stores
from dslc.diagnostics import BackendUnavailable
from dslc.plan import quantity, table
from dslc.program.backend import Facts
from dslc.runtime.memory import physical_memory

BESIDE = ("llvmlite",)
"""Packages worth telling that others bring."""

WIDTH = 80

REQUIREMENT = re.compile(r"""([\w.-]+)[^;]*(?:;.*\bextra\s*==\s*["']([\w-]+)["'])?""")


@dataclass(frozen=True, slots=True)
class Found:
    """A backend; `reason` says why it cannot be used here."""

    name: str
    reason: str | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Kept:
    """A store of compiled objects; its files are counted, not read."""

    folder: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """`packages` are versions by name, those of dslc's own requirements; `extras` the same by extra.

    None stands for what is not installed. `usable` are the cores that this process may use.
    """

    python: str
    system: str
    processor: str
    cores: int
    usable: int
    memory: int
    packages: Mapping[str, str | None]
    extras: Mapping[str, Mapping[str, str | None]]
    backends: Sequence[Found]
    caches: Sequence[Kept]

    def to_record(self) -> dict[str, object]:
        return {
            "schema": 1,
            "dslc": dslc.__version__,
            "python": self.python,
            "system": self.system,
            "processor": self.processor,
            "cores": self.cores,
            "usable_cores": self.usable,
            "memory_bytes": self.memory,
            "packages": dict(self.packages),
            "extras": {name: _installed(packages) for name, packages in self.extras.items()},
            "backends": [
                {
                    "name": found.name,
                    "available": found.reason is None,
                    "reason": found.reason,
                    **{re.sub(r"\W", "_", name): value for name, value in found.facts.items()},
                }
                for found in self.backends
            ],
            "caches": [{"folder": kept.folder, "files": kept.files, "bytes": kept.bytes} for kept in self.caches],
        }

    def to_text(self) -> str:
        """Names to the left, what was found to the right."""
        cores = f"{self.cores} core{'s' * (self.cores != 1)}"
        rows = [
            ("dslc", dslc.__version__),
            ("python", self.python),
            ("system", self.system),
            ("processor", self.processor),
            ("", cores if self.usable == self.cores else f"{cores}, {self.usable} of them usable"),
            ("memory", f"{quantity(self.memory)}B"),
            *((name, text or "not installed") for name, text in self.packages.items()),
            *((f"extra {name}", _told(packages)) for name, packages in self.extras.items()),
        ]
        for found in self.backends:
            rows.append((f"backend {found.name}", "available" if found.reason is None else found.reason))
            rows += [("", f"{name} {_word(value)}") for name, value in found.facts.items()]
        for kept in self.caches:
            rows += [("cache", kept.folder), ("", f"{kept.files:,} files, {quantity(kept.bytes)}B")]
        width = WIDTH - 2 - max(len(name) for name, _ in rows)
        lines = [(name, _wrapped(text, width)) for name, text in rows]
        return "\n".join(
            table([(name * (not k), line) for name, parts in lines for k, line in enumerate(parts)], left=2)
        )


def found() -> Machine:
    """What there is on this machine."""
    needed = [_named(text) for text in _requirements()]
    extras = dict.fromkeys(extra for _, extra in needed if extra)
    return Machine(
        python=f"{platform.python_version()} ({platform.python_implementation()})",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        usable=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=physical_memory(),
        packages={name: _version(name) for name in (*(name for name, extra in needed if not extra), *BESIDE)},
        extras={extra: {name: _version(name) for name, of in needed if of == extra} for extra in extras},
        backends=[_backend(name) for name in BACKENDS],
        caches=[_cache(str(store.folder)) for store in stores().values()],
    )


def _requirements() -> Sequence[str]:
    """What the installed package says it needs; nothing where dslc runs from its sources, not installed."""
    try:
        return requires("dslc") or ()
    except PackageNotFoundError:
        return ()


def _named(requirement: str) -> tuple[str, str | None]:
    """The package of a requirement, and the extra that asks for it."""
    match = REQUIREMENT.match(requirement)
    return (match[1], match[2]) if match else (requirement, None)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Its name as its maker writes it, or else its kind."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return (names[0] if names else platform.processor()) or platform.machine()


def _backend(name: str) -> Found:
    try:
        backend = get_backend(name)
    except BackendUnavailable as error:
        return Found(name, str(error), {})
    return Found(name, backend.missing(), backend.facts())


def _cache(folder: str) -> Kept:
    """Files of any kind; a folder that is not there, or may not be read, has none."""
    try:
        with os.scandir(folder) as entries:
            sizes = [entry.stat(follow_symlinks=False).st_size for entry in entries]
    except OSError:
        sizes = []
    return Kept(folder, len(sizes), sum(sizes))


def _installed(packages: Mapping[str, str | None]) -> dict[str, object]:
    return {"installed": all(packages.values()), "packages": dict(packages)}


def _told(packages: Mapping[str, str | None]) -> str:
    """`scikit-learn 1.9.1`; of many packages only what is missing."""
    missing = [name for name, text in packages.items() if text is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return ", ".join(f"{name} {text}" for name, text in packages.items())


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words; a path is one word, however long."""
    return wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _word(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
