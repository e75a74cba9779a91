"""The training machine: epochs, shuffle, batches, validation, early stop, best copy, as one decision.

`decide` is called by thread 0 between two entries of the program. It takes in what the last entry
computed and writes the next command to `ints`: TRAIN, HEALTH, EVALUATE, FINISH, or RETURN with an answer. All
state lies in the arrays it is given, so the machine stops and goes on at any batch, bit for bit. `run` is
the loop around it, which every backend has in its own form; each entry ends with a barrier.

Of an epoch's row of the history the last HOST_COLUMNS are the host's: metrics that no entry computes. The
machine answers METRICS_DUE once its own columns are there, and goes on when the host has written the
others and said so in ints[HOST_ROW]; only then do the stop rule and the best copy look at the row.

The functions in `COMPILED` are plain arithmetic on one-dimensional arrays: the reference backend calls
them as they are, a compiling backend takes over their source, the integers in `CONSTANTS`, the functions
in dslc.scalar.random.COMPILED and `import math`. They allocate nothing and call no entry, so that their
compiled form serves every model.

The arena's first slots (64 bytes each) are those of the CLOCK; `slots` and `whole_slots` are the arena
seen as float64 and as int64, 8 to a slot. The results of the entries and the totals stand in consecutive
slots, whose first numbers are in `ints`.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

from dslc.program import registers
from dslc.program.backend import Integers, MachineMemory, Reals

from dslc.program.registers import (  # isort: skip
    ANSWER, ASK_EPOCH_END, BATCH, BEST_EPOCH, BY_HOST, BY_PATIENCE, BY_THRESHOLD, CHUNK, CLOCK_EPOCH,
    CLOCK_ITERATION, CLOCK_PROGRESS, CLOCK_ROWS, CLOCK_SEED, CLOCK_STALLED, COLUMNS, COMMAND, CURSOR, DUE, END,
    EPOCH, EPOCH_END, EVALUATE, EVALUATE_SLOT, FAULT, FINISH, FINISHED, FINISH_SLOT, FIRST, FIRST_EPOCH,
    FIRST_ITERATION, HEALTH, HEALTH_COLUMNS, HEALTH_GAP, HEALTH_SLOT, HOST_COLUMNS, HOST_ROW, INTERRUPT,
    INTERRUPTED, ITERATION, KEEP_BEST, KEEP_COLUMN, KEEP_HIGHER, LAST_EPOCH, LOWEST_EPOCH, LOWEST_LOSS, MEASURED,
    MEASURED_AT, METRICS_DUE, NOT_DUE, OBJECTIVE, OBJECTIVES, PATIENCE, REASON, REQUEST, RETURN, ROWS, RUNNING,
    SEED, SHUFFLE, SLOT, STALLED, STOPPED, STOP_BEST, STOP_COLUMN, STOP_HIGHER, THRESHOLD, TOTALS, TOTAL_SLOT,
    TRAIN, TRAIN_LOSS, TRAIN_ROWS, TRAIN_SLOT, TRAIN_WEIGHT, VALIDATED, VALIDATION_FAULT, VAL_ROWS, WORDS, WRITTEN,
)  # fmt: skip
from dslc.scalar.random import fold, stream, words

SHUFFLE_STREAM: Final = stream("shuffle")


def decide(
    request: int,
    ints: Integers,
    reals: Reals,
    history: Reals,
    order: Integers,
    train_rows: Integers,
    parameters: Integers,
    best: Integers,
    slots: Reals,
    whole_slots: Integers,
) -> None:
    """Takes in the last command's results and writes the next command.

    `history` is [epochs of the plan * COLUMNS], row by row; `order` and `train_rows` are [TRAIN_ROWS];
    `parameters` and `best` are [WORDS], the PARAMETER region and its copy as int64; `request` is ints[REQUEST].
    """
    done = ints[COMMAND]
    ints[COMMAND] = RETURN
    ints[ANSWER] = RUNNING
    epoch_done = ints[HOST_ROW] == WRITTEN
    if ints[HOST_ROW] == DUE:
        ints[ANSWER] = METRICS_DUE
    elif done == TRAIN:
        take_batch(ints, reals, history, slots)
        if ints[CURSOR] == ints[TRAIN_ROWS]:
            repeat_health(ints, history)
        epoch_done = ints[MEASURED] == 1 and ints[VAL_ROWS] == 0
    elif done == HEALTH:
        take_health(ints, history, slots)
        epoch_done = ints[VAL_ROWS] == 0
    elif done == EVALUATE:
        take_chunk(ints, slots)
    elif done == FINISH:
        epoch_done = True
        take_validation(ints, history, slots)
    if ints[ANSWER] != RUNNING:
        return
    if epoch_done:
        end_epoch(ints, reals, history, parameters, best)
        if ints[ASK_EPOCH_END] == 1:
            ints[ANSWER] = EPOCH_END
            return
    choose(request, ints, reals, order, train_rows, parameters, best, slots, whole_slots)


def take_batch(ints: Integers, reals: Reals, history: Reals, slots: Reals) -> None:
    """Counts the update, adds its sums; a FAULT where its objective is not finite.

    Those of objectives with names are gathered in the epoch's row of the history.
    """
    first, row = ints[TRAIN_SLOT] * SLOT, (ints[EPOCH] - ints[FIRST_EPOCH]) * ints[COLUMNS]
    for k in range(1, ints[OBJECTIVES] + 1):
        before = history[row + k] if ints[CURSOR] > 0 else 0.0
        history[row + k] = before + slots[first + (2 + k) * SLOT]
    reals[OBJECTIVE] = slots[first]
    ints[ITERATION] += 1
    ints[CURSOR] += ints[ROWS]
    if math.isfinite(slots[first]):
        reals[TRAIN_WEIGHT] += slots[first + SLOT]
        reals[TRAIN_LOSS] += slots[first + 2 * SLOT]
    else:
        ints[ANSWER] = FAULT


def repeat_health(ints: Integers, history: Reals) -> None:
    """The norms of the row before, where there are any and few updates were made since."""
    if ints[HEALTH_COLUMNS] > 0:
        first, since = ints[EPOCH] == ints[FIRST_EPOCH], ints[ITERATION] - ints[MEASURED_AT]
        if first or since >= HEALTH_GAP:
            return
    end = (ints[EPOCH] - ints[FIRST_EPOCH] + 1) * ints[COLUMNS] - ints[HOST_COLUMNS]
    for k in range(end - ints[HEALTH_COLUMNS], end):
        history[k] = history[k - ints[COLUMNS]]
    ints[MEASURED] = 1


def take_health(ints: Integers, history: Reals, slots: Reals) -> None:
    """Writes the results of `health` to the epoch's row."""
    end = (ints[EPOCH] - ints[FIRST_EPOCH] + 1) * ints[COLUMNS] - ints[HOST_COLUMNS]
    for k in range(ints[HEALTH_COLUMNS]):
        history[end - ints[HEALTH_COLUMNS] + k] = slots[(ints[HEALTH_SLOT] + k) * SLOT]
    ints[MEASURED] = 1
    ints[MEASURED_AT] = ints[ITERATION]


