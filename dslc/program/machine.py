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

from dslc.program.backend import Integers, MachineMemory, Reals
from dslc.scalar.random import fold, stream, words

SLOT: Final = 8
"""Elements of `slots` in one slot."""

# Where the clock stands in `slots` and `whole_slots`.
CLOCK_ITERATION: Final = 0 * SLOT  # the update that the entry makes, from 1
CLOCK_PROGRESS: Final = 1 * SLOT  # share of the plan's updates already done
CLOCK_ROWS: Final = 2 * SLOT  # rows of this call
CLOCK_SEED: Final = 3 * SLOT  # in `whole_slots`
CLOCK_EPOCH: Final = 4 * SLOT  # in `whole_slots`; from 0
CLOCK_STALLED: Final = 5 * SLOT  # epochs since the loss was lowest, that of the validation rows if there are any

# `ints`: the plan, written by the host before the machine starts.
FIRST_EPOCH: Final = 0  # the plan's epochs are FIRST_EPOCH .. LAST_EPOCH - 1
LAST_EPOCH: Final = 1
FIRST_ITERATION: Final = 2  # updates done before the plan
TRAIN_ROWS: Final = 3  # at least 1
VAL_ROWS: Final = 4  # 0: no validation
BATCH: Final = 5  # rows of a training batch, at most the program's capacity
CHUNK: Final = 6  # rows of a validation batch, at most the program's capacity
SEED: Final = 7  # 0 .. 2^32 - 1
SHUFFLE: Final = 8  # 0: rows in the order of `train_rows`
COLUMNS: Final = 9  # of the history: train.loss, val.loss, val.METRIC ..., those of `health`, the host's
STOP_COLUMN: Final = 10  # what the stop rule watches; -1: no rule
STOP_HIGHER: Final = 11  # 1: better, or passing, is higher
PATIENCE: Final = 12  # epochs without improvement; 0: the rule is reals[THRESHOLD]
KEEP_COLUMN: Final = 13  # what the best copy follows; -1: none is kept
KEEP_HIGHER: Final = 14
ASK_EPOCH_END: Final = 15  # 1: answer EPOCH_END after every epoch
TRAIN_SLOT: Final = 16  # first slot of the results of `train`: objective, sums.weight, sums.loss
EVALUATE_SLOT: Final = 17  # of `evaluate`: sums.weight, sums.loss, sums.1 ...
FINISH_SLOT: Final = 18  # of `finish`: loss and metrics, all other columns but the first
TOTAL_SLOT: Final = 19  # of the totals that `finish` reads, in the order of the results of `evaluate`
TOTALS: Final = 20  # how many elements of `slots` they take, as those results do
WORDS: Final = 21  # length of `parameters` and `best`
HOST_COLUMNS: Final = 22  # how many of the columns, the last ones, the host writes where there are validation rows
HEALTH_COLUMNS: Final = 23  # how many of those before them are the results of `health`; 0: it is not called
HEALTH_SLOT: Final = 24  # first slot of these results

# `ints`: the state.
EPOCH: Final = 32  # the epoch that runs, from 0 over the model's life
ITERATION: Final = 33  # updates done over the model's life
CURSOR: Final = 34  # training rows done in this epoch
MEASURED: Final = 35  # 1: `health` has run in this epoch
VALIDATED: Final = 36  # validation rows done in this epoch
STALLED: Final = 37  # epochs since the watched column improved
LOWEST_EPOCH: Final = 38  # the last epoch of the plan's whose loss was lower than all before it
BEST_EPOCH: Final = 39  # the epoch whose parameters are in `best`; -1: none
REASON: Final = 40  # why training stopped
HOST_ROW: Final = 41  # the host's columns of this epoch's row: NOT_DUE, DUE, or WRITTEN, which the host says

# `ints`: what machine, host and threads say to one another.
COMMAND: Final = 48  # what all threads do next
FIRST: Final = 49  # first row of the command
ROWS: Final = 50  # rows of the command
ANSWER: Final = 51  # why the machine returned
REQUEST: Final = 56  # the host's word, on a cache line of its own; read atomically
BARRIER: Final = 64  # 16 words for the backend's barrier, on cache lines of their own
INTS: Final = 80

