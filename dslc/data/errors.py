"""What can be wrong with a data block, at its place in the model file.

Faults inside the data files are no diagnostics: they raise `DataError`, which names file, row and column.
"""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label, Severity
from dslc.source import Span


class NoData(Diagnostic):
    """A model file without a data block.

    `data { csv "a.csv"; target y }` reads a file; `data { input x: [4]; target y: class(3) }` takes arrays from Python.
    """

    code: ClassVar = "no-data"
    message: ClassVar = "the file has no data block"


class NoSource(Diagnostic):
    """A data block without a file (`csv`, `parquet`, `npz`) and without an input that Python feeds (`input x: [4]`)."""

    code: ClassVar = "no-source"
    message: ClassVar = "the data block names no file and no input"


class MixedSources(Diagnostic):
    """Inputs come from one file, or all from Python; a data block cannot have both."""

    code: ClassVar = "mixed-sources"
    message: ClassVar = "inputs come from a file or from Python, not from both"
    label: ClassVar = "fed from Python"

    file: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.file, "read from a file"),)


class GivenTwice(Diagnostic):
    """A statement of the data block that may stand once, or a name that two fields share."""

    code: ClassVar = "given-twice"
    message: ClassVar = "{what} is given twice"

    what: str
    first: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.first, "first here"),)


class UnknownFormat(Diagnostic):
    """A kind of file that dslc does not read. It reads `npz`, `csv` and `parquet`."""

    code: ClassVar = "unknown-format"
    message: ClassVar = "unknown kind of file `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


class UnknownDataSetting(Diagnostic):
    """A setting that nothing in the data block reads."""

    code: ClassVar = "unknown-data-setting"
    message: ClassVar = "unknown setting `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


class BadDataSetting(Diagnostic):
    """A setting of a file with a value that it cannot take."""

    code: ClassVar = "bad-data-setting"
    message: ClassVar = "`{name}` takes {expected}"

    name: str
    expected: str


class BadShape(Diagnostic):
    """The shape of a field holds the extents of one example: whole numbers above 0, at most 2^31 elements in all."""

    code: ClassVar = "bad-shape"
    message: ClassVar = "{reason}"

    reason: str


class BadClassCount(Diagnostic):
    """`class(k)` says that the labels are 0 to k - 1; k is a whole number, at least 2."""

    code: ClassVar = "bad-class-count"
    message: ClassVar = "the number of classes is a whole number above 1, as in `class(10)`"


class UnknownKind(Diagnostic):
    """A kind of field that does not exist. Fields are shapes, such as `[8, 8, 1]`, or `class(10)`."""

    code: ClassVar = "unknown-kind"
    message: ClassVar = "unknown kind `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


class BadShares(Diagnostic):
    """The shares of a split are two (train/test) or three (train/val/test) numbers above 0 that make 100."""

    code: ClassVar = "bad-shares"
    message: ClassVar = "the shares of a split are two or three numbers above 0 that make 100; these make {total}"

    total: str


class BadSeed(Diagnostic):
    """A seed is a whole number from 0 to 4294967295."""

    code: ClassVar = "bad-seed"
    message: ClassVar = "a seed is a whole number from 0 to 4294967295"


class NoTarget(Diagnostic):
    """`scale target`, and `stratified` without a column, are about the target, and there is none."""

    code: ClassVar = "no-target"
    message: ClassVar = "{what} needs a target"

    what: str


class UnknownScaling(Diagnostic):
    """A scaling that does not exist. `zscore` gives mean 0 and deviation 1, `minmax 0..1` a range."""

    code: ClassVar = "unknown-scaling"
    message: ClassVar = "unknown scaling `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


class BadScaleRange(Diagnostic):
    """`minmax` takes a range from low to high, `zscore` takes none."""

    code: ClassVar = "bad-scale-range"
    message: ClassVar = "{reason}"

    reason: str


class ScaledClasses(Diagnostic):
    """`scale target` is for values. The loss of this file takes classes, which have no scale."""

    code: ClassVar = "scaled-classes"
    message: ClassVar = "the target holds classes, which cannot be scaled"


