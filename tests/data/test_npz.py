"""npz: arrays come back as they were saved; hostile archives are named, and nothing is unpickled or allocated."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.data.npz import array_names, read_arrays, read_headers
from dslc.data.schema import Task
from dslc.data.table import Numbers
from dslc.diagnostics import DataError

from .model import dataset, only, raw

KINDS = ["?", "u1", "i1", "u2", "i4", "u8", "f2", "f4", "f8", ">f8", ">i4"]


def read(path: Path, *names: str, budget: int = 1 << 20) -> dict[str, Numbers]:
    return read_arrays(path, "a.npz", read_headers(path, "a.npz", names, budget))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(kind: str, save: type, tmp_path: Path) -> None:
    x = np.arange(24).reshape(4, 3, 2).astype(kind)
    save(tmp_path / "a.npz", x=x, turned=np.asfortranarray(x))
    assert array_names(tmp_path / "a.npz", "a.npz") == ("x", "turned")
    for name, values in read(tmp_path / "a.npz", "x", "turned").items():
        assert np.array_equal(values, x), name
        assert values.dtype.isnative and values.flags.c_contiguous


def archive(path: Path, *members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def npy(values: Numbers) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, values)
    return out.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def lie(shape: str, kind: str = "<f8") -> bytes:
    return header(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n") + bytes(16)


GOOD = npy(np.arange(6.0))
HOSTILE = {
    "object array": (np.array([{}, []], object), "holds objects; only numbers are read"),
    "text": (np.array(["a", "b"]), "holds <U1; only numbers are read"),
    "complex": (np.array([1j]), "only numbers are read"),
    "structure": (np.zeros(2, [("a", "f8")]), "only numbers are read"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), "only numbers are read"),
    "long double": (np.zeros(2, np.longdouble), "only numbers are read"),
    "huge shape": (lie("(9223372036854775807,)"), "not what the archive holds"),
    "beyond 64 bits": (lie("(4294967296, 4294967296, 4294967296)"), "not what the archive holds"),
    "negative extent": (lie("(-2,)"), "does not say type, order and shape"),
    "negative twice": (lie("(-1, -2)"), "does not say type, order and shape"),
    "larger than its bytes": (lie("(3,)"), "not what the archive holds"),
    "smaller than its bytes": (lie("(1,)"), "not what the archive holds"),
    "truth values for extents": (lie("(True, 2)"), "does not say type, order and shape"),
    "nothing of a huge shape": (lie("(0, 1" + "0" * 18 + ")")[:-16], "holds nothing"),
    "an extent beyond 64 bits": (lie("(0, 1" + "0" * 40 + ")")[:-16], "no whole number below 2^63"),
    "many axes": (lie("(2," + "1," * 100 + ")"), "101 axes"),
    "extent is text": (lie("('2',)"), "header cannot be read"),
    "code for a header": (header("__import__('os').system('true')\n"), "header cannot be read"),
    "deep header": (header("(" * 5000 + "\n"), "header cannot be read"),
    "long header": (header(" " * 60_000), "header cannot be read"),
    "another version": (b"\x93NUMPY\x03\x00" + bytes(20), "header cannot be read"),
    "no npy": (b"hello", "header cannot be read"),
    "nothing": (b"", "header cannot be read"),
}


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_arrays_are_named(content: bytes | Numbers, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    if isinstance(content, bytes):
        archive(path, ("y.npy", GOOD), ("x.npy", content))
    else:
        np.savez(path, y=np.arange(2), x=content)
    assert read(path, "y")["y"].shape[0] > 0
    with pytest.raises(DataError, match=r'^a\.npz: array "x": ') as caught:
        read(path, "x")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_two_members_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path / "a.npz", ("x.npy", GOOD), ("x.npy", GOOD))
    with pytest.raises(DataError, match=r'a.npz: two arrays are named "x"'):
        array_names(path, "a.npz")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros((64, 1 << 20), np.uint8))
    tracemalloc.start()
    with pytest.raises(DataError, match=r'array "x": \d+ bytes expand to the 67108992 it declares, as in a zip bomb'):
        read(path, "x", budget=1 << 30)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_arrays_beyond_the_budget_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((1 << 16,), np.uint8), y=np.zeros((1 << 16,), np.uint8))
    assert len(read(tmp_path / "a.npz", "x", budget=1 << 17)["x"]) == 1 << 16
    with pytest.raises(DataError, match="its arrays need 131328 bytes, more than the budget of 131072"):
        read(tmp_path / "a.npz", "x", "y", budget=1 << 17)


def test_a_directory_that_promises_more_than_deflate_can_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", ("x.npy", lie("(1099511627776,)", "|u1")))
    content = path.read_bytes()
    place = content.index(b"PK\x01\x02") + 24
    path.write_bytes(content[:place] + struct.pack("<I", 2**32 - 2) + content[place + 4 :])
    with pytest.raises(DataError, match="expand to the 4294967294 it declares, as in a zip bomb"):
        read(path, "x", budget=1 << 33)


def test_encrypted_and_foreign_compression(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", ("x.npy", GOOD), compression=zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="compressed in a way that NumPy does not write"):
        read(path, "x")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", bytes(100), b"\x80\x04K\x01."])
def test_what_is_no_archive(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a.npz: not a readable npz archive"):
        array_names(tmp_path / "a.npz", "a.npz")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_never_passes_and_never_crashes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A truncated or altered archive gives the same numbers (a byte nobody reads) or a DataError."""
    values = np.arange(200.0).reshape(20, 10) ** 2
    path = tmp_path_factory.mktemp("damage") / "a.npz"
    np.savez_compressed(path, x=values)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        if "x" in array_names(path, "a.npz"):
            assert np.array_equal(read(path, "x")["x"], values)
    except DataError:
        pass


