"""Which file a path in a model file means: one below the model file's own folder, or the caller's override.

A model file is data and may come from anyone, so its paths cannot leave its folder: not absolute, not
through `..`, not through a link. What the command line names is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from dslc.data.errors import FileMissing, OutsideFolder
from dslc.diagnostics import DataError, ModelError, nearest
from dslc.frozen import Frozen
from dslc.syntax import ast


class Located(Frozen):
    """A file that exists, and the name that messages give it."""

    path: Path
    shown: str


def locate(written: ast.Text, folder: Path, overrides: Mapping[str, Path], folders: bool = False) -> Located:
    """The file for a path as written, or with `folders` a folder too. Raises ModelError if there is none or it lies
    outside `folder`.

    `overrides` replaces paths by the text written in the model file, or by "" for the only one; DataError for a
    text that is not there.
    """
    if unread := sorted(overrides.keys() - {"", written.value}):
        raise DataError(f"the model file reads no `{unread[0]}`; it reads `{written.value}`")
    override = overrides.get(written.value, overrides.get(""))
    try:
        if override is not None:
            return _existing(override, str(override), written, folders)
        if _leaves(written.value) or not (folder / written.value).resolve().is_relative_to(folder.resolve()):
            raise ModelError([OutsideFolder(written.span, written.value)])
        return _existing(folder / written.value, written.value, written, folders)
    except (OSError, RuntimeError):  # a name too long, a folder that may not be searched, a circle of links
        raise ModelError([FileMissing(written.span, written.value, "cannot reach")]) from None


def _leaves(path: str) -> bool:
    kinds = (PurePosixPath(path), PureWindowsPath(path))
    return "\0" in path or any(kind.is_absolute() or kind.drive or ".." in kind.parts for kind in kinds)


def _existing(path: Path, shown: str, written: ast.Text, folders: bool) -> Located:
    if path.is_file() or (folders and path.is_dir()):
        return Located(path, shown)
    if path.exists():
        raise ModelError([FileMissing(written.span, shown, "not a file:")])
    siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    closest = nearest(path.name, siblings)
    suggestion = str(PurePosixPath(shown).with_name(closest)) if closest else None
    raise ModelError([FileMissing(written.span, shown, "no file", suggestion)])