class ClassesAsValues(Diagnostic):
    """A target declared `class(k)` under a loss that takes values."""

    code: ClassVar = "classes-as-values"
    message: ClassVar = "`{name}` is declared to hold classes, but the loss takes values"

    name: str


class UncountedClasses(Diagnostic):
    """The net's width needs the number of classes before Python feeds any: `target y: class(10)`."""

    code: ClassVar = "uncounted-classes"
    message: ClassVar = "the loss takes classes, and `{name}` does not say how many"
    help: ClassVar = "`target {name}: class(10)`"

    name: str


class NotScalar(Diagnostic):
    """Classes, and what a split is stratified by, are one value per row."""

    code: ClassVar = "not-scalar"
    message: ClassVar = "{what} takes one value per row, but `{name}` holds {shape}"

    what: str
    name: str
    shape: str


class OutsideFolder(Diagnostic):
    """A model file is data, not a program: the paths in it stay below its own folder, links included.

    Name another place on the command line: `--data PATH`.
    """

    code: ClassVar = "outside-folder"
    message: ClassVar = "`{path}` is not below the model file's folder"
    help: ClassVar = "name it on the command line: `--data PATH`"

    path: str


class FileMissing(Diagnostic):
    """No such file, or no file of data: a folder or a device."""

    code: ClassVar = "file-not-found"
    message: ClassVar = "{reason} `{path}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    path: str
    reason: str
    suggestion: str | None = None


class UnknownColumn(Diagnostic):
    """A name that the file does not have. Columns whose names are no identifiers stand in backticks."""

    code: ClassVar = "unknown-column"
    message: ClassVar = "{file} has no {noun} `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    file: str
    noun: str
    name: str
    suggestion: str | None = None


class EmptyGlob(Diagnostic):
    """A pattern over column names that no column meets."""

    code: ClassVar = "empty-glob"
    message: ClassVar = "`{pattern}` meets no {noun} of {file}"

    file: str
    noun: str
    pattern: str


class TargetAsInput(Diagnostic):
    """`only` and `ignore` choose inputs; the target is never one of them."""

    code: ClassVar = "target-as-input"
    message: ClassVar = "`{name}` is the target; `{verb}` chooses inputs"

    name: str
    verb: str


class NoInputs(Diagnostic):
    """Without the target and what is ignored, no column is left to learn from."""

    code: ClassVar = "no-inputs"
    message: ClassVar = "no input is left"


class StoredShape(Diagnostic):
    """A declared shape that does not meet the file's.

    Axes of extent 1 may be added or left out, and a flat row may be cut into any shape of as many elements
    (the last axis varies fastest); anything else would mix elements up.
    """

    code: ClassVar = "stored-shape"
    message: ClassVar = "`{name}` is declared {declared}, but a row of `{stored}` in `{file}` is {found}"

    name: str
    declared: str
    stored: str
    file: str
    found: str


class BadLevels(Diagnostic):
    """`column size: ordered(small, medium, large)` lists at least two different levels, from low to high.

    The levels become the numbers 0, 1, 2 ..; a cell that is none of them is an error.
    """

    code: ClassVar = "bad-levels"
    message: ClassVar = "`ordered` lists different levels, as in `ordered(small, medium, large)`"


class UnknownFill(Diagnostic):
    """A way to fill missing cells that does not exist: `median`, `mean`, `mode`, `constant V` and `drop rows` do."""

    code: ClassVar = "unknown-fill"
    message: ClassVar = "unknown way to fill missing cells: `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


class ConstantKind(Diagnostic):
    """`missing constant V of COLUMN` takes what the column holds: a number, a category, or `true` and `false`."""

    code: ClassVar = "constant-kind"
    message: ClassVar = "`{name}` holds {kind}, which this constant is not"

    name: str
    kind: str


class UnknownFunction(Diagnostic):
    """A formula of columns knows abs, log, exp, sqrt, min, max, where, and year, month, day, weekday of dates."""

    code: ClassVar = "unknown-column-function"
    message: ClassVar = "formulas of columns have no function `{name}`"
    help: ClassVar = "did you mean `{suggestion}`?"

    name: str
    suggestion: str | None = None


class FormulaArguments(Diagnostic):
    """A function of a column's formula with too few or too many arguments."""

    code: ClassVar = "formula-arguments"
    message: ClassVar = "`{name}` takes {count}"

    name: str
    count: str


