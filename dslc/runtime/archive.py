"""The model file's container: a zip of plain files that is read only if every byte of it is as it was written.

Entries are stored uncompressed, so nothing expands; `manifest.json` lists each with its size and SHA-256, and
the archive's comment, its last bytes, holds the SHA-256 of all bytes before it. Writing is atomic: a new
file beside the old one, synced, takes its place. Nothing in an archive is ever executed or unpickled.

    manifest.json  {"format": "dslm", "version": 1, "entries": {"model.dsl": {"bytes": 412, "sha256": ".."}}}
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from dslc.diagnostics import DataError
from dslc.runtime.files import write_atomically

VERSION = 1
MANIFEST = "manifest.json"
COMMENT = b"dslm sha256 "
DIGEST = 64
"""Hexadecimal digits of a SHA-256."""

LARGEST = 64 << 30
"""Bytes of a model file."""


def write_archive(path: Path, entries: Mapping[str, bytes]) -> None:
    """Writes the entries so that at every instant `path` holds the old archive or the new one. Raises OSError."""
    write_atomically(path, packed(entries))


def packed(entries: Mapping[str, bytes]) -> bytes:
    """The archive's bytes; equal entries give equal bytes."""
    facts = {name: {"bytes": len(content), "sha256": digest(content)} for name, content in entries.items()}
    manifest = json.dumps({"format": "dslm", "version": VERSION, "entries": facts}, indent=1).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {MANIFEST: manifest, **entries}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = COMMENT + b"0" * DIGEST
    whole = buffer.getvalue()[:-DIGEST]
    return whole + digest(whole).encode()


def read_archive(path: Path) -> dict[str, bytes]:
    """The entries by name. Raises DataError naming the file, and the entry that is damaged; OSError."""
    if path.stat().st_size > LARGEST:
        raise DataError(f"`{path}` is too large for a model file")
    content = path.read_bytes()
    entries = _entries(path, content)
    manifest = _manifest(path, entries.pop(MANIFEST, b""))
    if unlisted := sorted(entries.keys() ^ manifest.keys()):
        raise DataError(f"`{path}` is damaged: `{unlisted[0]}` is not both listed and there")
    for name, found in entries.items():
        if digest(found) != manifest[name]:
            raise DataError(f"`{path}` is damaged: `{name}` is not as it was written")
    if content[-DIGEST:] != digest(content[:-DIGEST]).encode():
        raise DataError(f"`{path}` is damaged: its contents are whole, but not its table of contents")
    return entries


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _entries(path: Path, content: bytes) -> dict[str, bytes]:
    """Every stored file of the zip; one that is compressed, encrypted, doubled or overlapping is refused unread."""
    if content[-DIGEST - len(COMMENT) : -DIGEST] != COMMENT:
        raise DataError(f"`{path}` is not a model file, or its end is missing")
    entries: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > len(content):
                raise DataError(f"`{path}` is damaged: its entries claim more bytes than it has")
            for member in members:
                if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 or member.filename in entries:
                    raise DataError(f"`{path}` is damaged: `{member.filename[:80]!a}` is not an entry of a model file")
                entries[member.filename] = archive.read(member)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        raise DataError(f"`{path}` is damaged: {error}") from None
    return entries


def _manifest(path: Path, content: bytes) -> dict[str, str]:
    """The SHA-256 of each entry."""
    try:
        manifest = json.loads(content)
        if manifest["format"] != "dslm":
            raise ValueError
        version = int(manifest["version"])
        listed = {str(name): str(facts["sha256"]) for name, facts in manifest["entries"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DataError(f"`{path}` is damaged: `{MANIFEST}` is not as it was written") from None
    if version > VERSION:
        raise DataError(f"`{path}` was written by a later dslc (format {version}; this one reads {VERSION})")
    return listed
