"""The training machine on a fake model: what it commands, when it stops, and that stopping changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dslc.program import machine, registers

from .fake_model import Case, FakeModel, deliver, history, state, trained


def test_every_epoch_trains_each_row_once_with_an_exact_last_batch() -> None:
    answer, model = trained(Case(rows=10, batch=4, epochs=3))
    assert answer == registers.FINISHED
    assert [len(batch) for batch in model.batches] == [4, 4, 2] * 3
    epochs = [[row for batch in model.batches[k : k + 3] for row in batch] for k in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(100, 110)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_without_shuffle_rows_keep_their_order() -> None:
    _, model = trained(Case(rows=5, batch=2, epochs=2, shuffle=False))
    assert model.batches == [[100, 101], [102, 103], [104]] * 2


def test_the_order_follows_from_seed_and_epoch() -> None:
    first, same, other = (trained(Case(seed=seed))[1].batches for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_the_shuffle_favours_no_place() -> None:
    """Row 0 comes to each of 5 places in a fifth of 2,000 epochs, within four standard deviations."""
    case = Case(rows=5, val_rows=0, batch=5, epochs=2000)
    _, model = trained(case)
    places = np.bincount([batch.index(100) for batch in model.batches], minlength=5)
    assert np.abs(places - 400).max() < 4 * math.sqrt(2000 * 0.2 * 0.8)


def test_the_clock_counts_updates_from_one_and_the_share_done() -> None:
    _, model = trained(Case(rows=10, batch=4, epochs=2, seed=9))
    assert [clock[0] for clock in model.clock] == [1, 2, 3, 4, 5, 6]
    assert [clock[1] for clock in model.clock] == pytest.approx([k / 6 for k in range(6)])
    assert [clock[2] for clock in model.clock] == [4, 4, 2, 4, 4, 2]
    assert [clock[3:] for clock in model.clock] == [(9, 0)] * 3 + [(9, 1)] * 3


def test_validation_goes_over_all_rows_in_their_order() -> None:
    _, model = trained(Case(val_rows=5, chunk=2, epochs=2))
    assert model.chunks == [[200, 201], [202, 203], [204]] * 2


def test_the_history_holds_means_over_the_part() -> None:
    _, model = trained(Case(rows=2, batch=2, val_rows=3, chunk=2, epochs=1, shuffle=False))
    w = model.weights
    assert history(model)[0].tolist() == pytest.approx([w.sum() ** 2, 201 * w[0], w[1]])


def test_without_validation_rows_only_the_training_loss_is_known() -> None:
    answer, model = trained(Case(val_rows=0, epochs=2))
    assert answer == registers.FINISHED
    assert model.chunks == []
    assert np.isfinite(history(model)[:, 0]).all()
    assert np.isnan(history(model)[:, 1:]).all()


def test_one_row_and_no_epoch() -> None:
    assert trained(Case(rows=1, val_rows=1, batch=8, epochs=2))[1].batches == [[100], [100]]
    answer, model = trained(Case(epochs=0))
    assert (answer, model.batches) == (registers.FINISHED, [])


LOSSES = (5.0, 3.0, 4.0, 3.0, 3.5, 1.0)


def scores(epoch: int) -> tuple[float, float]:
    return LOSSES[epoch], 10 - LOSSES[epoch]


def test_patience_counts_epochs_without_a_better_value() -> None:
    answer, model = trained(Case(epochs=6, stop=(1, False, 3, 0.0)), scores)
    assert answer == registers.STOPPED
    assert model.memory.ints[registers.REASON] == registers.BY_PATIENCE
    assert model.memory.ints[registers.EPOCH] == 5


def test_higher_is_better_where_the_rule_says_so() -> None:
    _, model = trained(Case(epochs=6, stop=(2, True, 3, 0.0)), scores)
    assert model.memory.ints[registers.EPOCH] == 5


def test_nan_never_improves() -> None:
    _, model = trained(Case(epochs=6, stop=(2, True, 2, 0.0)), lambda epoch: (1.0, math.nan))
    assert model.memory.ints[registers.EPOCH] == 2


@pytest.mark.parametrize(("rule", "epochs"), [((1, False, 0, 3.2), 2), ((2, True, 0, 8.5), 6), ((1, False, 0, 3.0), 6)])
def test_a_threshold_is_passed_strictly(rule: tuple[int, bool, int, float], epochs: int) -> None:
    answer, model = trained(Case(epochs=6, stop=rule), scores)
    assert answer == registers.STOPPED
    assert model.memory.ints[registers.EPOCH] == epochs


@pytest.mark.parametrize("keep", [(1, False), (2, True)])
def test_the_earliest_best_parameters_come_back(keep: tuple[int, bool]) -> None:
    _, model = trained(Case(epochs=5, keep=keep), scores)
    _, until_best = trained(Case(epochs=2), scores)
    assert model.memory.ints[registers.BEST_EPOCH] == 1
    assert model.weights.tolist() == until_best.weights.tolist()


def test_the_best_comes_back_after_an_early_stop_too() -> None:
    answer, model = trained(Case(epochs=6, stop=(1, False, 2, 0.0), keep=(1, False)), scores)
    _, until_best = trained(Case(epochs=2), scores)
    assert answer == registers.STOPPED
    assert model.weights.tolist() == until_best.weights.tolist()


def test_a_diverging_objective_names_its_update() -> None:
    for bad in (math.nan, math.inf, -math.inf):
        model = FakeModel(Case().memory(), objective=lambda n, bad=bad: bad if n == 5 else 0.0)
        assert model.run() == registers.FAULT
        assert model.memory.ints[registers.ITERATION] == 5
        assert model.memory.ints[registers.EPOCH] == 1


def test_a_validation_loss_that_is_not_finite_is_a_fault() -> None:
    answer, model = trained(Case(), lambda epoch: (math.nan if epoch == 1 else 1.0, 0.0))
    assert answer == registers.VALIDATION_FAULT
    assert model.memory.ints[registers.EPOCH] == 1


def test_epoch_ends_are_answered_if_asked() -> None:
    model = FakeModel(Case(epochs=3, ask=True).memory())
    answers = [model.run() for _ in range(4)]
    assert answers == [registers.EPOCH_END] * 3 + [registers.FINISHED]
    _, unasked = trained(Case(epochs=3))
    assert model.weights.tolist() == unasked.weights.tolist()


FULL = Case(rows=10, batch=4, val_rows=5, chunk=2, epochs=4, stop=(1, False, 3, 0.0), keep=(1, False))
BATCHES_OF_FULL = 4 * (3 + 3)


@pytest.mark.parametrize("stop_after", range(1, BATCHES_OF_FULL + 1))
@pytest.mark.parametrize("shuffle", [True, False])
def test_interrupt_and_go_on_equals_the_whole_at_every_batch(stop_after: int, shuffle: bool) -> None:
    case = replace(FULL, shuffle=shuffle)
    _, whole = trained(case)
    model = FakeModel(case.memory(), stop_after=stop_after)
    answers = [model.run()]
    while answers[-1] == registers.INTERRUPTED:
        answers.append(model.run())
    assert len(answers) <= 2
    assert state(model.memory) == state(whole.memory)


# --- the host's columns ---------------------------------------------------------------------------

SHARED = replace(FULL, host_columns=2, ask=True, stop=(4, True, 2, 0.0), keep=(4, True))
"""Stop and keep follow the last column, which falls: after the first epoch nothing is better."""


def shared(case: Case, stop_after: int = -1) -> tuple[list[int], FakeModel]:
    """All answers of a training whose host writes its columns when it is asked to."""
    model, answers = FakeModel(case.memory(), stop_after=stop_after), [registers.RUNNING]
    while answers[-1] not in (registers.FINISHED, registers.STOPPED):
        if answers[-1] == registers.METRICS_DUE:
            deliver(model)
        answers.append(model.run())
    return answers[1:], model


def test_the_host_is_asked_before_the_rules_look_at_the_row() -> None:
    answers, model = shared(SHARED)
    assert answers == [registers.METRICS_DUE, registers.EPOCH_END] * 3 + [registers.STOPPED]
    _, first = trained(Case(rows=10, batch=4, val_rows=5, chunk=2, epochs=1))
    assert model.memory.ints[registers.BEST_EPOCH] == 0
    assert model.weights.tolist() == first.weights.tolist()
    assert history(model)[0, 3:].tolist() == first.weights[:2].tolist()
    assert np.isfinite(history(model)[:3]).all()


def test_the_machine_waits_until_the_host_has_written() -> None:
    model = FakeModel(SHARED.memory())
    assert [model.run(), model.run()] == [registers.METRICS_DUE] * 2
    assert model.memory.ints[registers.EPOCH] == 0
    deliver(model)
    assert model.run() == registers.EPOCH_END


@pytest.mark.parametrize("stop_after", range(1, 3 * (3 + 3) + 1))
def test_interrupt_and_go_on_equals_the_whole_with_a_host(stop_after: int) -> None:
    _, whole = shared(SHARED)
    answers, model = shared(SHARED, stop_after)
    assert answers.count(registers.INTERRUPTED) <= 1
    assert state(model.memory) == state(whole.memory)


def test_without_validation_rows_the_host_is_not_asked() -> None:
    answers, model = shared(replace(SHARED, val_rows=0, stop=None, keep=None, ask=False))
    assert answers == [registers.FINISHED]
    assert np.isnan(history(model)[:, 1:]).all()


def test_a_validation_fault_comes_before_the_host() -> None:
    model = FakeModel(SHARED.memory(), lambda epoch: (math.nan, 0.0))
    assert model.run() == registers.VALIDATION_FAULT


def test_an_interrupt_comes_before_the_next_batch() -> None:
    model = FakeModel(Case().memory(), stop_after=2)
    assert model.run() == registers.INTERRUPTED
    assert len(model.batches) == 2
    assert model.memory.ints[registers.CURSOR] == 8


def test_the_host_may_end_training_and_gets_the_best() -> None:
    case = Case(epochs=4, keep=(1, False))
    model = FakeModel(case.memory(), scores, stop_after=5 * 2 + 1, request=registers.END)
    assert model.run() == registers.STOPPED
    assert model.memory.ints[registers.REASON] == registers.BY_HOST
    _, until_best = trained(Case(epochs=2), scores)
    assert model.weights.tolist() == until_best.weights.tolist()


def test_a_second_plan_counts_on() -> None:
    _, model = trained(Case(epochs=2))
    machine.start(model.memory.ints, model.memory.reals)
    Case(epochs=1).write(model.memory)
    assert model.run() == registers.FINISHED
    assert model.memory.ints[registers.EPOCH] == 3
    assert model.clock[6][0] == 7
    assert model.clock[6][1] == 0.0


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_the_same_together(threads: int) -> None:
    _, alone = trained(FULL)
    model = FakeModel(FULL.memory(), threads=threads)
    model.run()
    assert state(model.memory) == state(alone.memory)


def test_threads_leave_together_when_interrupted() -> None:
    _, alone = trained(FULL)
    model = FakeModel(FULL.memory(), threads=2, stop_after=7)
    assert model.run() == registers.INTERRUPTED
    model.run()
    assert state(model.memory) == state(alone.memory)


def test_compiled_functions_name_only_what_a_generated_module_has() -> None:
    known = {function.__name__ for function in machine.COMPILED} | set(machine.CONSTANTS)
    known |= {"math", "fold", "words", "int", "min", "range"}
    named = {name for function in machine.COMPILED for name in function.__code__.co_names}
    assert named - known <= {"isfinite"}
