"""Backends: each prints or runs programs; core code asks for one by name.

A backend is a package beside this file. It is imported when it is first asked for, so that nobody loads a
compiler that he does not use.

>>> get_backend("reference").name
'reference'
"""

from __future__ import annotations

from importlib import import_module

from dslc.diagnostics import BackendUnavailable
from dslc.program.backend import Backend

BACKENDS = {"cpu": "CpuBackend", "reference": "ReferenceBackend"}
"""The packages beside this file and the class that each defines; the first is what `auto` means."""


def get_backend(name: str) -> Backend:
    """The backend called `name`, or the preferred one for `auto`.

    Raises BackendUnavailable for any other name, and where a package that the backend stands on cannot be imported.
    """
    chosen = next(iter(BACKENDS)) if name == "auto" else name
    if chosen not in BACKENDS:
        known = ", ".join(f"`{known}`" for known in BACKENDS)
        raise BackendUnavailable(f"there is no backend `{name}`; there are {known}")
    try:
        backend: Backend = getattr(import_module(f"{__name__}.{chosen}"), BACKENDS[chosen])()
    except ImportError as error:
        raise BackendUnavailable(f"backend `{chosen}` cannot be loaded: {error}") from None
    return backend
