"""A damaged model file is never read as if it were whole: the file is named, and the entry or tensor that is not
as it was written.
"""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.diagnostics import DataError
from dslc.runtime.tensor_file import places_in
from dslc.saved import WEIGHTS, read_saved

TEXT = """
data { input x: [5]; target y: class(3); scale zscore }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam(1e-2); batch 16; epochs 2; seed 3; watch accuracy }
"""

SAMPLE = 600


@dataclass(frozen=True, slots=True)
class Written:
    """A model file's bytes, and what each byte belongs to: an entry, or a tensor of one."""

    content: bytes
    owners: tuple[str, ...]


def written(folder: Path) -> Written:
    draw = np.random.default_rng(5)
    x = draw.normal(3, 2, (70, 5))
    model = dslc.compile(text=TEXT, backend="reference")
    model.fit(x, np.argmax(x[:, :3], axis=1))
    path = folder / "whole.dslm"
    model.save(path)
    content = path.read_bytes()
    owners = [""] * len(content)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            begin = member.header_offset + 30 + len(member.filename)
            owners[begin : begin + member.file_size] = [member.filename] * member.file_size
            if member.filename == WEIGHTS:
                for name, place in places_in(archive.read(member), WEIGHTS).items():
                    owners[begin + place.start : begin + place.start + place.bytes] = [name] * place.bytes
    return Written(content, tuple(owners))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return written(tmp_path_factory.mktemp("whole"))


def told(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_saved(path)
    message = str(caught.value)
    assert message.startswith(f"`{path}` ") and "\n" not in message and len(message) < len(str(path)) + 300
    return message


def check_flips(whole: Written, path: Path, count: int) -> None:
    """Single bits and whole bytes. What is in an entry, but for the list of sums itself, is told by its name."""
    draw = random.Random(11)
    for number in range(count):
        at = draw.randrange(len(whole.content))
        changed = bytearray(whole.content)
        changed[at] ^= 1 << draw.randrange(8) if number % 3 else draw.randrange(1, 256)
        message = told(path, bytes(changed))
        owner = whole.owners[at]
        if owner and owner != "manifest.json":
            assert f"`{owner}` in `{WEIGHTS}` is not as" in message or f": `{owner}` is not as" in message, at


def check_cuts(whole: Written, path: Path, count: int) -> None:
    """The end, a stretch, or a few bytes are missing, doubled, zero, or exchanged with another stretch."""
    draw = random.Random(12)
    content = whole.content
    for number in range(count):
        first, last = sorted(draw.sample(range(len(content) + 1), 2))
        length = min(draw.choice((1, 7, 64, 512)), last - first)
        cut = content[first : first + length]
        changed = (
            content[:first],
            content[:first] + content[first + length :],
            content[: first + length] + cut + content[first + length :],
            content[:first] + bytes(length) + content[first + length :],
            content[:first] + content[last - length : last] + content[first + length :],
            content + cut,
        )[number % 6]
        if changed != content:
            told(path, changed)


def test_every_flip_is_found_and_named(whole: Written, tmp_path: Path) -> None:
    check_flips(whole, tmp_path / "m.dslm", SAMPLE)


def test_every_truncation_is_found(whole: Written, tmp_path: Path) -> None:
    check_cuts(whole, tmp_path / "m.dslm", SAMPLE // 2)


@pytest.mark.slow
def test_ten_thousand_flips_and_truncations(whole: Written, tmp_path: Path) -> None:
    check_flips(whole, tmp_path / "m.dslm", 10_000)
    check_cuts(whole, tmp_path / "m.dslm", 10_000)


def test_every_prefix_is_no_model_file(whole: Written, tmp_path: Path) -> None:
    for end in (*range(0, 200), *range(len(whole.content) - 200, len(whole.content))):
        told(tmp_path / "m.dslm", whole.content[:end])
