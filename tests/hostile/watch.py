"""A process of its own that reads hostile files under an audit hook, and says of each what came of it.

    python -m hostile.watch FOLDER

FOLDER holds `good.dslm`, `good.npz`, `reader.dsl` (which reads an npz) and the hostile files. The good ones are read
before the hook is set, so that every module is there that reading needs. Stdout is one JSON object: file -> outcome
(`read`, `refused`, `crash`), message, events that no reading may cause, and bytes that the peak of memory grew by.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import dslc

RUNS = ("exec", "compile", "import", "marshal.loads", "pickle.find_class", "code.__new__", "function.__new__")
LEAVES = ("os.", "subprocess.", "shutil.", "socket.", "tempfile.", "ctypes.", "urllib.", "webbrowser.", "pty.")
HARMLESS = {"os.listdir", "os.scandir"}
STATUS = Path("/proc/self/status")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Hook:
    """Collects the events of interest while `watched` is set."""

    def __init__(self, package: Path) -> None:
        self.watched: Path | None = None
        self.package = str(package)
        self.events: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.watched is None:
            return
        if event == "open":
            path, _, flags = arguments
            written = isinstance(flags, int) and flags & WRITING
            known = isinstance(path, str | Path) and str(path).startswith((self.package, str(self.watched.parent)))
            if written or not known:
                self.events.append(f"open {path!r} {'to write' if written else 'to read'}")
        elif event in RUNS or (event.startswith(LEAVES) and event not in HARMLESS):
            self.events.append(f"{event} {str(arguments)[:200]}")


def memory(kind: str) -> int:
    """Bytes of resident memory: `VmRSS` now, `VmHWM` at most since `forget_peak`; at most since the start elsewhere."""
    if not STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in STATUS.read_text("utf-8").splitlines() if line.startswith(kind))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    if STATUS.exists():
        STATUS.with_name("clear_refs").write_text("5", "utf-8")


def outcome(path: Path) -> tuple[str, str]:
    try:
        if path.suffix == ".dslm":
            dslc.load(path, backend="reference")
        else:
            dslc.compile(path.parent / "reader.dsl", backend="reference", data=path)
    except (dslc.DataError, dslc.ModelError, MemoryError) as error:
        return "refused", str(error)
    except BaseException as error:
        return "crash", f"{type(error).__name__}: {error}"
    return "read", ""


def main(folder: Path) -> None:
    for good in ("good.dslm", "good.npz"):
        assert outcome(folder / good) == ("read", "")
    hook = Hook(Path(dslc.__file__).parents[1])
    sys.addaudithook(hook)
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".dslm", ".npz"):
            continue
        forget_peak()
        before = memory("VmRSS")
        hook.events, hook.watched = [], path
        ended, message = outcome(path)
        hook.watched = None
        found[path.name] = {
            "outcome": ended,
            "message": message,
            "events": hook.events,
            "grown": memory("VmHWM") - before,
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
