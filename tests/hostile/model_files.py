"""Model files that somebody made to do harm: zips that lie, and right zips whose contents lie with right sums.

Each case is the file's bytes and what the refusal must say.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import dslc
from dslc.runtime.archive import COMMENT, MANIFEST, digest, packed, read_archive

from .zips import Member, zipped

Case: TypeAlias = tuple[bytes, str]
Entries: TypeAlias = dict[str, bytes]

TABLE = """
data {
  csv "rows.csv"; target y positive "yes"; column twice = 2 * age
  missing median with flag; scale zscore; class_weight balanced; split 70/30
}
net { inputs | dense(4) | relu | dense(outputs) }
loss cross_entropy
train { adam(1e-2); batch 16; epochs 1; seed 3; watch accuracy }
"""
ARRAYS = """
data { input x: [5]; target y: class(3); scale zscore }
net { x | dense(4) | relu | dense(outputs) }
loss cross_entropy
train { adam(1e-2); batch 16; epochs 1; seed 3; watch accuracy }
"""


def table_model(folder: Path) -> Path:
    """A trained model of a table with numbers, categories, truth values and gaps."""
    draw = np.random.default_rng(1)
    lines = ["age,kind,flag,y"]
    for k in range(60):
        age = "" if k % 7 == 0 else f"{draw.normal(40, 9):.3f}"
        lines.append(f"{age},{draw.choice(['red', 'blue'])},{'true' if k % 3 else 'false'},{'yes' if k % 2 else 'no'}")
    (folder / "rows.csv").write_text("\n".join(lines), "utf-8")
    (folder / "table.dsl").write_text(TABLE, "utf-8")
    model = dslc.compile(folder / "table.dsl", backend="reference")
    model.fit()
    model.save(folder / "good.dslm")
    return folder / "good.dslm"


def array_model(folder: Path) -> Path:
    model = dslc.compile(text=ARRAYS, backend="reference")
    x = np.random.default_rng(0).normal(3, 2, (40, 5))
    model.fit(x, np.argmax(x[:, :3], 1))
    model.save(folder / "arrays.dslm")
    return folder / "arrays.dslm"


def entries_of(path: Path) -> Entries:
    return {name: bytes(content) for name, content in read_archive(path).items()}


def sealed(content: bytes) -> bytes:
    """A zip whose comment says rightly what its bytes sum to."""
    content = content[: -len(COMMENT)] + COMMENT if content.endswith(COMMENT) else content
    return content + digest(content).encode()


def stored(members: list[Member], **options: Any) -> bytes:
    """The members as a zip with a right sum at its end."""
    return sealed(zipped(members, comment=COMMENT + b"0" * 64, **options)[:-64])


def members_of(entries: Entries, manifest: bytes | None = None) -> list[Member]:
    listed = {name: {"bytes": len(content), "sha256": digest(content)} for name, content in entries.items()}
    told = json.dumps({"format": "dslm", "version": 1, "entries": listed}).encode()
    first = Member(MANIFEST.encode(), told if manifest is None else manifest)
    return [first, *(Member(name.encode(), content) for name, content in entries.items())]


def zip_cases(entries: Entries) -> dict[str, Case]:
    """The container lies."""
    good = members_of(entries)
    weights = entries["weights.safetensors"]
    evil = b"cos\nsystem\n(S'true'\ntR."

    def with_extra(**facts: Any) -> bytes:
        return stored([*good, Member(**{"name": b"extra", "content": b"x" * 40, **facts})])

    def manifest(text: bytes) -> bytes:
        return stored(members_of(entries, text))

    listed = json.dumps({"format": "dslm", "version": 1, "entries": {}}).encode()
    not_entry, damaged = "is not an entry of a model file", "`manifest.json` is not as it was written"
    zip64 = struct.pack("<HHQQ", 1, 16, 2**63, 2**63)
    return {
        "pickle": (evil, "is not a model file"),
        "pickle in a zip": (stored([Member(b"data.pkl", evil)]), damaged),
        "an entry nobody listed": (with_extra(), "`'extra'` is not both listed and there"),
        "path traversal": (with_extra(name=b"../../escaped"), "`'../../escaped'` is not both listed and there"),
        "absolute path": (with_extra(name=b"/tmp/escaped"), "is not both listed and there"),
        "a name with NUL": (with_extra(name=b"model.dsl\0.py"), not_entry),
        "a name that is no ASCII": (with_extra(name=b"\xff\xfe"), not_entry),
        "a symlink": (with_extra(content=b"/etc/passwd", mode=0o120777), "is not both listed and there"),
        "a folder": (with_extra(name=b"folder/", content=b"", mode=0o040755), "is not both listed and there"),
        "two entries of one name": (with_extra(name=b"model.dsl"), not_entry),
        "an encrypted entry": (with_extra(flags=1), not_entry),
        "sizes behind the data": (with_extra(flags=8), not_entry),
        "a deflated entry": (with_extra(method=8), not_entry),
        "another compression": (with_extra(method=14), not_entry),
        "a size beyond the file": (with_extra(size=2**31, packed=2**31), not_entry),
        "a size of -1": (with_extra(size=2**32 - 1, packed=2**32 - 1), "is "),
        "a size of 2^63": (with_extra(size=2**32 - 1, packed=2**32 - 1, central_extra=zip64), not_entry),
        "two sizes": (with_extra(packed=20), not_entry),
        "overlapping entries": (stored([*good, Member(b"again", weights, offset=0)]), not_entry),
        "an entry inside another": (stored([*good, Member(b"again", b"x", offset=60)]), not_entry),
        "another name before the data": (with_extra(local_name=b"EXTRA"), not_entry),
        "an extra field": (with_extra(extra=b"\1\0\4\0abcd", central_extra=b"\1\0\4\0abcd"), not_entry),
        "bytes before the first entry": (stored(good, prefix=b"#!/bin/sh\ntrue\n"), not_entry),
        "bytes behind the last entry": (stored(good, tail=b"hidden"), "bytes that belong to no entry"),
        "no entries": (stored([]), damaged),
        "no manifest": (stored(good[1:]), damaged),
        "an empty manifest": (manifest(b""), damaged),
        "a manifest of lists": (manifest(b"[]"), damaged),
        "a deep manifest": (manifest(b"[" * 100_000), "`manifest.json`: "),
        "a huge manifest": (manifest(b"[" + b"[]," * 5_000_000 + b"[]]"), "holds more than a model file does"),
        "a manifest of many texts": (manifest(b"[" + b'"ab",' * 3_000_000 + b'""]'), "holds more than a model file"),
        "a manifest in UTF-16": (manifest(good[0].content.decode().encode("utf-16")), "`manifest.json`: "),
        "a name twice in the manifest": (manifest(b'{"format": "dslm", "format": "dslm"}'), "'format' is given twice"),
        "a manifest that lists nothing": (manifest(listed), "is not both listed and there"),
        "a version to come": (manifest(listed.replace(b": 1,", b": 99,")), "written by a later dslc (format 99;"),
        "a version of 1e999": (manifest(listed.replace(b": 1,", b": 1e999,")), damaged),
        "a version that is text": (manifest(listed.replace(b": 1,", b': "1",')), damaged),
        "a negative version": (manifest(listed.replace(b": 1,", b": -1,")), damaged),
        "sums that are no text": (
            manifest(json.dumps({"format": "dslm", "version": 1, "entries": {name: [] for name in entries}}).encode()),
            "is not as it was written",
        ),
        "another format": (manifest(b'{"format": "zip", "version": 1, "entries": {}}'), damaged),
        "a wrong sum at the end": (stored(good)[:-1] + b"?", "but not its table of contents"),
        "an entry that is listed and absent": (stored(good[:-1]), "is not both listed and there"),
        "an entry to run": (
            packed({**entries, "setup.py": b"raise SystemExit"}),
            "`'setup.py'` is no entry of a",
        ),
    }
