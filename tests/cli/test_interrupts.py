"""A signal is answered within a second, whatever the process is doing, and the exit code says which one it was."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXITS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
DIGITS = Path(__file__).parents[2] / "models" / "digits.dsl"
SECOND = 1.0
"""Reliability's figure: what a signal may take."""

LOOPING = """
import time
from dslc.cli.interrupts import INTERRUPTS
INTERRUPTS.watch()
asked = []
def ask():
    print("asked", flush=True)
    asked.append(True)
with INTERRUPTS.asking(ask):
    print("ready", flush=True)
    while not asked or {kill}:
        time.sleep(0.01)
    raise SystemExit(INTERRUPTS.code)
"""

SWALLOWING = """
import weakref
from dslc.cli.interrupts import INTERRUPTS
INTERRUPTS.watch()
class Thing:
    pass
print("ready", flush=True)
while True:  # what a handler raises in such a callback is lost
    thing = Thing()
    reference = weakref.ref(thing, lambda _: sum(range(2000)))
    del thing
"""

WRITING = """
import os, sys, time
from pathlib import Path
from dslc.cli.interrupts import INTERRUPTS
from dslc.runtime.files import write_atomically
INTERRUPTS.watch()
sync = os.fsync
def slow(handle):
    print("ready", flush=True)
    time.sleep(float(sys.argv[2]))
    sync(handle)
os.fsync = slow
write_atomically(Path(sys.argv[1]), b"whole")
time.sleep(60)
"""


def started(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """The script in a process of its own that has said `ready`."""
    command = [sys.executable, "-c", script, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize(("number", "code"), EXITS)
def test_the_first_signal_asks_a_loop_to_stop(number: signal.Signals, code: int) -> None:
    process = started(LOOPING.format(kill=False))
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert (process.returncode, out) == (code, b"asked\n")
    assert b"once more to kill" in err


def test_the_second_signal_kills() -> None:
    process = started(LOOPING.format(kill=True))
    process.send_signal(signal.SIGINT)
    assert process.stdout and process.stdout.readline() == b"asked\n"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143


@pytest.mark.parametrize(("number", "code"), EXITS)
def test_no_callback_swallows_a_signal(number: signal.Signals, code: int) -> None:
    process = started(SWALLOWING)
    process.send_signal(number)
    _, err = process.communicate(timeout=5)
    assert process.returncode == code
    assert err.split() in ([b"interrupted"], [b"terminated"])


@pytest.mark.parametrize(("takes", "left"), [(0.1, ["file"]), (30, [])])
def test_a_file_being_written_is_finished_or_taken_away(takes: float, left: list[str], tmp_path: Path) -> None:
    process = started(WRITING, str(tmp_path / "file"), str(takes))
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143
    assert sorted(os.listdir(tmp_path)) == left


def endless(folder: Path) -> Path:
    """The digits, which by themselves stop within a tenth of a second."""
    path = folder / "digits.dsl"
    path.write_text(DIGITS.read_text("utf-8").replace("stalls 10 epochs", "stalls 900000 epochs"), "utf-8")
    (folder / "data").mkdir()
    shutil.copy(DIGITS.parent / "data" / "digits.npz", folder / "data")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("store", ["cold", "warm"])
def test_training_ends_within_a_second_at_any_instant(store: str, tmp_path: Path) -> None:
    """Import, compile, training, validation; the run that training was asked to end is whole."""
    instants, digits = random.Random(17), endless(tmp_path)
    verb = [sys.executable, "-m", "dslc.cli.start", "train", str(digits), "--epochs", "1000000"]
    for k in range(50):
        cache = tmp_path / (f"cache{k}" if store == "cold" else "cache")
        number, code = instants.choice(EXITS)
        environment = {**os.environ, "DSLC_CACHE": str(cache)}
        run = [*verb, "--out", str(tmp_path / f"run{k}")]
        process = subprocess.Popen(run, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
        time.sleep(instants.uniform(0, 5 if store == "cold" else 1.5))
        sent = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - sent < SECOND, err
        # Before Python has reached dslc's first line, the signal itself ends the process.
        assert process.returncode in (code, -number), err
        assert b"Exception ignored" not in err
        assert process.returncode < 0 or b"Traceback" not in err
        if (tmp_path / f"run{k}").exists():
            assert (tmp_path / f"run{k}" / "report.html").exists()
            assert not list((tmp_path / f"run{k}").glob(".*"))
