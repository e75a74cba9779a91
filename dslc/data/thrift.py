"""Structures in Thrift's compact protocol, as Parquet files hold them: bytes to fields by number.

A field's value is a number, bytes, a list, or a structure in turn; names and types are not in the bytes. What is read
may be hostile: every length is held against the bytes that are left, depth is limited, and ThriftError is all that is
raised. (Apache Thrift, "Thrift Compact protocol encoding".)

>>> read_struct(b"\\x15\\x04\\x18\\x02hi\\x00", 0)
({1: 2, 2: b'hi'}, 7)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

DEPTH = 16

Value: TypeAlias = "int | float | bytes | Sequence[Value] | Mapping[int, Value]"

Read: TypeAlias = Callable[[bytes, int, int], tuple[Value, int]]
"""Bytes, a place in them and the depth there, to the value and the place behind it."""


class ThriftError(ValueError):
    """The bytes are no structure."""


def read_struct(data: bytes, at: int, depth: int = 0) -> tuple[Mapping[int, Value], int]:
    """The structure that begins at byte `at`, and where it ends."""
    _check_depth(depth)
    fields: dict[int, Value] = {}
    number = 0
    while True:
        head = _byte(data, at)
        at += 1
        if head == 0:
            return fields, at
        kind, step = head & 15, head >> 4
        if step:
            number += step
        else:
            number, at = _zigzag(data, at)
        if kind in (TRUE, FALSE):
            fields[number] = int(kind == TRUE)
            continue
        fields[number], at = _reader(kind)(data, at, depth)


def _reader(kind: int) -> Read:
    if kind not in READERS:
        raise ThriftError(f"no type has the number {kind}")
    return READERS[kind]


def _byte(data: bytes, at: int) -> int:
    if not 0 <= at < len(data):
        raise ThriftError("the bytes end too early")
    return data[at]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = _byte(data, at)
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ThriftError("a number has too many bytes")


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _integer(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    return _zigzag(data, at)


def _small(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    return _byte(data, at), at + 1


def _real(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    _byte(data, at + 7)
    return struct.unpack_from("<d", data, at)[0], at + 8


def _binary(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    length, at = _varint(data, at)
    if length > len(data) - at:
        raise ThriftError("a text is longer than the bytes")
    return data[at : at + length], at + length


def _check_depth(depth: int) -> None:
    if depth > DEPTH:
        raise ThriftError("structures are nested too deeply")


def _list(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    _check_depth(depth)
    head = _byte(data, at)
    length, at = head >> 4, at + 1
    if length == 15:
        length, at = _varint(data, at)
    if length > len(data) - at:
        raise ThriftError("a list is longer than the bytes")
    read = _small if head & 15 in (TRUE, FALSE) else _reader(head & 15)
    values: list[Value] = []
    for _ in range(length):
        value, at = read(data, at, depth + 1)
        values.append(value)
    return values, at


def _struct(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    return read_struct(data, at, depth + 1)


TRUE, FALSE = 1, 2

READERS: Mapping[int, Read] = {
    3: _small,
    4: _integer,
    5: _integer,
    6: _integer,
    7: _real,
    8: _binary,
    9: _list,
    10: _list,  # a set
    12: _struct,
}
"""By the protocol's number of a type; maps (11), which no part of a Parquet file has, are missing."""
