"""Zip archives byte by byte, as no library writes them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Member:
    """One stored file; what is None is told as it is, anything else is a lie."""

    name: bytes
    content: bytes
    method: int = 0
    flags: int = 0
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    local_name: bytes | None = None
    offset: int | None = None
    mode: int = 0o100644
    extra: bytes = b""
    central_extra: bytes = b""


def zipped(members: list[Member], *, prefix: bytes = b"", tail: bytes = b"", comment: bytes = b"") -> bytes:
    """The archive: `prefix`, the files, `tail`, the directory, `comment`."""
    body, directory = bytearray(prefix), b""
    for member in members:
        told = _told(member)
        offset = len(body) if member.offset is None else member.offset
        local = told if member.local_name is None else replace(told, name=member.local_name)
        if member.offset is None:
            body += b"PK\x03\x04" + _facts(local, len(member.extra)) + local.name + member.extra + member.content
        facts = _facts(told, len(member.central_extra))
        directory += b"PK\x01\x02" + struct.pack("<H", 0x0314) + facts
        directory += struct.pack("<HHHII", 0, 0, 0, (member.mode << 16) & 0xFFFFFFFF, offset)
        directory += told.name + member.central_extra
    body += tail
    ends = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), len(comment))
    return bytes(body) + directory + b"PK\x05\x06" + ends + comment


def _told(member: Member) -> Member:
    """The member with its true size and sum where nothing else is to be told."""
    size = len(member.content) if member.size is None else member.size
    packed = len(member.content) if member.packed is None else member.packed
    crc = zlib.crc32(member.content) if member.crc is None else member.crc
    return replace(member, size=size, packed=packed, crc=crc)


def _facts(member: Member, extra: int) -> bytes:
    """What the two headers of a file share, version first; its date is 1980-01-01."""
    sizes = struct.pack("<III", member.crc or 0, member.packed or 0, member.size or 0)
    return (
        struct.pack("<HHHHH", 20, member.flags, member.method, 0, 33)
        + sizes
        + struct.pack("<HH", len(member.name), extra)
    )
