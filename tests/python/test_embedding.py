"""Inside a larger program: threads, pools, several models, forked and spawned processes, thousands of loads."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from dslc.backends.cpu import executable
from dslc.backends.cpu.linker import Library
from dslc.backends.cpu.unit import Signature

import dslc
from dslc.runtime.history import Status

from .small import TEXT, VALUES, fitted, rows

X, Y = rows(90)
THREADS = 8


@pytest.fixture
def model() -> dslc.Model:
    return fitted()


def in_threads(work: Callable[[int], object]) -> list[object]:
    """`work(k)` in eight threads that begin together."""
    gate = threading.Barrier(THREADS)

    def started(k: int) -> object:
        gate.wait()
        return work(k)

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result(timeout=120) for future in [pool.submit(started, k) for k in range(THREADS)]]


def test_eight_threads_predict_with_one_model(model: dslc.Model) -> None:
    """Each its own rows, of which it gets its own predictions: one row and several batches alternate."""
    expected = [model.forward(X + k) for k in range(THREADS)]

    def work(k: int) -> bool:
        alone = [np.array_equal(model.forward(X[:1] + k), expected[k][:1]) for _ in range(50)]
        return all(alone) and all(np.array_equal(model.forward(X + k), expected[k]) for _ in range(50))

    assert all(in_threads(work))


def test_eight_threads_ask_a_loaded_model_for_the_first_time(model: dslc.Model, tmp_path: Path) -> None:
    """The first of them compiles; some ask for predictions, some for what needs the program that trains."""
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm")
    expected, measured = model.forward(X), model.evaluate(X, Y)

    def work(k: int) -> bool:
        return loaded.evaluate(X, Y) == measured if k % 2 else np.array_equal(loaded.forward(X), expected)

    assert all(in_threads(work))


def test_eight_threads_do_eight_things_with_one_model(model: dslc.Model, tmp_path: Path) -> None:
    deeds: list[Callable[[], object]] = [
        lambda: model.fit(X, Y, epochs=3).epochs,
        lambda: model.predict(X),
        lambda: model.evaluate(X, Y),
        lambda: model.gradients(X, Y),
        lambda: model.forward(X, at=["relu"]),
        lambda: model.save(tmp_path / "m.dslm"),
        lambda: model.weights,
        model.status,
    ]
    in_threads(lambda k: deeds[k]())
    assert len(model.epochs) == 5
    assert np.isfinite(model.forward(X)).all()


def test_models_side_by_side_train_as_alone() -> None:
    """In threads at once, two kinds of model, of each several: all end with the bits that one alone ends with."""

    def trained(k: int) -> list[bytes]:
        return [value.tobytes() for value in fitted(VALUES if k % 2 else TEXT).weights.values()]

    alone = [trained(0), trained(1)]
    assert in_threads(trained) == [alone[k % 2] for k in range(THREADS)]


def test_a_prediction_waits_for_a_training_and_sees_all_of_it(model: dslc.Model) -> None:
    begun, seen = threading.Event(), []

    def on_epoch(status: Status) -> None:
        begun.set()

    def predict() -> None:
        begun.wait(60)
        seen.append(model.forward(X))

    thread = threading.Thread(target=predict)
    thread.start()
    model.fit(X, Y, epochs=30, callback=on_epoch)
    thread.join(60)
    assert np.array_equal(seen[0], model.forward(X))


def test_a_callback_may_use_its_model(model: dslc.Model) -> None:
    """It runs between two epochs, and what it asks for changes nothing of the training."""
    other = fitted()
    seen: list[float] = []

    def on_epoch(status: Status) -> None:
        seen.append(model.evaluate(X, Y)["loss"])
        model.predict(X[:1])
        model.gradients(X, Y)

    model.fit(X, Y, epochs=3, callback=on_epoch)
    other.fit(X, Y, epochs=3)
    assert len(set(seen)) == 3
    assert all(np.array_equal(value, other.weights[name]) for name, value in model.weights.items())


def test_status_answers_while_another_thread_trains(model: dslc.Model) -> None:
    inside, answered = threading.Event(), threading.Event()

    def on_epoch(status: Status) -> None:
        inside.set()
        assert answered.wait(30), "status() waited for the training"

    thread = threading.Thread(target=lambda: model.fit(X, Y, epochs=1, callback=on_epoch))
    thread.start()
    inside.wait(60)
    status = model.status()
    answered.set()
    thread.join(60)
    assert status.epoch == 1


def work_of_a_child(path: str | None, model: dslc.Model | None = None) -> list[bytes]:
    """Predicts, trains, looks inside and loads: what a worker process may be asked for."""
    used = model if model is not None else dslc.load(path or "")
    before = used.forward(X)
    used.fit(X, Y, epochs=2)
    gradient = used.gradients(X, Y)["dense.w"]
    inner = used.forward(X, at=["relu"])["relu"]
    return [values.tobytes() for values in (before, used.forward(X), gradient, inner)]


def expected_of_a_child(path: Path) -> list[bytes]:
    return work_of_a_child(str(path))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_forked_child_goes_on_with_its_parents_model(threads: int, tmp_path: Path) -> None:
    model = dslc.compile(text=TEXT, threads=threads)
    model.fit(X, Y)
    model.predict(X[:1])
    model.save(tmp_path / "m.dslm")
    out = tmp_path / "child"
    child = os.fork()
    if child == 0:
        try:
            out.write_bytes(b"".join(work_of_a_child(None, model)))
            os._exit(0)
        except BaseException as error:
            out.write_text(repr(error))
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, out.read_text() if out.exists() else ""
    assert out.read_bytes() == b"".join(expected_of_a_child(tmp_path / "m.dslm"))
    assert work_of_a_child(None, model) == expected_of_a_child(tmp_path / "m.dslm")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_does_not_wait_for_a_training_that_it_does_not_have(model: dslc.Model) -> None:
    """Forked while another thread of the parent is in the middle of a training, and so has its turn."""
    inside, over = threading.Event(), threading.Event()
    model.forward(X)

    def on_epoch(status: Status) -> None:
        inside.set()
        over.wait(60)

    thread = threading.Thread(target=lambda: model.fit(X, Y, epochs=1, callback=on_epoch))
    thread.start()
    inside.wait(60)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os._exit(0 if np.isfinite(model.forward(X)).all() else 1)
    _, status = os.waitpid(child, 0)
    over.set()
    thread.join(60)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_that_a_callback_forks_keeps_its_turn(model: dslc.Model) -> None:
    def on_epoch(status: Status) -> bool:
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if model.predict(X).shape == Y.shape and not _entered_elsewhere(model) else 1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    assert model.fit(X, Y, epochs=2, callback=on_epoch).stopped == "finished"


def _entered_elsewhere(model: dslc.Model) -> bool:
    """Whether another thread gets a turn that this one has."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(model.predict(X[:1])), daemon=True)
    thread.start()
    thread.join(0.2)
    return bool(found)


