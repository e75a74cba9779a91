"""A session on a small experiment, interpreted by the reference backend."""

from __future__ import annotations

import _thread
import threading
from dataclasses import replace

import numpy as np
import pytest
from dslc.backends.reference.backend import ReferenceBackend

from dslc.diagnostics import DataError, TrainingDiverged
from dslc.elaborate.experiment import KeepBest, StopRule
from dslc.program.program import Element
from dslc.runtime.history import Status
from dslc.runtime.rows import Rows
from dslc.runtime.session import Session
from dslc.source import BUILT_IN

from .small_experiment import CAPACITY, LOOP, data, experiment, program, session
from .stop_after import StopAfter

STALLS = StopRule("val.loss", False, 2, None, BUILT_IN)
TRAIN, VAL = np.arange(21), np.arange(21, 30)


def bits(model: Session) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in (model.parameters | model.states).items()}


def test_training_learns_and_writes_a_row_for_each_epoch() -> None:
    model = session()
    history = model.train(data(), TRAIN, VAL, LOOP.replaced(epochs=60))
    assert list(history.epochs[0]) == ["train.loss", "val.loss", "val.mae"]
    assert len(history) == 60
    assert history["val.loss"][-1] < 0.05 * history["val.loss"][0]
    assert (history.stopped, history.best_epoch) == ("finished", None)
    assert history.seconds > 0


def test_the_history_equals_evaluation_afterwards() -> None:
    model = session()
    history = model.train(data(), TRAIN, VAL)
    assert model.evaluate(data(), VAL) == {"loss": history["val.loss"][-1], "mae": history["val.mae"][-1]}


def test_without_validation_rows_only_the_training_loss_is_there() -> None:
    history = session().train(data(), TRAIN, VAL[:0])
    assert [list(row) for row in history.epochs] == [["train.loss"]] * 3
    with pytest.raises(KeyError, match=r"no column `val.loss`; there are train.loss"):
        _ = history["val.loss"]


def test_a_seed_decides_everything() -> None:
    first, same = session(), session()
    for model in (first, same):
        model.train(data(), TRAIN, VAL)
    assert bits(first) == bits(same)
    first.reset(LOOP.seed)
    assert bits(first) == bits(session())
    first.reset(5)
    assert first.parameters["line.w"].tolist() != session().parameters["line.w"].tolist()


def test_training_goes_on_from_where_the_model_stands() -> None:
    whole, halves = session(), session()
    whole.train(data(), TRAIN, VAL, LOOP.replaced(epochs=4))
    for _ in range(2):
        halves.train(data(), TRAIN, VAL, LOOP.replaced(epochs=2))
    assert bits(whole) == bits(halves)
    assert halves.status().iteration == 12


def test_a_session_for_other_batches_continues() -> None:
    whole, first, second = session(), session(), session()
    whole.train(data(), TRAIN, VAL, LOOP.replaced(epochs=4))
    first.train(data(), TRAIN, VAL, LOOP.replaced(epochs=2))
    second.continue_from(first)
    second.train(data(), TRAIN, VAL, LOOP.replaced(epochs=2))
    assert bits(whole) == bits(second)


def test_a_stop_between_any_two_batches_can_be_resumed() -> None:
    whole = session()
    expected = whole.train(data(), TRAIN, VAL).epochs
    for after in range(1, 10):
        model = session()
        model.executable = StopAfter(program(), after, model.request_stop)
        history = model.train(data(), TRAIN, VAL)
        assert history.stopped == "interrupted"
        model.evaluate(data())
        assert model.resume().epochs == expected
        assert bits(model) == bits(whole)


def test_a_failure_of_the_executable_is_raised_by_train() -> None:
    with pytest.raises(IndexError):
        session().train(data(5), TRAIN, VAL)


