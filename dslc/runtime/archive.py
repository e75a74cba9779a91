"""The model file's container: a zip of plain files that is read only if every byte of it is as it was written.

Entries are stored uncompressed, so nothing expands; `manifest.json` lists each with its size and SHA-256, and
the archive's comment, its last bytes, holds the SHA-256 of all bytes before it. Writing is atomic: a new
file beside the old one, synced, takes its place. Nothing in an archive is ever executed or unpickled.

    manifest.json  {"format": "dslm", "version": 1, "entries": {"model.dsl": {"bytes": 412, "sha256": ".."}}}

Beside the sum of the weights the manifest has those of their parts, the tensors, so that damage has a name.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dslc.data.record import Json
from dslc.diagnostics import DataError
from dslc.runtime.files import write_atomically
from dslc.runtime.strict_json import read_json

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

VERSION = 1
MANIFEST = "manifest.json"
COMMENT = b"dslm sha256 "
DIGEST = 64
"""Hexadecimal digits of a SHA-256."""

LARGEST = 64 << 30
"""Bytes of a model file."""

LOCAL = struct.Struct("<IxxHHxxxxIIIHH")
"""A zip's header before each entry: signature, flags, method, CRC, size twice, lengths of name and extra field."""

LOCAL_SIGNATURE = 0x04034B50

ZIP64 = b"\1\0"
"""What an extra field of sizes beyond 32 bits begins with."""

Content: TypeAlias = bytes | memoryview
Parts: TypeAlias = Mapping[str, Mapping[str, tuple[int, int]]]
"""Entry -> name of a part of it -> first byte and number of bytes."""

NO_PARTS: Parts = {}


def write_archive(path: Path, entries: Mapping[str, Content], parts: Parts = NO_PARTS) -> None:
    """Writes the entries so that at every instant `path` holds the old archive or the new one. Raises OSError."""
    write_atomically(path, packed(entries, parts))


def packed(entries: Mapping[str, Content], parts: Parts = NO_PARTS) -> bytes:
    """The archive's bytes; equal entries give equal bytes. `parts` may name pieces of an entry, to be told apart."""
    facts = {name: _facts(content, parts.get(name, {})) for name, content in entries.items()}
    manifest = json.dumps({"format": "dslm", "version": VERSION, "entries": facts}, indent=1).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {MANIFEST: manifest, **entries}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = COMMENT + b"0" * DIGEST
    whole = buffer.getvalue()[:-DIGEST]
    return whole + digest(whole).encode()


def _facts(content: Content, parts: Mapping[str, tuple[int, int]]) -> dict[str, Json]:
    facts: dict[str, Json] = {"bytes": len(content), "sha256": digest(content)}
    if parts:
        facts["parts"] = {
            name: [start, size, digest(content[start : start + size])] for name, (start, size) in parts.items()
        }
    return facts


def read_archive(path: Path) -> dict[str, memoryview]:
    """The entries by name, views of the file's bytes.

    Raises DataError naming the file, and the entry that is damaged, or the part of it; OSError.
    """
    if path.stat().st_size > LARGEST:
        raise DataError(f"`{path}` is too large for a model file")
    content = path.read_bytes()
    try:
        return unpacked(content)
    except DataError as error:
        raise DataError(f"`{path}` {error}") from None


def unpacked(content: Content) -> dict[str, memoryview]:
    """The entries of a model file with these bytes; DataError that goes on where the file's name has stopped.

    They are views: a file within a file within a file takes the memory of one.
    """
    content = memoryview(content)
    entries = _entries(content)
    whole = content[-DIGEST:] == digest(content[:-DIGEST]).encode()
    listed = _manifest(entries.pop(MANIFEST, memoryview(b"")), whole)
    if unlisted := sorted(entries.keys() ^ listed.keys()):
        raise DataError(f"is damaged: `{ascii(unlisted[0])[:80]}` is not both listed and there")
    for name, found in entries.items():
        if digest(found) != listed[name].get("sha256"):
            part = _damaged_part(found, listed[name].get("parts"))
            raise DataError(f"is damaged: {part}`{name}` is not as it was written")
    if not whole:
        raise DataError("is damaged: its contents are whole, but not its table of contents")
    return entries


def digest(content: Content) -> str:
    return hashlib.sha256(content).hexdigest()


