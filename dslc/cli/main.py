"""`dslc`: finds the verb, runs it, and turns whatever it raises into a message and an exit code.

Facts go to stdout, everything else to stderr. A verb is a module of this package with a click command named
`command`; it is imported only when it is used, so that `dslc --help` loads none of them.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import TextIO

import click

import dslc
from dslc.cli.exits import Exit, ending, say
from dslc.cli.interrupts import INTERRUPTS, SIGNALS
from dslc.diagnostics import DataWarning, did_you_mean

VERBS: Mapping[str, str] = {
    "bench": "Measure training steps, compile time and memory.",
    "cache": "Look after the compiled objects that are kept on disk.",
    "check": "Find errors and warnings in model files.",
    "data": "Show what the data hold and how they are prepared.",
    "eval": "Measure a saved model on data.",
    "explain": "Say what an error code means.",
    "fmt": "Write model files in the one layout.",
    "generate": "Go on from a prompt with a net trained on a text.",
    "info": "Say what dslc finds here: versions, processor, backends, cache.",
    "new": "Write a folder with a model file that trains at once.",
    "plan": "List layers, parameters, operations and exact memory.",
    "predict": "Predict the rows of a file with a saved model.",
    "show": "Print any stage of the compiler, or a definition.",
    "train": "Compile a model file and train it on its data.",
}


COMPLETION = "_DSLC_COMPLETE"
"""Set by a shell that completes words: `eval "$(_DSLC_COMPLETE=bash_source dslc)"`, or zsh_source or fish_source."""


class Verbs(click.Group):
    """A group whose commands are modules, named in `VERBS`."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = import_module(f"dslc.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            raise click.UsageError(f"no verb `{args[0]}`{did_you_mean(args[0], VERBS)}", context)
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"dslc {dslc.__version__}")
        context.exit()


@click.group(
    cls=Verbs,
    help="Compile model files into training programs and run them.",
    epilog="`dslc VERB --help` says what a verb takes.",
    subcommand_metavar="VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def group() -> None:
    """Nothing of its own: see `VERBS`."""


def run(arguments: list[str]) -> int:
    """The exit code of `dslc ARGUMENTS`."""
    try:
        # Not `group.main`, whose own answers to Ctrl-C and to a closed pipe are others than `ending` has.
        with group.make_context("dslc", list(arguments)) as context:
            code = group.invoke(context)
        sys.stdout.flush()
        return code if isinstance(code, int) else Exit.OK
    except BaseException as error:
        return ending(error)


def _open_what_is_closed() -> None:
    """Standard streams that the caller closed lead nowhere; else the next file opened would take their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning of Python's in the command line's words, without the place in dslc's sources."""
    say(f"{'note' if issubclass(category, DataWarning) else 'warning'}: {message}")


def main() -> None:
    """The `dslc` command."""
    _open_what_is_closed()
    warnings.showwarning = _say_warning
    warnings.simplefilter("once", DataWarning)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    INTERRUPTS.watch()
    if COMPLETION in os.environ:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(group, {}, "dslc", COMPLETION, os.environ[COMPLETION]))
    code = run(sys.argv[1:])
    for number in SIGNALS:  # the result is out, and nobody would answer in Python's own shutdown
        signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


if __name__ == "__main__":
    main()