def test_threads_take_turns() -> None:
    model, rows = session(), data()
    expected = model.predict(rows)["prediction"].tolist()
    found: list[list[float]] = []

    def predict() -> None:
        found.append(model.predict(rows)["prediction"].tolist())

    others = [threading.Thread(target=predict) for _ in range(8)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert found == [expected] * 8


def test_a_request_before_training_stops_it_at_once() -> None:
    model = session()
    model.request_stop()
    assert model.train(data(), TRAIN, VAL).stopped == "interrupted"
    assert model.status().iteration == 0
    assert model.train(data(), TRAIN, VAL).stopped == "finished"


def test_ctrl_c_stops_after_the_batch_and_keeps_the_weights() -> None:
    model = session()
    model.executable = StopAfter(program(), 20, _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        model.train(data(), TRAIN, VAL, LOOP.replaced(epochs=10**6))
    assert model.status().iteration > 0
    assert model.status().epoch < 10**6
    assert model.resume(lambda status: False).stopped == "callback"


def test_the_callback_sees_every_epoch_and_may_end_training() -> None:
    seen: list[Status] = []

    def on_epoch(status: Status) -> bool:
        seen.append(status)
        return status.epoch < 2

    history = session().train(data(), TRAIN, VAL, on_epoch=on_epoch)
    assert [(status.epoch, status.iteration, status.position) for status in seen] == [(1, 3, 1.0), (2, 6, 2.0)]
    assert [status.row for status in seen] == list(history.epochs)
    assert history.stopped == "callback"


def test_what_a_callback_raises_reaches_the_caller() -> None:
    def on_epoch(status: Status) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        session().train(data(), TRAIN, VAL, on_epoch=on_epoch)


def test_early_stop_and_best_copy() -> None:
    loop = LOOP.replaced(epochs=500, stop=STALLS, keep=KeepBest("val.mae", False, BUILT_IN))
    model = session(loop)
    model.set_setting("rate", 0.7)
    history = model.train(data(), TRAIN, VAL)
    assert history.stopped == "val.loss stalled for 2 epochs"
    assert history.best_epoch == 1 + int(np.argmin(history["val.mae"]))
    assert model.evaluate(data(), VAL)["mae"] == min(history["val.mae"])


def test_a_threshold_ends_training() -> None:
    loop = LOOP.replaced(epochs=500, stop=StopRule("train.loss", False, None, 0.5, BUILT_IN))
    history = session(loop).train(data(), TRAIN, VAL)
    assert history.stopped == "train.loss passed 0.5"
    assert history["train.loss"][-1] < 0.5 <= history["train.loss"][-2]


def test_a_time_limit_ends_training() -> None:
    history = session().train(data(), TRAIN, VAL, LOOP.replaced(epochs=10**6, time_limit=0.2))
    assert history.stopped == "time limit"
    assert len(history) < 10**6


def test_divergence_names_step_and_line() -> None:
    model = session()
    rows = data()
    rows.inputs["x"][3] = 1e200
    loop = LOOP.replaced(shuffle=False, batch=2)
    message = r"^line\.dsl:2:1: the loss is not finite at step 2 \(epoch 1\); a smaller learning rate may help$"
    with pytest.raises(TrainingDiverged, match=message):
        model.train(rows, TRAIN, VAL, loop)
    rows = data()
    rows.inputs["x"][25] = 1e200
    with pytest.raises(TrainingDiverged, match=r"the validation loss is not finite after step 3 \(epoch 1\)"):
        session().train(rows, TRAIN, VAL)


def test_evaluation_weighs_rows_and_goes_in_parts() -> None:
    model, rows = session(), data(CAPACITY * 2 + 3)
    weight = np.linspace(0, 2, rows.count)
    predicted = model.predict(rows)["prediction"]
    error = predicted - rows.beside["y"]
    found = model.evaluate(replace(rows, weight=weight))
    assert found["loss"] == pytest.approx(np.average(error**2, weights=weight), rel=1e-12)
    assert found["mae"] == pytest.approx(np.average(np.abs(error), weights=weight), rel=1e-12)


def test_weights_of_rows_have_mean_one_in_training() -> None:
    first, scaled = session(), session()
    weight = np.linspace(1, 3, 30)
    first.train(replace(data(), weight=weight), TRAIN, VAL)
    scaled.train(replace(data(), weight=4 * weight), TRAIN, VAL)
    assert first.parameters["line.w"] == pytest.approx(scaled.parameters["line.w"], rel=1e-12)
    with pytest.raises(DataError, match="the weights of the training rows sum to 0"):
        first.train(replace(data(), weight=np.repeat([0.0, 1.0], [21, 9])), TRAIN, VAL)
    with pytest.raises(DataError, match="the weights of the validation rows sum to 0"):
        first.train(replace(data(), weight=np.repeat([1.0, 0.0], [21, 9])), TRAIN, VAL)


@pytest.mark.parametrize("count", [0, 1, CAPACITY, CAPACITY + 1])
def test_prediction_needs_no_target(count: int) -> None:
    model, rows = session(), Rows({"x": data(max(count, 1)).inputs["x"][:count]})
    w, b = model.parameters["line.w"], model.parameters["line.b"]
    assert model.predict(rows)["prediction"] == pytest.approx((rows.inputs["x"] @ w + b)[:, 0], rel=1e-12)


@pytest.mark.parametrize("count", [1, CAPACITY, 2 * CAPACITY + 3])
def test_gradients_are_those_of_one_batch(count: int) -> None:
    model, rows = session(), data(count)
    objective, found = model.gradients(rows)
    x, w = rows.inputs["x"], model.parameters["line.w"]
    error = (x @ w + model.parameters["line.b"])[:, 0] - rows.beside["y"]
    assert objective == pytest.approx(np.mean(error**2), rel=1e-12)
    assert found["line.w"][:, 0] == pytest.approx(2 * x.T @ error / count, rel=1e-12)
    assert found["line.b"] == pytest.approx([2 * error.mean()], rel=1e-12)


def test_weights_go_in_and_out_as_copies() -> None:
    model = session()
    taken = model.parameters
    taken["line.w"][:] = 9
    assert model.parameters["line.w"].max() < 1
    model.set_parameters({"line.b": np.array([3])})
    assert model.parameters["line.b"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"line.v": np.zeros((3, 1))}, "there is no weight `line.v`; did you mean `line.w`?"),
        ({"line.w": np.zeros((1, 3))}, "weight `line.w` has shape [3, 1], not [1, 3]"),
        ({"line.b": np.array(["a"])}, "weight `line.b` holds numbers, not <U1"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_nothing_is_set(values, message: str) -> None:
    model = session()
    before = bits(model)
    with pytest.raises(DataError) as caught:
        model.set_parameters({"line.b": np.array([3.0]), **values})
    assert str(caught.value) == message
    assert bits(model) == before


def test_a_setting_is_a_run_time_value() -> None:
    slow = session()
    slow.set_setting("rate", 0.0)
    before = slow.parameters
    slow.train(data(), TRAIN, VAL)
    assert slow.parameters["line.w"].tolist() == before["line.w"].tolist()
    with pytest.raises(DataError, match=r"there is no setting `rat`; did you mean `rate`\?"):
        slow.set_setting("rat", 1.0)


def test_a_program_in_float32_stores_float32() -> None:
    model = session(real=Element.F32)
    model.train(data(), TRAIN, VAL)
    assert {value.dtype for value in model.parameters.values()} == {np.dtype(np.float32)}
    double = session()
    double.train(data(), TRAIN, VAL)
    assert model.parameters["line.w"] == pytest.approx(double.parameters["line.w"], rel=1e-4)


@pytest.mark.parametrize(
    ("change", "rows", "message"),
    [
        ({}, 0, "there are no training rows"),
        ({"batch": CAPACITY + 1}, 21, "a batch of 9 rows does not fit a program compiled for 8"),
        ({"stop": STALLS}, 21, "`val.loss` is watched, and there are no validation rows"),
    ],
)
def test_a_plan_that_cannot_run_says_why(change, rows: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        session().train(data(), TRAIN[:rows], VAL[:0], LOOP.replaced(**change))


def test_absurd_sizes_are_refused_before_they_are_allocated() -> None:
    huge = replace(program(), arena_bytes=2**62)
    with pytest.raises(MemoryError, match=r"training `small` needs 4,611,686,018\.4 GB, and this machine has"):
        Session(huge, ReferenceBackend().compile(program()), experiment())
    with pytest.raises(MemoryError, match="the history of 4611686018427387904 epochs"):
        session().train(data(), TRAIN, VAL, LOOP.replaced(epochs=2**62))


def test_memory_starts_on_cache_lines() -> None:
    model = session()
    model.train(data(), TRAIN, VAL)
    kept = model._kept
    assert all(part.ctypes.data % 64 == 0 for part in (kept.arena, kept.parameters, kept.best, kept.ints, kept.reals))