class _Reader(io.RawIOBase):
    """A file of these bytes, none of which is copied; `io.BytesIO` would copy a view."""

    def __init__(self, content: memoryview) -> None:
        super().__init__()
        self.content, self.place = content, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: len(self.content)}[whence]
        if start + offset < 0:
            raise OSError("a place before the start")  # as a file says it, and zipfile expects
        self.place = start + offset
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer: WriteableBuffer) -> int:
        into = memoryview(buffer)
        part = self.content[self.place : self.place + len(into)]
        into[: len(part)] = part
        self.place += len(part)
        return len(part)


def _entries(content: memoryview) -> dict[str, memoryview]:
    """Every stored file of the zip, each where the last one ended; nothing is expanded.

    One that is compressed, encrypted, doubled, overlapping or behind a gap is refused unread.
    """
    if content[-DIGEST - len(COMMENT) : -DIGEST] != COMMENT:
        raise DataError("is not a model file, or its end is missing")
    entries: dict[str, memoryview] = {}
    try:
        with zipfile.ZipFile(io.BufferedReader(_Reader(content))) as archive:
            end = 0
            for member in archive.infolist():
                start = _data_start(member, content, end)
                if start is None or member.filename in entries or start + member.file_size > archive.start_dir:
                    raise DataError(f"is damaged: `{ascii(member.orig_filename)[:80]}` is not an entry of a model file")
                end = start + member.file_size
                entries[member.filename] = content[start:end]
            if end != archive.start_dir:
                raise DataError("is damaged: it holds bytes that belong to no entry")
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        EOFError,
        RuntimeError,
        struct.error,
    ) as error:
        raise DataError(f"is damaged: {_short(error)}") from None
    return entries


def _data_start(member: zipfile.ZipInfo, content: memoryview, start: int) -> int | None:
    """Where the member's bytes begin, if it is stored as it is and its own header is at `start` and says the same."""
    name, size = member.orig_filename, member.file_size
    stored = member.compress_type == zipfile.ZIP_STORED and member.compress_size == size
    large = not member.extra or (member.extra[:2] == ZIP64 and len(member.extra) % 8 == 4)
    plain = name.isascii() and name == member.filename and not member.flag_bits and large
    if not (stored and plain) or member.header_offset != start or start + LOCAL.size > len(content):
        return None
    header = LOCAL.unpack_from(content, start)
    begin = start + LOCAL.size + len(name)
    sizes = (size, size, len(name), 0)
    extra = b""
    if header[-1]:  # of 2 GB and more
        extra = struct.pack("<2sHQQ", ZIP64, 16, size, size)
        sizes = (0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra))
    if header != (LOCAL_SIGNATURE, 0, zipfile.ZIP_STORED, member.CRC, *sizes):
        return None
    told = content[begin - len(name) : begin + len(extra)]
    return begin + len(extra) if told == name.encode() + extra else None


def _manifest(content: memoryview, whole: bool) -> dict[str, Mapping[str, Json]]:
    """What is said of each entry; `whole` where the file's last sum fits all of it."""
    manifest = read_json(content, MANIFEST) if content else None
    if not isinstance(manifest, dict) or manifest.get("format") != "dslm":
        raise DataError(f"is damaged: `{MANIFEST}` is not as it was written")
    version, listed = manifest.get("version"), manifest.get("entries")
    if whole and type(version) is int and version > VERSION:
        raise DataError(f"was written by a later dslc (format {version}; this one reads {VERSION})")
    if type(version) is not int or version != VERSION or not isinstance(listed, dict):
        raise DataError(f"is damaged: `{MANIFEST}` is not as it was written")
    return {name: facts if isinstance(facts, dict) else {} for name, facts in listed.items()}


def _damaged_part(entry: memoryview, parts: Json) -> str:
    """The first part whose sum does not fit, as "`dense.w` in "; nothing where no part is told apart."""
    for name, facts in parts.items() if isinstance(parts, dict) else ():
        match facts:
            case [int(start), int(size), str(written)] if 0 <= start <= start + size <= len(entry):
                if digest(entry[start : start + size]) != written:
                    return f"`{name[:80]}` in "
            case _:
                return ""
    return ""


def _short(error: Exception) -> str:
    """One line for a message, however long a zip's words are."""
    return " ".join(str(error).split())[:200] or type(error).__name__
