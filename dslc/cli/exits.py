"""Exit codes, and how each way of ending reads on stderr.

No traceback reaches the user: what dslc did not foresee is called a bug in dslc, and its traceback is written to
a crash file in the temporary folder.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from contextlib import suppress
from enum import IntEnum

import click

from dslc.cli.findings_text import painted
from dslc.diagnostics import BackendUnavailable, DataError, ModelError, TrainingDiverged


class Exit(IntEnum):
    OK = 0
    FINDINGS = 1  # findings, or a threshold missed
    BAD_INPUT = 2  # usage, file, model or data
    DIVERGED = 3
    NO_BACKEND = 4
    INTERNAL = 101
    INTERRUPTED = 130


def say(message: str) -> None:
    """One line to stderr; that nobody reads there is no reason to end."""
    with suppress(OSError):
        click.echo(message, err=True)


def ending(error: BaseException) -> int:
    """Prints why a verb ended and returns its exit code."""
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else Exit.OK
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            if isinstance(error, click.UsageError) and error.ctx is not None:
                say(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help'.\n")
            say(f"error: {error.format_message()}")
            return Exit.BAD_INPUT
        case KeyboardInterrupt() | click.Abort():
            say("interrupted")
            return Exit.INTERRUPTED
        case BrokenPipeError():
            # The reader has seen enough; Python would flush stdout once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.OK
        case ModelError():
            click.echo(painted(error.diagnostics), err=True)
            return Exit.BAD_INPUT
        case DataError() | TrainingDiverged() | BackendUnavailable() | OSError() | MemoryError():
            say(f"error: {_in_one_line(_reason(error))}")
            return _code(error)
        case _:
            return _crash(error)


def _code(error: DataError | TrainingDiverged | BackendUnavailable | OSError | MemoryError) -> Exit:
    match error:
        case TrainingDiverged():
            return Exit.DIVERGED
        case BackendUnavailable():
            return Exit.NO_BACKEND
        case _:
            return Exit.BAD_INPUT


def _reason(error: BaseException) -> str:
    match error:
        case OSError(strerror=str(reason), filename=str(path)):
            return f"`{path}`: {reason.lower()}"
        case OSError(strerror=str(reason)):
            return reason.lower()
        case MemoryError():
            return f"out of memory{f': {error}' if str(error) else ''}"
        case _:
            return str(error)


LONGEST = 2000
"""Characters of a reason that are shown: a cell of a table, or a name in an archive, may be of any length."""


def _in_one_line(text: str) -> str:
    """The text with what a terminal would obey spelt out."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:LONGEST])
    return shown + " ..." * (len(text) > LONGEST)


def _crash(error: BaseException) -> Exit:
    """Writes the traceback to a file of its own, which only the user may read, and names it."""
    say(f"internal error: {type(error).__name__}: {_in_one_line(str(error))}")
    try:
        handle, path = tempfile.mkstemp(prefix="dslc-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"dslc {' '.join(sys.argv[1:])}\nPython {platform.python_version()}, {platform.platform()}\n\n")
            file.write("".join(traceback.format_exception(error)))
        say(f"this is a bug in dslc; please report it with the file {path}")
    except OSError as fault:
        say(f"this is a bug in dslc (no crash file could be written: {fault.strerror})")
    return Exit.INTERNAL