METHODS = [method for method in ("fork", "spawn", "forkserver") if method in multiprocessing.get_all_start_methods()]


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_of_processes_works_with_a_saved_model(method: str, model: dslc.Model, tmp_path: Path) -> None:
    path = tmp_path / "m.dslm"
    model.save(path)
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(work_of_a_child, [str(path)] * 4).get(timeout=240)
    assert found == [expected_of_a_child(path)] * 4


def test_a_program_that_is_loaded_again_and_again_is_linked_once(
    model: dslc.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links: list[int] = []

    def linked(objects: Sequence[bytes], exports: Sequence[Signature]) -> Library:
        links.append(len(objects))
        return Library(objects, exports)

    model.save(tmp_path / "m.dslm")
    monkeypatch.setattr(executable, "Library", linked)
    for _ in range(4):
        loaded = dslc.load(tmp_path / "m.dslm")
        loaded.forward(X[:1])
        del loaded
        gc.collect()
    assert len(links) <= 1


def resident() -> int:
    """Bytes of this process's memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("loads", [60, pytest.param(10_000, marks=pytest.mark.slow)])
def test_loading_again_costs_no_memory(loads: int, model: dslc.Model, tmp_path: Path) -> None:
    """One program is linked once a process, and what a model holds goes with it."""
    path = tmp_path / "m.dslm"
    model.save(path)
    expected = model.forward(X)
    for _ in range(20):
        dslc.load(path).evaluate(X, Y)
        dslc.load(path).forward(X[:1])
    gc.collect()
    before, files = resident(), len(os.listdir("/proc/self/fd"))
    for k in range(loads):
        loaded = dslc.load(path)
        found = loaded.forward(X)
        if k % 50 == 0:
            loaded.evaluate(X, Y)
    assert np.array_equal(found, expected)
    gc.collect()
    assert resident() - before < 4 << 20
    assert len(os.listdir("/proc/self/fd")) == files
