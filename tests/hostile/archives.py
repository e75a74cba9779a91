"""npz archives that somebody made to do harm: each has an array `x` that is hostile and a good `y`.

A case is the file's bytes and what the refusal must say; "" where reading it right is the right answer.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from .zips import Member, zipped

Case: TypeAlias = tuple[bytes, str]

ROWS = 4
Y = np.arange(float(ROWS))


class Evil:
    """Unpickling it runs a command."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return __import__("os").system, ("touch escaped",)


def npy(values: object, pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(values), allow_pickle=pickled)
    return buffer.getvalue()


GOOD_Y = Member(b"y.npy", npy(Y))


def header(text: str, body: bytes = bytes(96), version: int = 1) -> bytes:
    """An npy with this text for a header."""
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes((version, 0)) + length + text.encode("latin-1") + body


def described(shape: str = "(4, 3)", kind: str = "'<f8'", order: str = "False", body: bytes = bytes(96)) -> bytes:
    return header(f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}\n", body)


def with_x(content: bytes, **facts: object) -> bytes:
    return zipped([GOOD_Y, Member(**{"name": b"x.npy", "content": content, **facts})])  # type: ignore[arg-type]


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def saved(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{"y": Y, **arrays})  # type: ignore[arg-type]
    return buffer.getvalue()


def type_cases() -> dict[str, Case]:
    """What is stored is no number, or a number in an unusual way."""
    numbers = np.arange(12.0).reshape(4, 3)
    only = "only numbers are read"
    long = np.zeros((4, 3), np.longdouble)
    return {
        "objects to unpickle": (with_x(npy(np.array([Evil()] * ROWS, object), pickled=True)), f"holds objects; {only}"),
        "a pickle for an array": (with_x(pickle.dumps(Evil())), "its header cannot be read"),
        "objects without a pickle": (with_x(described(kind="'|O'")), f"holds objects; {only}"),
        "text": (saved(x=np.array(["a"] * ROWS)), f"holds <U1; {only}"),
        "bytes": (saved(x=np.array([b"a"] * ROWS)), f"holds |S1; {only}"),
        "text of 2^60": (with_x(described(kind="'<U1152921504606846976'")), "its header cannot be read"),
        "complex numbers": (saved(x=np.ones(ROWS, complex)), f"holds complex128; {only}"),
        "a structure": (saved(x=np.zeros(ROWS, [("a", "f8"), ("b", "O")][:1])), f"holds a structure; {only}"),
        "a structure in a structure": (saved(x=np.zeros(ROWS, [("a", [("b", "f8")])])), f"holds a structure; {only}"),
        "dates": (saved(x=np.zeros(ROWS, "M8[D]")), f"holds datetime64[D]; {only}"),
        "spans of time": (saved(x=np.zeros(ROWS, "m8[s]")), f"holds timedelta64[s]; {only}"),
        "raw bytes": (saved(x=np.zeros(ROWS, "V8")), f"holds |V8; {only}"),
        "long doubles": (saved(x=long), only if long.itemsize > 8 else ""),
        "an unknown type": (with_x(described(kind="'x9'")), "its header cannot be read"),
        "a type with commas": (with_x(described(kind="'f8,O'")), "its header cannot be read"),
        "a type with a shape": (with_x(described(kind="'(2,)f8'")), "its header cannot be read"),
        "big-endian": (saved(x=numbers.astype(">f8")), ""),
        "Fortran order": (saved(x=np.asfortranarray(numbers)), ""),
        "half precision": (saved(x=numbers.astype(np.float16)), ""),
        "truth values": (saved(x=numbers > 3), ""),
        "NaN": (saved(x=np.where(numbers == 7, np.nan, numbers)), 'array "x", row 2, element [1]: a missing value'),
        "infinity": (saved(x=np.where(numbers == 7, -np.inf, numbers)), "row 2, element [1]: -inf is not a finite"),
        "a signalling NaN": (
            with_x(described(body=b"\x01\0\0\0\0\0\xf4\x7f" + bytes(88))),
            'array "x", row 0, element [0]: a missing value',
        ),
        "numbers beyond 2^53": (saved(x=np.full((4, 3), 2**63 - 1)), ""),
    }