def test_without_fields_every_array_is_an_input_under_its_own_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros((4, 2)), b=np.ones(4, np.int8), y=[0, 1, 0, 1], note=np.array(["x"] * 4))
    data = dataset('npz "a.npz"; target y; ignore note', tmp_path)
    assert [(field.name, field.shape) for field in data.schema.inputs] == [("a", (2,)), ("b", ())]
    assert data.inputs["b"].dtype == np.float64


def test_a_declared_shape_adds_ones_or_cuts_flat_rows(tmp_path: Path) -> None:
    x = np.arange(48).reshape(2, 24)
    np.savez(tmp_path / "a.npz", flat=x, flags=x.reshape(2, 4, 6), y=np.arange(2))
    for stored in ("flat", "flags"):
        data = dataset(f'npz "a.npz" {{ image: [4, 6, 1] = {stored}; y = y }}; target y', tmp_path)
        assert np.array_equal(data.inputs["image"], x.reshape(2, 4, 6, 1))


def test_one_array_may_be_input_and_target(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)))
    data = dataset('npz "a.npz" { image = x; again = x }; target again', tmp_path, Task.VALUES)
    assert only(data).shape == data.inputs["image"].shape == (3, 2)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((4, 2)), "y": np.zeros(3)}, 'a.npz: array "y" has 3 rows, but "x" has 4'),
        ({"x": np.zeros((4, 2)), "y": np.array(1)}, 'a.npz: array "y" is a single number, not rows of data'),
        ({"x": np.zeros((0, 2)), "y": np.zeros(0)}, 'a.npz: array "x": [0, 2] holds nothing'),
        ({"x": np.zeros((4, 0)), "y": np.zeros(4)}, 'a.npz: array "x": [4, 0] holds nothing'),
        (
            {"x": np.array([[1, 2], [np.nan, 3]]), "y": np.zeros(2)},
            'a.npz: array "x", row 1, element [0]: a missing value',
        ),
        ({"x": np.zeros(2), "y": np.array([1, np.inf])}, 'a.npz: array "y", row 1: inf is not a finite number'),
    ],
)
def test_arrays_that_are_no_rows_of_finite_numbers(arrays: dict[str, Numbers], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError) as caught:
        raw('npz "a.npz" { image = x; digit = y }; target digit', tmp_path)
    assert str(caught.value) == message
