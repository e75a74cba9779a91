"""Archives: what was written comes back, and nothing that was changed afterwards does."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.diagnostics import DataError
from dslc.runtime.archive import packed, read_archive, write_archive

ENTRIES = {"model.dsl": b"net { x }\n", "weights": bytes(range(256)) * 4, "empty": b""}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.dslm"
    write_archive(path, ENTRIES)
    assert read_archive(path) == ENTRIES
    assert [item.name for item in tmp_path.iterdir()] == ["a.dslm"]


def test_equal_entries_give_equal_bytes() -> None:
    assert packed(ENTRIES) == packed(dict(ENTRIES))


def test_entries_of_many_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As zipfile writes what needs sizes of 64 bits, from 600 bytes on."""
    usual = packed(ENTRIES)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 600)
    large = packed(ENTRIES)
    monkeypatch.undo()
    assert len(large) > len(usual)
    (tmp_path / "a.dslm").write_bytes(large)
    assert read_archive(tmp_path / "a.dslm") == ENTRIES
    draw = random.Random(3)
    for at in draw.sample(range(len(large)), 300):
        damaged(tmp_path, large[:at] + bytes((large[at] ^ 4,)) + large[at + 1 :])


def damaged(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "a.dslm"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_archive(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def flip(tmp_path: Path, count: int) -> None:
    content, draw = packed(ENTRIES), random.Random(7)
    for _ in range(count):
        changed = bytearray(content)
        changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        damaged(tmp_path, bytes(changed))
    for _ in range(count // 4):
        damaged(tmp_path, content[: draw.randrange(len(content))])


def test_every_flip_and_every_truncation_is_found(tmp_path: Path) -> None:
    flip(tmp_path, 400)


@pytest.mark.slow
def test_ten_thousand_flips_are_found(tmp_path: Path) -> None:
    flip(tmp_path, 10_000)


def test_the_damaged_entry_is_named(tmp_path: Path) -> None:
    content = packed(ENTRIES)
    at = content.index(ENTRIES["weights"]) + 100
    assert "damaged" in damaged(tmp_path, content[:at] + b"\xff" + content[at + 1 :])


def hostile(build: Callable[[zipfile.ZipFile], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        build(archive)
        archive.comment = b"dslm sha256 " + b"0" * 64
    return buffer.getvalue()


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("weights", b"\0" * 50_000_000, zipfile.ZIP_DEFLATED)


def outside(archive: zipfile.ZipFile) -> None:
    archive.writestr("../../escaped", b"x")


def without_manifest(archive: zipfile.ZipFile) -> None:
    archive.writestr("model.dsl", b"x")


def strange_manifest(archive: zipfile.ZipFile) -> None:
    archive.writestr("manifest.json", b"[" * 100_000)


def later_version(archive: zipfile.ZipFile) -> None:
    archive.writestr("manifest.json", b'{"format": "dslm", "version": 99, "entries": {}}')


@pytest.mark.parametrize("build", [bomb, outside, without_manifest, strange_manifest, later_version])
def test_hostile_archives_are_refused(build: Callable[[zipfile.ZipFile], None], tmp_path: Path) -> None:
    damaged(tmp_path, hostile(build))
    assert [item.name for item in tmp_path.iterdir()] == ["a.dslm"]


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04cposix\nsystem\n", b"x" * 1000])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "not a model file" in damaged(tmp_path, content)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.dslm"
    write_archive(path, ENTRIES)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_archive(path, {"model.dsl": b"new"})
    monkeypatch.undo()
    assert read_archive(path) == ENTRIES
    assert [item.name for item in tmp_path.iterdir()] == ["a.dslm"]