# `reals`
THRESHOLD: Final = 0  # plan: of the stop rule
STOP_BEST: Final = 1  # state: best of the watched column, negated where higher is better
KEEP_BEST: Final = 2  # state: of the kept one, likewise
TRAIN_WEIGHT: Final = 3  # state: sum of weights over this epoch's batches
TRAIN_LOSS: Final = 4  # state: sum of weighted losses
OBJECTIVE: Final = 5  # of the last batch, for the host to show
LOWEST_LOSS: Final = 6  # state: of the validation rows, or without any of the training rows
REALS: Final = 8

# Commands.
RETURN: Final = 0
TRAIN: Final = 1
EVALUATE: Final = 2
FINISH: Final = 3
HEALTH: Final = 4

# Answers.
RUNNING: Final = 0
FINISHED: Final = 1  # the plan's last epoch is done
STOPPED: Final = 2  # before that, for ints[REASON]
EPOCH_END: Final = 3  # one epoch is done
INTERRUPTED: Final = 4  # the host asked; going on equals not having stopped
FAULT: Final = 5  # the objective of update ints[ITERATION] is not finite
VALIDATION_FAULT: Final = 6  # the validation loss after epoch ints[EPOCH] is not finite
METRICS_DUE: Final = 7  # the host's columns of this epoch's row are to be written

# What is said of the host's columns.
NOT_DUE: Final = 0
DUE: Final = 1
WRITTEN: Final = 2

# Requests of the host.
GO_ON: Final = 0
INTERRUPT: Final = 1
END: Final = 2  # end training here, as if a rule had stopped it

# Reasons.
BY_PATIENCE: Final = 1
BY_THRESHOLD: Final = 2
BY_HOST: Final = 3

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
        take_batch(ints, reals, slots)
        epoch_done = ints[CURSOR] == ints[TRAIN_ROWS] and ints[VAL_ROWS] == 0 and ints[HEALTH_COLUMNS] == 0
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


def take_batch(ints: Integers, reals: Reals, slots: Reals) -> None:
    """Counts the update, adds its sums; a FAULT where its objective is not finite."""
    first = ints[TRAIN_SLOT] * SLOT
    reals[OBJECTIVE] = slots[first]
    ints[ITERATION] += 1
    ints[CURSOR] += ints[ROWS]
    if math.isfinite(slots[first]):
        reals[TRAIN_WEIGHT] += slots[first + SLOT]
        reals[TRAIN_LOSS] += slots[first + 2 * SLOT]
    else:
        ints[ANSWER] = FAULT


def take_health(ints: Integers, history: Reals, slots: Reals) -> None:
    """Writes the results of `health` to the epoch's row."""
    end = (ints[EPOCH] - ints[FIRST_EPOCH] + 1) * ints[COLUMNS] - ints[HOST_COLUMNS]
    for k in range(ints[HEALTH_COLUMNS]):
        history[end - ints[HEALTH_COLUMNS] + k] = slots[(ints[HEALTH_SLOT] + k) * SLOT]
    ints[MEASURED] = 1


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
    for k in range(1, ints[COLUMNS] - ints[HEALTH_COLUMNS] - ints[HOST_COLUMNS]):
        history[row + k] = slots[(ints[FINISH_SLOT] + k - 1) * SLOT]
    if ints[HOST_COLUMNS] > 0:
        ints[HOST_ROW] = DUE
        ints[ANSWER] = METRICS_DUE


def end_epoch(ints: Integers, reals: Reals, history: Reals, parameters: Integers, best: Integers) -> None:
    """Completes the epoch's row of the history by the training loss, then applies stop rule and best copy to it."""
    row = (ints[EPOCH] - ints[FIRST_EPOCH]) * ints[COLUMNS]
    history[row] = reals[TRAIN_LOSS] / reals[TRAIN_WEIGHT] if reals[TRAIN_WEIGHT] > 0 else 0.0
    loss = history[row + 1] if ints[VAL_ROWS] > 0 else history[row]
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
    elif ints[HEALTH_COLUMNS] > 0 and ints[MEASURED] == 0:
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
    take_batch,
    decide,
)
"""What a compiling backend takes over by source, each after those that it calls."""

CONSTANTS = {name: value for name, value in tuple(globals().items()) if name.isupper() and isinstance(value, int)}
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
