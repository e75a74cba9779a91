"""Hostile files: every one is refused with a place and a reason, nothing of it runs, nothing is written anywhere,
and memory grows by less than the file and 64 MB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from . import archives, bases, contents
from .model_files import array_model, entries_of, table_model, zip_cases

TESTS = Path(__file__).resolve().parents[1]
ROOM = 64 << 20

READER = """
data { npz "x.npz" { x = x; y = y }; target y }
net { x | dense(outputs) }
loss squared_error
"""

Found: TypeAlias = dict[str, dict[str, Any]]


def watched(folder: Path) -> Found:
    """What tests/hostile/watch.py says of the files in the folder."""
    np.savez(folder / "good.npz", x=np.arange(12.0).reshape(4, 3), y=np.arange(4.0))
    (folder / "reader.dsl").write_text(READER, "utf-8")
    run = [sys.executable, "-m", "hostile.watch", str(folder)]
    result = subprocess.run(run, cwd=TESTS, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found: Found = json.loads(result.stdout)
    for name, facts in found.items():
        facts["size"] = (folder / name).stat().st_size
        (folder / name).unlink()  # some are large
    return found


def assert_harmless(found: Found, names: dict[str, str]) -> None:
    events = {names.get(name, name): facts["events"] for name, facts in found.items() if facts["events"]}
    assert not events
    grown = {names.get(name, name): facts["grown"] - facts["size"] for name, facts in found.items()}
    assert {name: more for name, more in grown.items() if more > ROOM} == {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def test_hostile_model_files_are_refused_and_nothing_happens(folder: Path) -> None:
    table, arrays = entries_of(table_model(folder)), entries_of(array_model(folder))
    cases = {
        **zip_cases(table),
        **contents.fact_cases(arrays),
        **contents.column_cases(table),
        **contents.preparation_cases(table),
        **contents.history_cases(table),
        **contents.text_cases(table, arrays),
        **contents.tensor_cases(arrays),
    }
    loading = entries_of(bases.loading_model(folder))
    cases |= bases.base_cases(loading, arrays)
    assert len(cases) > 130
    (folder / "rows.csv").unlink()
    for number, (content, _) in enumerate(cases.values()):
        (folder / f"{number}.dslm").write_bytes(content)
    before = {path.name for path in folder.iterdir()}
    found = watched(folder)
    assert {path.name for path in folder.iterdir()} == before - found.keys() | {"reader.dsl"}
    assert_harmless(found, {f"{number}.dslm": name for number, name in enumerate(cases)})
    wrong = {}
    for number, (name, (_, reason)) in enumerate(cases.items()):
        facts = found[f"{number}.dslm"]
        told = facts["message"].startswith(f"`{folder / f'{number}.dslm'}`")
        if facts["outcome"] != "refused" or not told or reason not in facts["message"]:
            wrong[name] = (reason, facts["outcome"], facts["message"][:200])
    assert not wrong, "\n".join(f"{name}: {why}" for name, why in wrong.items())


def test_hostile_archives_are_refused_or_read_right_and_nothing_happens(tmp_path: Path) -> None:
    cases = archives.cases()
    table_model(tmp_path)
    assert len(cases) > 60
    for number, (content, _) in enumerate(cases.values()):
        (tmp_path / f"{number}.npz").write_bytes(content)
    before = {path.name for path in tmp_path.iterdir()}
    found = watched(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before - found.keys() | {"reader.dsl"}
    assert_harmless(found, {f"{number}.npz": name for number, name in enumerate(cases)})
    wrong = {}
    for number, (name, (_, reason)) in enumerate(cases.items()):
        facts = found[f"{number}.npz"]
        told = f"{number}.npz" in facts["message"] and reason.replace("x.npz", f"{number}.npz") in facts["message"]
        right = facts["outcome"] == "refused" and told if reason else facts["outcome"] == "read"
        if not right:
            wrong[name] = (reason, facts["outcome"], facts["message"][:300])
    assert not wrong, "\n".join(f"{name}: {why}" for name, why in wrong.items())


CANARY = """
import sys
from pathlib import Path
import dslc
from hostile.watch import Hook
folder = Path(sys.argv[1])
hook = Hook(Path(dslc.__file__).parents[1])
sys.addaudithook(hook)
hook.watched = folder / "x.npz"
exec("1")
import colorsys
open(folder.parent / "escaped", "w").close()
open("/etc/hostname").close()
hook.watched = None
print([event.split()[0] for event in hook.events])
"""


def test_the_watcher_sees_code_that_runs_and_files_that_are_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    run = [sys.executable, "-c", CANARY, str(tmp_path / "in")]
    result = subprocess.run(run, cwd=TESTS, capture_output=True, text=True, check=True)
    seen = result.stdout
    assert all(f"'{event}'" in seen for event in ("compile", "exec", "import", "open")), seen
    assert seen.count("'open'") >= 2
