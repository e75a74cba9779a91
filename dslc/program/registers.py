"""Where everything stands in the machine's arrays, and the words by which machine and host speak.

`ints` and `reals` hold the plan, which the host writes before the machine starts, and the state, which makes a training
one that can be interrupted anywhere. `slots` and `whole_slots` are the arena seen as float64 and as int64.
"""

from __future__ import annotations

from typing import Final

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
COLUMNS: Final = 9  # of the history: train.loss, train.OBJECTIVE .., val.loss, val.METRIC .., of `health`, the host's
STOP_COLUMN: Final = 10  # what the stop rule watches; -1: no rule
STOP_HIGHER: Final = 11  # 1: better, or passing, is higher
PATIENCE: Final = 12  # epochs without improvement; 0: the rule is reals[THRESHOLD]
KEEP_COLUMN: Final = 13  # what the best copy follows; -1: none is kept
KEEP_HIGHER: Final = 14
ASK_EPOCH_END: Final = 15  # 1: answer EPOCH_END after every epoch
TRAIN_SLOT: Final = 16  # first slot of the results of `train`: objective, sums.weight, sums.loss, sums.1 ..
EVALUATE_SLOT: Final = 17  # of `evaluate`: sums.weight, sums.loss, sums.1 ...
FINISH_SLOT: Final = 18  # of `finish`: loss and metrics, all other columns but those of `train`
TOTAL_SLOT: Final = 19  # of the totals that `finish` reads, in the order of the results of `evaluate`
TOTALS: Final = 20  # how many elements of `slots` they take, as those results do
WORDS: Final = 21  # length of `parameters` and `best`
HOST_COLUMNS: Final = 22  # how many of the columns, the last ones, the host writes where there are validation rows
HEALTH_COLUMNS: Final = 23  # how many of those before them are the results of `health`; 0: it is not called
HEALTH_SLOT: Final = 24  # first slot of these results
OBJECTIVES: Final = 25  # how many objectives have names, and a column each after the first

# `ints`: the state.
EPOCH: Final = 32  # the epoch that runs, from 0 over the model's life
ITERATION: Final = 33  # updates done over the model's life
CURSOR: Final = 34  # training rows done in this epoch
MEASURED: Final = 35  # 1: the results of `health` are in this epoch's row
VALIDATED: Final = 36  # validation rows done in this epoch
STALLED: Final = 37  # epochs since the watched column improved
LOWEST_EPOCH: Final = 38  # the last epoch of the plan's whose loss was lower than all before it
BEST_EPOCH: Final = 39  # the epoch whose parameters are in `best`; -1: none
REASON: Final = 40  # why training stopped
HOST_ROW: Final = 41  # the host's columns of this epoch's row: NOT_DUE, DUE, or WRITTEN, which the host says
MEASURED_AT: Final = 42  # updates done when `health` ran last

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

HEALTH_GAP: Final = 8
"""Updates between two runs of `health` at least, which take as long as one: an epoch of few batches is not held up."""

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