def take_chunk(ints: Integers, slots: Reals) -> None:
    """Adds a validation batch's sums to the totals."""
    for k in range(ints[TOTALS]):
        slots[ints[TOTAL_SLOT] * SLOT + k] += slots[ints[EVALUATE_SLOT] * SLOT + k]
    ints[VALIDATED] += ints[ROWS]


def take_validation(ints: Integers, history: Reals, slots: Reals) -> None:
    """Writes the results of `finish` to the epoch's row; a VALIDATION_FAULT where its loss is not finite.

    Before the host is asked, since what it does for its columns may change the slots.
    """
    if not math.isfinite(slots[ints[FINISH_SLOT] * SLOT]):
        ints[ANSWER] = VALIDATION_FAULT
        return
    row = (ints[EPOCH] - ints[FIRST_EPOCH]) * ints[COLUMNS]
    first = 1 + ints[OBJECTIVES]
    for k in range(first, ints[COLUMNS] - ints[HEALTH_COLUMNS] - ints[HOST_COLUMNS]):
        history[row + k] = slots[(ints[FINISH_SLOT] + k - first) * SLOT]
    if ints[HOST_COLUMNS] > 0:
        ints[HOST_ROW] = DUE
        ints[ANSWER] = METRICS_DUE


def end_epoch(ints: Integers, reals: Reals, history: Reals, parameters: Integers, best: Integers) -> None:
    """Completes the epoch's row of the history by the training loss, then applies stop rule and best copy to it."""
    row = (ints[EPOCH] - ints[FIRST_EPOCH]) * ints[COLUMNS]
    history[row] = reals[TRAIN_LOSS] / reals[TRAIN_WEIGHT] if reals[TRAIN_WEIGHT] > 0 else 0.0
    for k in range(1, ints[OBJECTIVES] + 1):
        history[row + k] = history[row + k] / reals[TRAIN_WEIGHT] if reals[TRAIN_WEIGHT] > 0 else 0.0
    loss = history[row + 1 + ints[OBJECTIVES]] if ints[VAL_ROWS] > 0 else history[row]
    if loss < reals[LOWEST_LOSS]:
        reals[LOWEST_LOSS] = loss
        ints[LOWEST_EPOCH] = ints[EPOCH]
    if ints[STOP_COLUMN] >= 0:
        watch(history[row + ints[STOP_COLUMN]], ints, reals)
    if ints[KEEP_COLUMN] >= 0:
        value = history[row + ints[KEEP_COLUMN]]
        rank = -value if ints[KEEP_HIGHER] == 1 else value
        # Strictly better, so that of equals the earliest is kept.
        if rank < reals[KEEP_BEST]:
            reals[KEEP_BEST] = rank
            ints[BEST_EPOCH] = ints[EPOCH]
            copy_words(best, parameters, ints[WORDS])
    ints[EPOCH] += 1
    ints[CURSOR] = 0
    ints[MEASURED] = 0
    ints[VALIDATED] = 0
    ints[HOST_ROW] = NOT_DUE


