"""What a program's verifier refuses. Never a user's fault."""

from __future__ import annotations


class BrokenProgram(AssertionError):
    """A program that a stage built wrongly: a bug in dslc; the message names the entry, phase and call."""
