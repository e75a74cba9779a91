"""The store: what is loaded is what was written, by this user, for this text; anything else is compiled again."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from dslc.backends.cpu import executable as executable_module
from dslc.backends.cpu import store
from programs import Arena, call, compiled, memory, view

from dslc.program.program import Element, LoopKernel, Phase, Program, Region
from dslc.scalar.affine import identity
from dslc.scalar.body import Apply, Load
from dslc.scalar.functions import sigmoid


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DSLC_CACHE", str(tmp_path / "cache"))
    executable_module._libraries.clear()
    store._warn.cache_clear()
    return tmp_path / "cache" / "objects"


def program(name="x", note="n") -> Program:
    place = Arena()
    x, y = place.add(name, Element.F32, 40), place.add(f"{name}", Element.F32, 40, region=Region.RESULT)
    kernel = LoopKernel(
        1, 1, (Element.F32,), (1,), (Load(0, identity(1)), Apply(sigmoid, (0,))), None, Element.F32, 1, identity(1)
    )
    return place.program(Phase((call(kernel, [x], y, (40,), 7, note=note),)), name=name)


def result() -> tuple[bytes, bool]:
    """The bits of one call in a process that has nothing linked, and whether anything was compiled."""
    executable_module._libraries.clear()
    one = program()
    arena = memory(one.arena_bytes)
    view(arena, one.buffers[0])[...] = np.linspace(-5, 5, 40)
    executable = compiled(one)
    executable.call("predict", arena, [], np.zeros(0, np.int64), 0, 0, 2)
    return hashlib.sha256(view(arena, one.buffers[1]).tobytes()).digest(), executable.compile_seconds > 0


def test_cold_and_warm_give_the_same_bits(folder):
    cold, warm = result(), result()
    assert cold[0] == warm[0]
    assert cold[1] and not warm[1]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:],
        lambda content: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        lambda content: content + b"x",
    ],
)
def test_a_damaged_object_is_compiled_again(folder, harm):
    cold = result()
    for file in folder.iterdir():
        file.write_bytes(harm(file.read_bytes()))
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert result() == cold
    assert not result()[1]


def test_an_object_under_anothers_name_is_not_taken(folder):
    cold = result()
    files = sorted(folder.iterdir())
    content = files[0].read_bytes()
    for file in files[1:]:
        file.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert result() == cold


def test_a_folder_that_others_may_write_to_is_ignored_with_one_warning(folder):
    cold = result()
    folder.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="others may write") as caught:
        assert result() == cold
    assert len(caught) == 1


def test_a_file_that_others_may_write_to_or_a_link_is_ignored(folder, tmp_path):
    cold = result()
    first, second, *_ = sorted(folder.iterdir())
    first.chmod(0o666)
    second.rename(tmp_path / "elsewhere")
    second.symlink_to(tmp_path / "elsewhere")
    assert result() == cold


def test_a_store_that_cannot_be_written_costs_only_time(folder, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(store.os, "replace", fail)
    with pytest.warns(RuntimeWarning, match="cannot be kept") as caught:
        assert result()[1] and result()[1]
    assert len(caught) == 1
    assert not list(folder.iterdir())


def test_comments_and_the_models_own_names_change_no_key_of_a_kernel(folder):
    compiled(program("x", "note")).call("predict", memory(512), [], np.zeros(0, np.int64), 0, 0, 1)
    before = {path.name for path in folder.iterdir()}
    compiled(program("x", "another\nnote")).call("predict", memory(512), [], np.zeros(0, np.int64), 0, 0, 1)
    assert {path.name for path in folder.iterdir()} == before


HOSTILE = [
    "", "7", "class", "None", "rows", "thread", "f32", "barrier", "x y", "x\ny", "x; import os", "__import__('os')",
    "größe", "\u202egnp", "a" * 500, "tile", "minimum_i64", "dslc_predict", "'\"\\", "{0}", "# ", "\x00", "print",
    "arena", "word", "loop_0123456789",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_model_reaches_source_unmangled(name):
    hostile = program(name, name)
    text = compiled(hostile).source
    compile(text, "module", "exec")
    assert text.isascii() and "\x00" not in text
    arena = memory(hostile.arena_bytes)
    compiled(hostile).call("predict", arena, [], np.zeros(0, np.int64), 0, 0, 1)
    assert (view(arena, hostile.buffers[1]) == 0.5).all()


def test_a_warm_start_needs_no_numba(folder):
    result()
    script = textwrap.dedent(
        """
        import sys
        sys.path.insert(0, sys.argv[1])
        from test_store import result
        assert not result()[1]
        assert not {"numba", "networkx", "scipy"} & set(sys.modules), sorted(sys.modules)
        """
    )
    here = os.path.dirname(__file__)
    subprocess.run([sys.executable, "-c", script, here], check=True)


COMPILING = """
import os, random, sys, warnings
import numpy as np
import dslc
from dslc.backends.cpu import executable, store
warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)
draw = random.Random(int(sys.argv[1]))
x, y = np.linspace(-1, 1, 120).reshape(40, 3), np.arange(40) % 2
for turn in range(int(sys.argv[2])):
    executable._libraries.clear()
    executable._kept.clear()
    for name in os.listdir(store.folder()) if store.folder().is_dir() else ():
        if draw.random() < 0.5:
            try:
                os.unlink(store.folder() / name)
            except FileNotFoundError:
                pass
    model = dslc.compile(text=sys.argv[3])
    model.fit(x, y)
    print(model.weights["dense.w"].tobytes().hex(), flush=True)
"""

SMALL = """
data { input x: [3]; target y: class(2) }
net { x | dense(4) | tanh | dense(outputs) }
loss cross_entropy
train { adam(1e-2); batch 8; epochs 2; seed 1 }
"""


@pytest.mark.parametrize(("processes", "turns"), [(2, 1), pytest.param(8, 50, marks=pytest.mark.slow)])
def test_processes_that_compile_at_once_and_delete_from_one_store_agree(folder, processes, turns):
    """A half-written or missing object is compiled again: no error, no warning, the same bits everywhere."""
    running = [
        subprocess.Popen([sys.executable, "-c", COMPILING, str(k), str(turns), SMALL], stdout=subprocess.PIPE)
        for k in range(processes)
    ]
    lines = [line for process in running for line in process.communicate()[0].split()]
    assert [process.returncode for process in running] == [0] * processes
    assert len(lines) == processes * turns
    assert len(set(lines)) == 1
