"""The program's view, as one golden file: buffers, phases, and each kernel's loops once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from small_models import adam, classifier, lowered, training_step

from dslc.program.program import Element
from dslc.program.text import to_text

EXPECTED = Path(__file__).with_name("training_step.expected")


def test_a_training_step_reads_well(golden: Callable[[Path, str], None]) -> None:
    program = lowered({"train": training_step(classifier(5, 7, 3), adam)}, Element.F32)
    golden(EXPECTED, to_text(program))