def watch(value: float, ints: Integers, reals: Reals) -> None:
    """The stop rule on the watched column's `value` of this epoch; NaN is no improvement and passes nothing."""
    rank = -value if ints[STOP_HIGHER] == 1 else value
    if ints[PATIENCE] == 0:
        threshold = -reals[THRESHOLD] if ints[STOP_HIGHER] == 1 else reals[THRESHOLD]
        if rank < threshold:
            ints[REASON] = BY_THRESHOLD
    elif rank < reals[STOP_BEST]:
        reals[STOP_BEST] = rank
        ints[STALLED] = 0
    else:
        ints[STALLED] += 1
        if ints[STALLED] >= ints[PATIENCE]:
            ints[REASON] = BY_PATIENCE


def choose(
    request: int,
    ints: Integers,
    reals: Reals,
    order: Integers,
    train_rows: Integers,
    parameters: Integers,
    best: Integers,
    slots: Reals,
    whole_slots: Integers,
) -> None:
    """The next command, or the answer with which the machine returns."""
    if request == END and ints[REASON] == 0 and ints[EPOCH] < ints[LAST_EPOCH]:
        ints[REASON] = BY_HOST
    if ints[REASON] != 0 or ints[EPOCH] >= ints[LAST_EPOCH]:
        if ints[BEST_EPOCH] >= 0:
            copy_words(parameters, best, ints[WORDS])
        ints[ANSWER] = STOPPED if ints[REASON] != 0 else FINISHED
    elif request == INTERRUPT:
        ints[ANSWER] = INTERRUPTED
    elif ints[CURSOR] < ints[TRAIN_ROWS]:
        begin_batch(ints, reals, order, train_rows, slots, whole_slots)
    elif ints[MEASURED] == 0:
        begin_health(ints, slots)
    elif ints[VALIDATED] < ints[VAL_ROWS]:
        begin_chunk(ints, slots)
    else:
        ints[COMMAND] = FINISH


def begin_batch(
    ints: Integers, reals: Reals, order: Integers, train_rows: Integers, slots: Reals, whole_slots: Integers
) -> None:
    """Commands the next training batch, the last one with the rows that are left; sets the clock."""
    if ints[CURSOR] == 0:
        order_rows(ints, order, train_rows)
        reals[TRAIN_WEIGHT] = 0.0
        reals[TRAIN_LOSS] = 0.0
    batches = (ints[TRAIN_ROWS] + ints[BATCH] - 1) // ints[BATCH]
    planned = (ints[LAST_EPOCH] - ints[FIRST_EPOCH]) * batches
    ints[COMMAND] = TRAIN
    ints[FIRST] = ints[CURSOR]
    ints[ROWS] = min(ints[BATCH], ints[TRAIN_ROWS] - ints[CURSOR])
    slots[CLOCK_ITERATION] = ints[ITERATION] + 1
    slots[CLOCK_PROGRESS] = (ints[ITERATION] - ints[FIRST_ITERATION]) / planned
    slots[CLOCK_ROWS] = ints[ROWS]
    whole_slots[CLOCK_SEED] = ints[SEED]
    whole_slots[CLOCK_EPOCH] = ints[EPOCH]
    slots[CLOCK_STALLED] = ints[EPOCH] - 1 - ints[LOWEST_EPOCH]


def begin_health(ints: Integers, slots: Reals) -> None:
    """Commands the gradients of this epoch's first batch once more, at the weights that the epoch has come to."""
    ints[COMMAND] = HEALTH
    ints[FIRST] = 0
    ints[ROWS] = min(ints[BATCH], ints[TRAIN_ROWS])
    slots[CLOCK_ROWS] = ints[ROWS]


