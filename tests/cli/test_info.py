"""`dslc info`: what it says is what is there, and nothing heavy is loaded to find out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import dslc.backends.cpu
import pytest

import dslc
from dslc.cli import machine
from dslc.cli.main import run


def shown(capsys: pytest.CaptureFixture[str]) -> dict:
    assert run(["info", "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_versions_are_those_that_are_installed(capsys: pytest.CaptureFixture[str]) -> None:
    record = shown(capsys)
    assert record["schema"] == 1
    assert record["dslc"] == dslc.__version__
    assert record["python"].startswith(".".join(map(str, sys.version_info[:3])))
    names = ("numba", "llvmlite", "numpy", "lark", "networkx", "click", "rich", "safetensors")
    assert record["packages"] == {name: version(name) for name in names} | record["packages"]
    assert set(record["packages"]) >= set(names)
    assert record["cores"] == os.cpu_count() >= record["usable_cores"] >= 1
    assert record["memory_bytes"] > 1 << 20


def test_extras_say_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(capsys)["extras"]["sklearn"] == {
        "installed": True,
        "packages": {"scikit-learn": version("scikit-learn")},
    }
    known = machine._version
    monkeypatch.setattr(machine, "_version", lambda name: None if name == "scikit-learn" else known(name))
    assert not shown(capsys)["extras"]["sklearn"]["installed"]
    assert run(["info"]) == 0
    assert "extra sklearn      not installed: scikit-learn\n" in capsys.readouterr().out


def test_a_backend_tells_the_processor(capsys: pytest.CaptureFixture[str]) -> None:
    cpu, reference = shown(capsys)["backends"]
    assert (cpu["name"], cpu["available"], cpu["reason"]) == ("cpu", True, None)
    assert cpu["vector_bits"] in (128, 256, 512)
    assert cpu["most_threads_by_default"] == shown(capsys)["usable_cores"]
    assert reference == {"name": "reference", "available": True, "reason": None, "threads": 1}


def test_a_backend_that_cannot_be_used_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dslc.backends.cpu, "find_spec", lambda _: None)
    monkeypatch.setitem(dslc.backends.BACKENDS, "gone", "GoneBackend")
    by_name = {found["name"]: found for found in shown(capsys)["backends"]}
    assert (by_name["cpu"]["available"], by_name["cpu"]["reason"]) == (False, "numba is not installed")
    assert not by_name["gone"]["available"]
    assert by_name["gone"]["reason"].startswith("backend `gone` cannot be loaded: No module named")
    assert run(["train", "none.dsl", "--backend", "gone"]) == 2
    assert run(["info"]) == 0
    assert "backend cpu        numba is not installed\n" in capsys.readouterr().out


def test_the_cache_is_counted_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSLC_CACHE", str(tmp_path / "none"))
    assert shown(capsys)["caches"] == [{"folder": str(tmp_path / "none" / "objects"), "files": 0, "bytes": 0}]
    assert not (tmp_path / "none").exists()
    (tmp_path / "none" / "objects").mkdir(parents=True)
    (tmp_path / "none" / "objects" / "a").write_bytes(b"abc")
    assert shown(capsys)["caches"][0]["bytes"] == 3


def test_it_reads_well_at_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSLC_CACHE", "/short")
    assert run(["info"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_requirements_are_read_as_they_are_written() -> None:
    assert machine._named("numba>=0.65") == ("numba", None)
    assert machine._named('scikit-learn>=1.6; extra == "sklearn"') == ("scikit-learn", "sklearn")
    assert machine._named("tomli[x]>=1 ; python_version < '3.11' and extra == 'test'") == ("tomli", "test")
    assert machine._named("tomli ; python_version < '3.11'") == ("tomli", None)


@pytest.mark.parametrize("verb", [["info"], ["cache", "info"], ["cache", "dir"]])
def test_nothing_heavy_is_loaded(verb: list[str]) -> None:
    code = f"import sys; from dslc.cli.main import run; run({verb}); print(sorted(set(sys.modules)), file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"'numba'", "'networkx'", "'rich'", "'scipy'"} & set(result.stderr.strip("[]\n").split(", "))


def test_a_numba_that_cannot_be_imported_is_a_backend_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSLC_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "dslc.backends.cpu.together", None)  # which imports numba
    monkeypatch.setattr(dslc.backends.cpu.executable, "_libraries", {})
    model = Path(__file__).resolve().parents[2] / "models" / "penguins.dsl"
    assert run(["train", str(model), "--no-run"]) == 4
    assert "error: the cpu backend compiles with numba, which fails: " in capsys.readouterr().err
