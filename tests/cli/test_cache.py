"""`dslc cache`: it tells what the store holds and removes nothing but the store's own, whoever else is at work."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from dslc.backends.cpu import kept, store

from dslc.cli.main import run
from dslc.cli.stores import span

PAYLOAD = b"\x7fELF" + bytes(200)


def key(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSLC_CACHE", str(tmp_path / "cache"))
    store._warn.cache_clear()
    return tmp_path / "cache" / "objects"


@pytest.fixture
def full(folder: Path) -> Path:
    """Four objects, one of them damaged and one ten days old; a file half-written, one left over, four foreign ones."""
    for number in range(4):
        store.save(key(number), PAYLOAD)
    damaged = folder / key(1)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    written_ago(folder / key(2), 10 * 86_400)
    (folder / ".abc_1.part").write_bytes(b"dslc")
    (folder / ".abc_2.part").write_bytes(b"dslc")
    written_ago(folder / ".abc_2.part", 3600)
    (folder / "notes.txt").write_bytes(b"mine")
    (folder / key(50)).write_bytes(b"another's object")
    (folder / key(51)).symlink_to(folder / key(0))
    (folder / key(52)).mkdir()
    return folder


def written_ago(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


OWN = {key(0), key(1), key(2), key(3), ".abc_2.part"}
OTHERS = {".abc_1.part", "notes.txt", key(50), key(51), key(52)}


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert run(["cache", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_folder_is_named_and_not_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cache", "dir"]) == 0
    assert capsys.readouterr().out == f"{folder}\n"
    assert shown(capsys, "dir") == {"schema": 1, "folders": {"cpu": str(folder)}}
    assert shown(capsys, "info")["stores"][0]["entries"] == 0
    assert shown(capsys, "clean")["removed"] == 0
    assert not folder.exists()


def test_every_file_is_told_apart(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = shown(capsys, "info")["stores"]
    assert record["bytes"] == 3 * (full / key(0)).stat().st_size
    counts = {name: record[name] for name in ("entries", "damaged", "unfinished", "left_over", "foreign")}
    assert counts == {"entries": 3, "damaged": 1, "unfinished": 1, "left_over": 1, "foreign": 4}
    assert 864_000 <= record["oldest_seconds"] < 864_100
    assert 0 <= record["newest_seconds"] < 100
    assert run(["cache", "info"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("objects     3 files, ")
    assert "oldest      10 days ago" in out


def test_clean_removes_the_stores_own_and_nothing_else(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert names(full) == OWN | OTHERS
    assert run(["cache", "clean"]) == 0
    out = capsys.readouterr().out
    assert names(full) == OTHERS
    assert out.splitlines()[0].startswith("removed 5 files, ")
    assert out.splitlines()[1].startswith("left alone, as not the store's own: 4 files, ")
    assert (full / key(51)).is_symlink()
    assert shown(capsys, "clean")["removed"] == 0


def test_clean_keeps_what_is_younger(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = shown(capsys, "clean", "--older-than", "9d")
    assert names(full) == OTHERS | {key(0), key(3)}
    assert (record["removed"], record["dry_run"], record["foreign"]) == (3, False, 4)
    assert record["bytes"] > 2 * len(PAYLOAD)


def test_a_dry_run_says_the_same_and_removes_nothing(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dry = shown(capsys, "clean", "--older-than", "9d", "--dry-run")
    assert names(full) == OWN | OTHERS
    assert run(["cache", "clean", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("would remove 5 files, ")
    wet = shown(capsys, "clean", "--older-than", "9d")
    assert dry == wet | {"dry_run": True}


def test_nothing_is_removed_where_others_may_write(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full.chmod(0o777)
    assert run(["cache", "clean"]) == 2
    assert "others may write there, so nothing is removed" in capsys.readouterr().err
    assert names(full) == OWN | OTHERS


def test_a_file_that_cannot_be_removed_is_an_error(
    full: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(kept.os, "unlink", refuse)
    assert run(["cache", "clean"]) == 2
    assert "operation not permitted" in capsys.readouterr().err


def test_what_went_away_meanwhile_is_no_error(full: Path) -> None:
    found = kept.ObjectStore().survey()
    (gone,) = [one for one in found if one.name == key(0)]
    assert kept.ObjectStore().remove(gone)
    assert not kept.ObjectStore().remove(gone)


WRITER = """
import sys, warnings
from dslc.backends.cpu import store
warnings.simplefilter("error")
print("begun", flush=True)
for turn in range(400):
    name, payload = f"{turn % 7:064x}", bytes([turn % 251]) * 5000
    store.save(name, payload)
    found = store.load(name)
    assert found is None or len(found) == 5000 and set(found) < set(range(251)), turn
"""


def test_it_is_safe_while_other_processes_compile(folder: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
    removed = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        while any(writer.poll() is None for writer in writers):
            for one in kept.ObjectStore().survey():
                assert one.state in (kept.State.SOUND, kept.State.UNFINISHED)
                removed += one.state is kept.State.SOUND and kept.ObjectStore().remove(one)
    assert [writer.wait() for writer in writers] == [0, 0]
    assert removed > 0
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "a second"), (90, "90 seconds"), (7200, "2 hours"), (8e7, "132 weeks")]
)
def test_a_span_has_one_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text