def begin_chunk(ints: Integers, slots: Reals) -> None:
    """Commands the next batch of validation rows."""
    if ints[VALIDATED] == 0:
        for k in range(ints[TOTALS]):
            slots[ints[TOTAL_SLOT] * SLOT + k] = 0.0
    ints[COMMAND] = EVALUATE
    ints[FIRST] = ints[VALIDATED]
    ints[ROWS] = min(ints[CHUNK], ints[VAL_ROWS] - ints[VALIDATED])
    slots[CLOCK_ROWS] = ints[ROWS]


def order_rows(ints: Integers, order: Integers, train_rows: Integers) -> None:
    """This epoch's order of the training rows: a function of seed and epoch alone (Durstenfeld 1964)."""
    count = int(ints[TRAIN_ROWS])
    for k in range(count):
        order[k] = train_rows[k]
    if ints[SHUFFLE] == 0:
        return
    key = fold((int(ints[SEED]), SHUFFLE_STREAM), int(ints[EPOCH]))
    for k in range(count - 1, 0, -1):
        word, _ = words(key, k, 0)
        # Of 2^32 words each of the k + 1 places gets its share to one word: the bias is below (k + 1) / 2^32.
        place = (word * (k + 1)) >> 32
        kept = order[k]
        order[k] = order[place]
        order[place] = kept


def copy_words(target: Integers, source: Integers, count: int) -> None:
    for k in range(count):
        target[k] = source[k]


COMPILED = (
    copy_words,
    order_rows,
    begin_chunk,
    begin_health,
    begin_batch,
    choose,
    watch,
    end_epoch,
    take_validation,
    take_chunk,
    take_health,
    repeat_health,
    take_batch,
    decide,
)
"""What a compiling backend takes over by source, each after those that it calls."""

CONSTANTS = {
    name: value for name, value in (*vars(registers).items(), ("SHUFFLE_STREAM", SHUFFLE_STREAM)) if name.isupper()
}
"""The integers that the functions in COMPILED name."""


class Entries(Protocol):
    """What the machine commands. Every method is called by all threads and ends with a barrier."""

    def train(self, thread: int, threads: int, first: int, rows: int) -> None:
        """One update on `order[first : first + rows]`."""

    def evaluate(self, thread: int, threads: int, first: int, rows: int) -> None:
        """The sums over `val_rows[first : first + rows]`."""

    def health(self, thread: int, threads: int, first: int, rows: int) -> None:
        """The norms of the gradients over `order[first : first + rows]`."""

    def finish(self, thread: int, threads: int) -> None:
        """Loss and metrics from the totals."""

    def barrier(self, thread: int, threads: int) -> None:
        """Returns when all threads have called it."""


def start(ints: Integers, reals: Reals) -> None:
    """Sets the state that a new plan begins with; EPOCH and ITERATION go on, and what the plan says is the host's."""
    ints[FIRST_EPOCH] = ints[EPOCH]
    ints[FIRST_ITERATION] = ints[ITERATION]
    for k in (CURSOR, MEASURED, VALIDATED, REASON, HOST_ROW, COMMAND, ANSWER, REQUEST):
        ints[k] = 0
    forget_best(ints, reals)


def forget_best(ints: Integers, reals: Reals) -> None:
    """What the stop rule and the best copy follow begins anew."""
    ints[STALLED] = 0
    ints[BEST_EPOCH] = -1
    ints[LOWEST_EPOCH] = ints[EPOCH] - 1
    reals[LOWEST_LOSS] = math.inf
    reals[STOP_BEST] = math.inf
    reals[KEEP_BEST] = math.inf


def run(memory: MachineMemory, entries: Entries, thread: int = 0, threads: int = 1) -> None:
    """The loop around `decide`, entered by every thread; why it returned stands in ints[ANSWER]."""
    ints, slots, whole_slots = memory.ints, memory.arena.view("float64"), memory.arena.view("int64")
    parameters, best = memory.parameters.view("int64"), memory.best.view("int64")
    while True:
        if thread == 0:
            request = int(ints[REQUEST])
            decide(
                request,
                ints,
                memory.reals,
                memory.history,
                memory.order,
                memory.train_rows,
                parameters,
                best,
                slots,
                whole_slots,
            )
        entries.barrier(thread, threads)
        command, first, rows = int(ints[COMMAND]), int(ints[FIRST]), int(ints[ROWS])
        if command == TRAIN:
            entries.train(thread, threads, first, rows)
        elif command == EVALUATE:
            entries.evaluate(thread, threads, first, rows)
        elif command == HEALTH:
            entries.health(thread, threads, first, rows)
        elif command == FINISH:
            entries.finish(thread, threads)
        else:
            return