class NotRowLocal(Diagnostic):
    """A column's formula computes each row from the same row: + - * / ^, comparisons, and, or, not, if, functions."""

    code: ClassVar = "not-row-local"
    message: ClassVar = "a column's formula has no place for this"


class FormulaKind(Diagnostic):
    """A formula that computes with text, or with a date where a number stands.

    Categories are compared with texts, `sex == "female"`; of a date `year`, `month`, `day` and `weekday` are numbers,
    and so is the difference of two dates, in days.
    """

    code: ClassVar = "formula-kind"
    message: ClassVar = "{what} {expected}"

    what: str
    expected: str


class ColumnTaken(Diagnostic):
    """A formula's column takes a name that the file does not have."""

    code: ClassVar = "column-taken"
    message: ClassVar = "{file} has a column `{name}` already"

    file: str
    name: str


class TargetInInputs(Diagnostic):
    """A formula that reads the target gives the net what it is to predict."""

    code: ClassVar = "target-in-inputs"
    message: ClassVar = "`{name}` is computed from the target `{target}` and would be an input"
    help: ClassVar = "`ignore {name}`"

    name: str
    target: str


class DateAsInput(Diagnostic):
    """A net reads numbers and categories; a date gives it some: its parts, or its distance from another date."""

    code: ClassVar = "date-as-input"
    message: ClassVar = "the column `{name}` holds dates, which a net cannot read"
    help: ClassVar = "`ignore {name}`, and a part of it as a column: `column {name}_month = month({name})`"

    name: str


class NotAnInput(Diagnostic):
    """Rules for missing cells and scaling are about inputs; this column is the target, a weight, or ignored."""

    code: ClassVar = "not-an-input"
    message: ClassVar = "`{name}` is not an input"

    name: str


class NoShares(Diagnostic):
    """`reconstruct image` under a loss that compares shares, as `binary_cross_entropy` does, takes values from 0 to 1.

    They are the prepared ones, of the training rows: `scale minmax 0..1` makes them so.
    """

    code: ClassVar = "no-shares"
    message: ClassVar = "the loss takes values from 0 to 1, and those of `{name}` go from {low} to {high}"
    help: ClassVar = "write `scale minmax 0..1`, or take a loss of values such as `squared_error`"

    name: str
    low: str
    high: str


class NotANumber(Diagnostic):
    """What takes numbers, and a column that holds something else."""

    code: ClassVar = "not-a-number"
    message: ClassVar = "{what} takes numbers, but `{name}` holds {kind}"

    what: str
    name: str
    kind: str


class TextAsValues(Diagnostic):
    """A target of text or dates under a loss that takes values. `cross_entropy` and its like take classes."""

    code: ClassVar = "text-as-values"
    message: ClassVar = "`{name}` holds {kind}, but its loss takes values"
    help: ClassVar = "`cross_entropy` takes classes"

    name: str
    kind: str


class BadPositive(Diagnostic):
    """`positive` names one of the two classes of the target."""

    code: ClassVar = "bad-positive"
    message: ClassVar = "{reason}"
    help: ClassVar = "did you mean `{suggestion}`?"

    reason: str
    suggestion: str | None = None


class WeightsOfValues(Diagnostic):
    """`class_weight balanced` weighs rows by how rare their class is, which needs one target of classes."""

    code: ClassVar = "weights-of-values"
    message: ClassVar = "`class_weight` needs one target of classes{found}"
    found: str = ""


class UnseenCategory(Diagnostic):
    """Rows to validate or test on hold a category that no training row has.

    The net reads it as none of the column's categories: every element of the column is 0.
    """

    code: ClassVar = "unseen-category"
    message: ClassVar = "{what}"
    severity: ClassVar = Severity.NOTE

    what: str


class RowsLeftOut(Diagnostic):
    """Rows that cannot be learnt from: those without a target, and under `missing drop rows` those with gaps."""

    code: ClassVar = "rows-left-out"
    message: ClassVar = "{count} of {rows} rows {why} and are left out"
    severity: ClassVar = Severity.NOTE

    count: int
    rows: int
    why: str