def header_cases() -> dict[str, Case]:
    """The header of the array lies, or is no header."""
    unreadable, lies = "its header cannot be read", "which is not what the archive holds"
    texts = {
        "code": "__import__('os').system('touch escaped')\n",
        "code in the shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os'),), }\n",
        "code in the type": "{'descr': __import__('os'), 'fortran_order': False, 'shape': (4, 3), }\n",
        "a comprehension": "{'descr': '<f8', 'fortran_order': False, 'shape': tuple(4 for _ in 'x'), }\n",
        "arithmetic": "{'descr': '<f8', 'fortran_order': False, 'shape': (9**9**9,), }\n",
        "a key more": "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 3), 'x': 1, }\n",
        "a key twice": "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (4, 3), }\n",
        "a key twice and none for the shape": "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, }\n",
        "a key missing": "{'descr': '<f8', 'fortran_order': False, }\n",
        "nothing": "",
        "a list": "[1, 2, 3]\n",
        "depth": "{" * 9000,
        "depth in the type": f"{{'descr': {'[' * 4000}{']' * 4000}, 'fortran_order': False, 'shape': (4, 3), }}\n",
        "blanks": "{" + " " * 9000,
        "brackets to go back to": "{'descr': [" + "],'descr': [" * 800,
        "NUL": "{'descr': '<f8\0', 'fortran_order': False, 'shape': (4, 3), }\n",
        "a sign": "{'descr': '<f8', 'fortran_order': False, 'shape': (-4, -3), }\n",
        "truth values for extents": "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 3), }\n",
        "a fraction": "{'descr': '<f8', 'fortran_order': False, 'shape': (4.0, 3), }\n",
        "an extent of 4000 digits": f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 4000},), }}\n",
        "another order": "{'descr': '<f8', 'fortran_order': 'F', 'shape': (4, 3), }\n",
    }
    shapes = {
        "an extent of 2^63 - 1": "(9223372036854775807,)",
        "extents whose product is 12 modulo 2^64": "(3074457345618258604, 3, 2)",
        "more rows than bytes": "(5, 3)",
        "fewer rows than bytes": "(3, 3)",
        "no rows of 2^62": "(0, 4611686018427387904)",
    }
    return {
        **{f"header: {name}": (with_x(header(text)), unreadable) for name, text in texts.items()},
        **{f"header: {name}": (with_x(described(shape)), lies) for name, shape in shapes.items()},
        "header: a hundred axes": (with_x(described("(4, 3" + ", 1" * 98 + ")")), "100 axes"),
        "header: longer than the file": (with_x(b"\x93NUMPY\x02\0" + b"\xff\xff\xff\xff{}"), unreadable),
        "header: of 60 kB": (with_x(header(" " * 60_000)), unreadable),
        "header: of version 2": (with_x(header(described()[10:].split(b"\n")[0].decode() + "\n", version=2)), ""),
        "header: of version 3": (with_x(header("{}", version=3)), unreadable),
        "header: no magic": (with_x(b"hello" * 30), unreadable),
        "header: nothing at all": (with_x(b""), unreadable),
        "header: half a magic": (with_x(b"\x93NUM"), unreadable),
    }


