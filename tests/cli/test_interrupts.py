"""The first signal asks the loop to stop, the second kills; the exit code says which signal it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from dslc.cli.interrupts import Interrupts

WAIT = """
import time
from dslc.cli.interrupts import Interrupts
with Interrupts(lambda: None):
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_asks_to_stop(number: signal.Signals, code: int) -> None:
    asked: list[bool] = []
    before = signal.getsignal(number)
    with Interrupts(lambda: asked.append(True)) as interrupts:
        os.kill(os.getpid(), number)
        time.sleep(0.01)
    assert asked == [True]
    assert interrupts.received == number
    assert interrupts.code == code
    assert signal.getsignal(number) == before


def test_the_second_signal_kills() -> None:
    with subprocess.Popen([sys.executable, "-c", WAIT], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130


ENDED = """
import time
from dslc.cli import main
def verb(arguments):
    try:
        exec("print('ready', flush=True)\\nwhile True: time.sleep(0.01)")
    except BaseException as error:
        return main.ending(error)
main.run = verb
main.main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_outside_the_loop_ends_with_its_code(number: signal.Signals, code: int) -> None:
    with subprocess.Popen([sys.executable, "-c", ENDED], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(5) == code
        assert process.stderr and b"Traceback" not in process.stderr.read()
