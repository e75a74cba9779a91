"""IDX files: arrays come back as they were written; what lies about itself is named, and nothing of it is allocated."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.cli.main import run
from dslc.data.idx import TYPES, array_names, read_arrays, read_headers
from dslc.data.table import Numbers
from dslc.diagnostics import DataError

CODES = {np.dtype(kind).newbyteorder("="): code for code, kind in TYPES.items()}


def packed(array: np.ndarray) -> bytes:
    head = bytes([0, 0, CODES[array.dtype], array.ndim]) + b"".join(struct.pack(">I", extent) for extent in array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def read(folder: Path, *names: str, budget: int = 1 << 20) -> dict[str, Numbers]:
    return read_arrays(folder, "mnist", read_headers(folder, "mnist", names, budget))


@pytest.mark.parametrize("kind", sorted(TYPES.values()))
@pytest.mark.parametrize("zipped", [False, True])
def test_arrays_come_back(kind: str, zipped: bool, tmp_path: Path) -> None:
    x = np.arange(-3, 21).reshape(4, 3, 2).astype(np.dtype(kind).newbyteorder("="))
    content = packed(x)
    (tmp_path / "some-idx3-ubyte").write_bytes(gzip.compress(content) if zipped else content)
    (found,) = read(tmp_path, "some").values()
    np.testing.assert_array_equal(found, x)
    assert found.dtype == x.dtype


def test_names_are_those_of_mnists_copies(tmp_path: Path) -> None:
    for file in ("train-images-idx3-ubyte.gz", "train-labels.idx1-ubyte", "t10k-images-idx3-ubyte", "README", "x.idx"):
        (tmp_path / file).write_bytes(b"")
    assert array_names(tmp_path, "mnist") == ("t10k-images", "train-images", "train-labels")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match="are both `train-images`"):
        array_names(tmp_path, "mnist")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="a folder without IDX files"):
        array_names(empty, "empty")


X = packed(np.arange(24, dtype=np.uint8).reshape(4, 6))
HUGE = b"\0\0\x08\x03" + struct.pack(">III", 2**31, 2**20, 2**20)
WRONG = {
    "truncated": (X[:-1], "its header says [4, 6] of u1, 36 bytes, and it has 35"),
    "too long": (X + b"x", "and it has 37"),
    "empty": (b"", "no IDX file"),
    "another magic": (b"\x89PNG" + X, "no IDX file"),
    "an unknown type": (b"\0\0\x0a\x01" + X[4:], "no IDX file"),
    "no axes": (b"\0\0\x08\x00" + X[4:], "no IDX file"),
    "too many axes": (b"\0\0\x08\x20" + X[4:], "no IDX file"),
    "extents cut off": (X[:9], "no IDX file"),
    "nothing in it": (b"\0\0\x08\x02" + struct.pack(">II", 4, 0), "[4, 0] holds nothing"),
    "more than there is": (HUGE, "and it has 16"),
    "a bomb": (gzip.compress(HUGE), "as in a zip bomb"),
    "a packed one truncated": (gzip.compress(X[:-1]), "it ends before all that its header declares"),
    "a packed one too long": (gzip.compress(X + b"x"), "it goes on after all that its header declares"),
    "gzip cut off": (gzip.compress(X)[:-9], "cannot be"),
    "gzip with another checksum": (gzip.compress(X)[:-8] + b"12345678", "cannot be"),
    "gzip that is none": (b"\x1f\x8bnothing", "cannot be unpacked"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_lies_is_named_and_not_allocated(name: str, tmp_path: Path) -> None:
    content, reason = WRONG[name]
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(DataError) as raised:
        read(tmp_path, "train-images", budget=1 << 40)
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()
    assert str(raised.value).startswith("mnist/train-images-idx3-ubyte: ")
    assert reason in str(raised.value)


def test_the_budget_counts_all_arrays(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}-idx2-ubyte").write_bytes(X)
    assert len(read(tmp_path, "a", "b", budget=72)) == 2
    with pytest.raises(DataError, match="need 72 bytes, more than the budget of 71"):
        read(tmp_path, "a", "b", budget=71)


@settings(deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_whatever_stands_in_a_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, b: bytes, z: bool
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "x-idx1-ubyte").write_bytes(gzip.compress(b"\0\0" + b) if z else b"\0\0" + b)
    try:
        (found,) = read(folder, "x").values()
    except DataError:
        return
    assert found.size


# --- models -----------------------------------------------------------------------------------------

MODEL = """data {{
  npz "images.npz" {{ image: [6, 6, 1] = {image}; kind = {kind} }}
  target kind
  split 70/15/15
}}
net {{ image | flatten | dense(outputs) }}
loss cross_entropy
train {{ adam(1e-2); epochs 1; seed 1; watch accuracy }}
"""


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder as MNIST is distributed, and beside it one whose files are not packed."""
    draw = np.random.default_rng(3)
    x, y = draw.integers(0, 256, (40, 6, 6)).astype(np.uint8), (np.arange(40) % 4).astype(np.uint8)
    for name, array in (("train", (x, y)), ("t10k", (x[:10], y[:10]))):
        for folder, form in (("packed", gzip.compress), ("plain", bytes)):
            (tmp_path / folder).mkdir(exist_ok=True)
            end = ".gz" if folder == "packed" else ""
            (tmp_path / folder / f"{name}-images-idx3-ubyte{end}").write_bytes(form(packed(array[0])))
            (tmp_path / folder / f"{name}-labels-idx1-ubyte{end}").write_bytes(form(packed(array[1])))
    np.savez(tmp_path / "images.npz", x=x, y=y)
    (tmp_path / "model.dsl").write_text(MODEL.format(image="x", kind="y"))
    (tmp_path / "named.dsl").write_text(MODEL.format(image="`train-images`", kind="`train-labels`"))
    return tmp_path


def trained(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["train", *arguments, "--quiet", "--no-run", "--format", "json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_a_folder_stands_for_an_archive(mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = trained(capsys, str(mnist / "model.dsl"))["test"]
    for folder in ("packed", "plain"):
        for model in ("model.dsl", "named.dsl"):
            assert trained(capsys, str(mnist / model), "--data", str(mnist / folder))["test"] == expected


def test_a_model_file_may_name_a_folder_beside_it(mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (mnist / "named.dsl").read_text().replace("images.npz", "packed")
    (mnist / "named.dsl").write_text(text)
    assert trained(capsys, str(mnist / "named.dsl"))["model"] == "named"


def test_files_that_do_not_fit_one_another_are_told(mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ["train", str(mnist / "model.dsl"), "--data", str(mnist / "plain"), "--quiet", "--no-run"]
    (mnist / "plain" / "train-labels-idx1-ubyte").write_bytes(packed(np.zeros(39, np.uint8)))
    assert run(shown) == 2
    assert "39" in (told := capsys.readouterr().err) and "40" in told and "Traceback" not in told
    (mnist / "plain" / "train-labels-idx1-ubyte").unlink()
    assert run(shown) == 2
    assert "`x`" in (told := capsys.readouterr().err) and "Traceback" not in told
