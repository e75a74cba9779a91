"""`use`: definitions of other files, read from below the model file's folder, and kept in a saved model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.diagnostics import DataError, ModelError
from dslc.runtime.archive import read_archive, write_archive
from dslc.uses import MOST

TEXT = """use "lib/layers.dsl"
data { input x: [4]; target y: class(2) }
net { x | block(6) | dense(outputs) }
loss cross_entropy
train { sgd(0.1); batch 8; epochs 2; seed 3 }
"""
LAYERS = """use "parts/bent.dsl"
layer block(x: [n], units) = x | dense(units) | bent
"""
BENT = "activation bent(x) = where(x > 0, x, 0.1 * x)\n"
INLINE = TEXT.replace('use "lib/layers.dsl"\n', LAYERS.replace('use "parts/bent.dsl"\n', BENT))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file that uses one that uses another."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lib/parts").mkdir(parents=True)
    (tmp_path / "lib/layers.dsl").write_text(LAYERS)
    (tmp_path / "lib/parts/bent.dsl").write_text(BENT)
    (tmp_path / "model.dsl").write_text(TEXT)
    return tmp_path


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).normal(size=(24, 4))
    return x, np.argmax(x[:, :2], 1)


def said(text: str) -> str:
    """The first thing that is wrong with a model file that begins with this `use`."""
    with pytest.raises(ModelError) as caught:
        dslc.compile(text=TEXT.replace('use "lib/layers.dsl"', text))
    return caught.value.diagnostics[0].text


def test_what_is_used_is_as_if_it_stood_there(folder: Path) -> None:
    used, inline = dslc.compile("model.dsl"), dslc.compile(text=INLINE)
    for model in (used, inline):
        model.fit(*data())
    assert used.weights.keys() == inline.weights.keys()
    assert all(np.array_equal(used.weights[name], inline.weights[name]) for name in used.weights)


def test_a_saved_model_needs_no_file_that_it_used(folder: Path) -> None:
    model = dslc.compile("model.dsl")
    model.fit(*data())
    model.save("m.dslm")
    for path in ("lib/layers.dsl", "lib/parts/bent.dsl"):
        (folder / path).unlink()
    loaded = dslc.load("m.dslm")
    x, _ = data()
    assert np.array_equal(loaded.predict(x), model.predict(x))
    loaded.save("again.dslm")
    assert read_archive(folder / "again.dslm")["used1.dsl"] == BENT.encode()


def test_a_model_that_uses_files_is_loaded_by_another(folder: Path) -> None:
    model = dslc.compile("model.dsl")
    model.fit(*data())
    model.save("base.dslm")
    (folder / "lib/layers.dsl").unlink()
    other = dslc.compile(
        text=INLINE.replace("x | block(6)", 'body = load "base.dslm" until block;  x | body | block(3)')
    )
    assert np.array_equal(other.weights["body.block.dense.w"], model.weights["block.dense.w"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"used1.dsl": None}, "no `used1.dsl`"),
        ({"used2.dsl": b"activation a(x) = x\n"}, "is what no"),
        ({"used0.dsl": b"net { 1 }\n"}, "definitions only"),
        ({"used1.dsl": b"\xff\xfe"}, "not UTF-8"),
        ({"used1.dsl": b"use '../x.dsl'"}, "does not compile"),
        ({"used1.dsl": b'use "../layers.dsl"\n'}, "no `used2.dsl`"),
        ({"used0.dsl": b'use "layers.dsl"\n'}, "uses itself"),
        ({"used0.dsl": b"layer block(x, units) = x | relu\n"}, "is what no"),
        ({"used1.dsl": b"activation bent(x) = gelu(x)\n"}, "defines differently"),
        ({"used1.dsl": BENT.encode() * 100_000}, "too large"),
    ],
)
def test_a_saved_model_whose_used_texts_lie_is_refused(
    folder: Path, changes: dict[str, bytes | None], reason: str
) -> None:
    dslc.compile("model.dsl").save("m.dslm")
    entries = {**read_archive(folder / "m.dslm"), **changes}
    write_archive(folder / "m.dslm", {name: content for name, content in entries.items() if content is not None})
    with pytest.raises(DataError, match=reason):
        dslc.load("m.dslm")


def test_paths_do_not_leave_the_folder_through_links(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "layers.dsl").write_text(LAYERS.replace('use "parts/bent.dsl"\n', BENT))
    (folder / "link.dsl").symlink_to(outside / "layers.dsl")
    (folder / "way").symlink_to(outside)
    for path in ("link.dsl", "way/layers.dsl", "../x.dsl", "lib/../model.dsl", str(outside / "layers.dsl")):
        assert "not below" in said(f'use "{path}"'), path
    (folder / "lib/back.dsl").write_text('use "out/layers.dsl"\n')
    (folder / "lib/out").symlink_to(outside)
    assert "not below" in said('use "lib/back.dsl"')


def test_what_is_no_text_is_refused(folder: Path) -> None:
    (folder / "zero.dsl").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.dsl")
    (folder / "bytes.dsl").write_bytes(b"\xff\xfe\x00")
    (folder / "large.dsl").write_bytes(b"# \n" * 2_000_000)
    (folder / "round.dsl").symlink_to("round.dsl")
    assert "not below" in said('use "zero.dsl"')
    assert "not a file" in said('use "pipe.dsl"')
    assert "not a file" in said('use "lib"')
    assert "UTF-8" in said('use "bytes.dsl"')
    assert "too large" in said('use "large.dsl"')
    assert "round.dsl" in said('use "round.dsl"')


def test_a_file_is_read_once_however_many_use_it(folder: Path) -> None:
    (folder / "lib/second.dsl").write_text('use "./parts/bent.dsl"\nactivation twice(x) = bent(bent(x))\n')
    found = dslc.check(TEXT.replace("\ndata", '\nuse "lib/second.dsl"\ndata', 1), folder)
    assert found == []


def test_a_model_uses_so_many_files_and_no_more(folder: Path) -> None:
    for number in range(MOST + 1):
        below = f'use "chain{number + 1}.dsl"\n' if number < MOST else ""
        (folder / f"chain{number}.dsl").write_text(f"{below}activation link{number}(x) = x\n")
    assert f"at most {MOST}" in said('use "chain0.dsl"')
    assert "unknown name `block`" in said('use "chain1.dsl"')


def test_a_file_of_definitions_is_checked_by_itself(folder: Path) -> None:
    assert dslc.check(folder / "lib/layers.dsl") == []
    (folder / "lib/parts/bent.dsl").write_text("activation bent(x, bend) = where(x > 0, x, bendd * x)\n")
    (found,) = dslc.check(folder / "lib/layers.dsl")
    assert found.span.place.endswith("lib/parts/bent.dsl:1:44")
    (found,) = dslc.check("activation bent(x, bend) = x\n")
    assert "parameter `bend`" in found.text
