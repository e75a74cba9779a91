"""The `dslc` command's first step: until the command line can answer a signal, Ctrl-C ends the process without a word.

Python's own answer is a traceback; here nothing is done yet that could be lost. Hence nothing is imported above.
"""

import signal


def main() -> None:
    """The `dslc` command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dslc.cli.main import main

    main()


if __name__ == "__main__":
    main()