def zip_cases() -> dict[str, Case]:
    """The archive lies."""
    x = npy(np.arange(12.0).reshape(4, 3))
    zeros = described(f"(4, {16 << 20})", "'|u1'", body=bytes(64 << 20))
    packed, foreign = deflated(zeros), "encrypted, or compressed in a way that NumPy does not write"
    zip64 = struct.pack("<HHQQ", 1, 16, 2**63, 2**63)
    unreadable = "x.npz: not a readable npz archive"
    bomb: dict[str, int] = {"method": 8, "size": len(zeros), "crc": zlib.crc32(zeros)}
    one = Member(b"x.npy", packed, **bomb)
    many = [replace(one, name=b"x%d.npy" % k) for k in range(40)]
    again = [replace(member, offset=200) for member in many]
    return {
        "zip: a bomb": (with_x(packed, **bomb), "as in a zip bomb"),
        "zip: a bomb that promises less": (with_x(packed, **{**bomb, "size": 176}), "Bad CRC-32"),
        "zip: a bomb behind a right header": (
            with_x(deflated(described(body=bytes(64 << 20))), method=8, size=len(described()), crc=0),
            "cannot be read",
        ),
        "zip: bombs in a row": (zipped([GOOD_Y, *many, one]), "as in a zip bomb"),
        "zip: one bomb under many names": (zipped([GOOD_Y, one, *again]), "its arrays overlap"),
        "zip: a bomb in a bomb": (with_x(deflated(packed * 9), method=8, size=9 * len(packed), crc=0), "header"),
        "zip: overlapping arrays": (zipped([GOOD_Y, Member(b"x.npy", x), Member(b"z", x, offset=0)]), "arrays overlap"),
        "zip: path traversal": (zipped([GOOD_Y, Member(b"x.npy", x), Member(b"../../x.npy", x)]), ""),
        "zip: an absolute path": (zipped([GOOD_Y, Member(b"x.npy", x), Member(b"/tmp/x.npy", x)]), ""),
        "zip: only a path traversal": (zipped([GOOD_Y, Member(b"../x.npy", x)]), "has no array `x`"),
        "zip: a symlink": (with_x(b"/etc/passwd", mode=0o120777), "its header cannot be read"),
        "zip: a folder": (zipped([GOOD_Y, Member(b"x.npy/", b"", mode=0o040755)]), "has no array `x`"),
        "zip: two arrays of one name": (zipped([GOOD_Y, *[Member(b"x.npy", x)] * 2]), 'two arrays are named "x"'),
        "zip: another name before the data": (with_x(x, local_name=b"z.npy"), "cannot be read (File name in directory"),
        "zip: a name with NUL": (zipped([GOOD_Y, Member(b"x.npy\0.py", x)]), ""),
        "zip: encrypted": (with_x(x, flags=1), foreign),
        "zip: LZMA": (with_x(x, method=14), foreign),
        "zip: compression 99": (with_x(x, method=99), foreign),
        "zip: a size of 2^32 - 1": (with_x(x, size=2**32 - 2, packed=2**32 - 2), "x.npz: "),
        "zip: a size of 2^63": (with_x(x, size=2**32 - 1, packed=2**32 - 1, central_extra=zip64), "x.npz: "),
        "zip: a wrong sum": (with_x(x, crc=1), "cannot be read (Bad CRC-32"),
        "zip: cut data": (with_x(x, size=len(x) + 8, packed=len(x) + 8), "Bad CRC-32"),
        "zip: an offset beyond the file": (zipped([GOOD_Y, Member(b"x.npy", x, offset=2**31)]), "its arrays overlap"),
        "zip: damaged deflate": (with_x(b"\xff" * 60, method=8, size=len(x), crc=0), "its header cannot be read"),
        "zip: no archive": (b"\x80\x04cos\nsystem\n", unreadable),
        "zip: nothing": (b"", unreadable),
        "zip: a directory without files": (zipped([]), "has no array `x`"),
        "zip: something before it": (zipped([GOOD_Y, Member(b"x.npy", x)], prefix=b"#!/bin/sh\n"), ""),
        "zip: a script beside the arrays": (zipped([GOOD_Y, Member(b"x.npy", x), Member(b"setup.py", b"1 / 0")]), ""),
    }  # fmt: skip


def crossed() -> bytes:
    """An archive that is right as a zip, of arrays that NumPy wrote, for what reading must give."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy(np.arange(12.0).reshape(4, 3)))
        archive.writestr("y.npy", npy(Y))
    return buffer.getvalue()


def cases() -> dict[str, Case]:
    return {**type_cases(), **header_cases(), **zip_cases(), "right": (crossed(), "")}
