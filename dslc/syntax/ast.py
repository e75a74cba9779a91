"""What was written: the syntax tree of a model file.

Frozen values, each with the span of the text it came from. Nothing here knows what a name means:
`loss f(a) = b` and `loss f + g` are told apart by form alone, and every name is still a `Name`.
A tree is closed: `Expression`, `Statement`, `DataStatement`, `TrainStatement` and `Item` are unions,
so that a `match` over one can end in `assert_never`.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from dslc.frozen import Frozen
from dslc.source import Span


class Syntax(Frozen):
    span: Span


# --- expressions ---------------------------------------------------------------------------------


class Name(Syntax):
    """An identifier, or a column name that stood in backticks (`quoted`)."""

    text: str
    quoted: bool = False


class Number(Syntax):
    """`20_000` (int), `1e-3` (float); `1/4` is a Binary."""

    value: int | float


class Share(Syntax):
    """`20%`; the value is 0.2."""

    value: float


class Size(Syntax):
    """`3x3`."""

    dims: tuple[int, ...]


class Text(Syntax):
    """`"data.csv"`, without its quotes."""

    value: str


class ListOf(Syntax):
    """`[a, b]`."""

    items: tuple[Expression, ...]


class UnaryOp(Enum):
    MINUS = "-"
    NOT = "not"


class BinaryOp(Enum):
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    DIVIDE_WHOLE = "//"
    CONTRACT = "@"
    POWER = "^"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    AND = "and"
    OR = "or"


class Unary(Syntax):
    op: UnaryOp
    operand: Expression


class Binary(Syntax):
    op: BinaryOp
    left: Expression
    right: Expression


class If(Syntax):
    condition: Expression
    then: Expression
    otherwise: Expression


class Argument(Syntax):
    """`value`, `name = value` or, in definitions of types, `name: type = value`."""

    name: Name | None
    value: Expression


class Call(Syntax):
    """`f(a, b, k = c over batch, ..)`; `over` holds what stands after it, in index notation with extents: `u: 3`."""

    callee: Name
    arguments: tuple[Argument, ...]
    over: tuple[Name | Declared | Leading, ...] = ()


class Declared(Syntax):
    """`i: rows` inside brackets: an index with its extent."""

    name: Name
    extent: Expression


class SliceOf(Syntax):
    """`1..4` inside brackets."""

    start: Expression
    stop: Expression


class Leading(Syntax):
    """`..`: all leading axes."""


class Read(Syntax):
    """`x[i, j]`."""

    value: Expression
    indices: tuple[Index, ...]


class Member(Syntax):
    """`val.loss`."""

    value: Expression
    name: Name


class Pipe(Syntax):
    """`value | stage`."""

    value: Expression
    stage: Expression


class Repeat(Syntax):
    """`repeat 4 block(8)`."""

    count: Expression
    stage: Expression


class Load(Syntax):
    """`load "base.dslm" until flatten`."""

    path: Text
    until: Name | None


Expression: TypeAlias = (
    Name | Number | Share | Size | Text | ListOf | Unary | Binary | If | Call | Read | Member | Pipe | Repeat | Load
)
Index: TypeAlias = Expression | Declared | SliceOf | Leading


# --- types ---------------------------------------------------------------------------------------


class Shape(Syntax):
    """`[.., fan_in]`; a dimension is a name to bind, or an expression to meet."""

    dims: tuple[Expression | Leading, ...]


class Kind(Syntax):
    """`class(10)`, `category`, `[8, 8] class(3)`, `words top 20_000 length 200`: a name, arguments and options."""

    name: Name
    arguments: tuple[Argument, ...] = ()
    options: tuple[Setting, ...] = ()
    shape: Shape | None = None


TypeOf: TypeAlias = Shape | Kind


# --- statements of formulas ----------------------------------------------------------------------


class Evaluate(Syntax):
    """A bare value: the last statement of a block."""

    value: Expression


class Binding(Syntax):
    """`y = x | relu`, or in index notation `y[i: rows, f] = sum(..)` (the target is then a Read)."""

    target: Name | Read
    value: Expression


class Update(Syntax):
    """`m <- beta * m + grad`."""

    target: Name
    value: Expression


class Weight(Syntax):
    """`weight b: [units] = 0 if bias`."""

    name: Name
    shape: Shape
    initial: Expression
    condition: Expression | None


class State(Syntax):
    """`state m = 0`, `state h: [units] = 0`."""

    name: Name
    shape: Shape | None
    initial: Expression


class Scan(Syntax):
    """`hs = scan x, mask over time reverse { .. }`; `target` is None where it stands bare."""

    target: Name | None
    inputs: tuple[Name, ...]
    axis: Name
    reverse: bool
    body: tuple[Statement, ...]


class Final(Syntax):
    """`final h`."""

    name: Name


class Link(Syntax):
    """`link softmax`."""

    name: Name


class FullBatch(Syntax):
    """`batch all`, said by an optimizer: an update looks at all training rows."""


class Gradient(Syntax):
    """`approximate gradient x = grad * (abs(x) <= 1)`."""

    name: Name
    value: Expression
    approximate: bool


class Predict(Syntax):
    """`predict heating = trunk | dense(1)`."""

    name: Name
    value: Expression


Statement: TypeAlias = (
    Evaluate | Binding | Update | Weight | State | Scan | Final | Link | FullBatch | Gradient | Predict
)


# --- data ----------------------------------------------------------------------------------------


class Glob(Syntax):
    """`lab_*`: a pattern over column names."""

    pattern: str


class Between(Syntax):
    """`0.9..1.1`."""

    low: int | float
    high: int | float


class Fraction(Syntax):
    """`1/4`."""

    numerator: int
    denominator: int


class Duration(Syntax):
    """`10 epochs`, `1 day`, `10 minutes`."""

    count: int | float
    unit: Name


Plain: TypeAlias = Number | Share | Size | Between | Fraction | Text | Name
"""What a setting's value may be."""


class Setting(Syntax):
    """`batch 32`, `shuffle false`, `separator ";"`. A word that stands alone has value None."""

    name: Name
    value: Plain | None


class Field(Syntax):
    """`image: [8, 8, 1] = x`: our name, its type, the file's name."""

    name: Name
    type: TypeOf | None
    stored: Name


class FileSource(Syntax):
    """`npz "a.npz" { image: [8, 8, 1] = x }`, `csv "a.csv" { separator ";" }`, `text "a.txt" characters window 64`."""

    format: Name
    path: Text
    kind: Kind | None
    fields: tuple[Field, ...]
    options: tuple[Setting, ...]


class Input(Syntax):
    """`input x: [28, 28, 1]`: fed from Python."""

    name: Name
    type: TypeOf


class Target(Syntax):
    """`target y`, `target heating, cooling`, `target churn positive "yes"`, `target y: class(10)`."""

    names: tuple[Name, ...]
    type: TypeOf | None
    positive: Text | None


class Columns(Syntax):
    """`only a, lab_*`, `ignore year`, `reconstruct image`, `carry amount`."""

    verb: str
    columns: tuple[Name | Glob, ...]


class ColumnKind(Syntax):
    """`column Pclass: category`."""

    name: Name
    kind: Kind


class ColumnFormula(Syntax):
    """`column fam = SibSp + Parch + 1`."""

    name: Name
    value: Expression


class SplitBy(Enum):
    RANDOM = "random"
    STRATIFIED = "stratified"
    GROUPED = "grouped"
    TIME = "in time"
    GIVEN = "given"


class Split(Syntax):
    """`split 70/15/15 stratified y` (shares), `split 5 folds grouped g` (folds), `split given part`."""

    by: SplitBy
    shares: tuple[int | float, ...]
    folds: int | None
    column: Name | None
    seed: int | None = None


class TestPart(Syntax):
    """`test 20%`, `test last 1 day`, `test csv "t.csv"`."""

    __test__ = False  # not a test case for pytest

    size: Share | Duration | FileSource
    by: SplitBy
    column: Name | None


class Missing(Syntax):
    """`missing median`, `missing constant 0 of x with flag`, `missing marks -999`, `missing drop columns above 40%`.

    `rule` is the words in order, joined by blanks: `median`, `constant`, `marks`, `drop columns above`.
    """

    rule: str
    values: tuple[Plain, ...]
    columns: tuple[Name | Glob, ...]
    flag: bool


class Scale(Syntax):
    """`scale zscore`, `scale target zscore`, `scale minmax 0..1 of age`."""

    method: Name
    target: bool
    range: Between | None
    columns: tuple[Name | Glob, ...]


class Window(Syntax):
    """`window 28 of births, day every 1 ahead 7`."""

    length: Plain
    columns: tuple[Name | Glob, ...]
    every: Plain | None
    ahead: Plain | None


class Augment(Syntax):
    """`augment { shift 1; zoom 0.9..1.1 }`."""

    settings: tuple[Setting, ...]


class Downsample(Syntax):
    """`downsample label == "no" to 1/4`."""

    condition: Expression
    to: Fraction | Share


DataStatement: TypeAlias = (
    FileSource
    | Input
    | Target
    | Columns
    | ColumnKind
    | ColumnFormula
    | Split
    | TestPart
    | Missing
    | Scale
    | Window
    | Augment
    | Downsample
    | Setting
)


# --- train ---------------------------------------------------------------------------------------


class Optimize(Syntax):
    """`adam(rate) on body, head`; the optimizer is a Name or a Call."""

    optimizer: Name | Call
    groups: tuple[Name, ...]


class Minimize(Syntax):
    """`minimize d over critic with adam(2e-4)`."""

    objective: Expression
    groups: tuple[Name, ...]
    optimizer: Name | Call


class Clip(Syntax):
    """`clip norm 1`, `clip norm 1 each`, `clip value 1`; `kind` is `norm`, `norm each` or `value`."""

    kind: str
    limit: Plain


class StopWhen(Syntax):
    """`stop when val.loss stalls 10 epochs` (patience), `stop when train.loss < 0.01` (a comparison)."""

    condition: Expression
    patience: Duration | None


class StopAfter(Syntax):
    """`stop after 10 minutes`."""

    limit: Duration


class KeepBest(Syntax):
    """`keep best`, `keep best val.accuracy`."""

    metric: Expression | None


class ThresholdBest(Syntax):
    """`threshold best f1`."""

    metric: Name | Call


class Watch(Syntax):
    """`watch accuracy, top_k(5)`."""

    metrics: tuple[Name | Call, ...]


class Freeze(Syntax):
    """`freeze body`; `unfreeze body after 5 epochs` has `until`."""

    groups: tuple[Name, ...]
    until: Duration | None


class Prune(Syntax):
    """`prune 50% of body after 5 epochs`."""

    share: Share
    groups: tuple[Name, ...]
    after: Duration | None


TrainStatement: TypeAlias = (
    Optimize | Minimize | Clip | StopWhen | StopAfter | KeepBest | ThresholdBest | Watch | Freeze | Prune | Setting
)


# --- items ---------------------------------------------------------------------------------------


class Let(Syntax):
    """`let rate = 1e-3 in 1e-5..1e-1 log`."""

    name: Name
    value: Expression
    choices: Between | ListOf | None
    log: bool


class Use(Syntax):
    """`use "layers.dsl"`; `module` is that file, once it is read."""

    path: Text
    module: Module | None = None


class Data(Syntax):
    statements: tuple[DataStatement, ...]


class Net(Syntax):
    statements: tuple[Statement, ...]


class Objective(Syntax):
    """`loss cross_entropy + 5e-4 * l2(weights)`, or named: `loss d = softplus(..)`."""

    name: Name | None
    value: Expression


class Train(Syntax):
    statements: tuple[TrainStatement, ...]


class DefinitionKind(Enum):
    ACTIVATION = "activation"
    LAYER = "layer"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    METRIC = "metric"
    SCHEDULE = "schedule"
    INITIALIZER = "initializer"


class Parameter(Syntax):
    """`x: [.., fan_in]`, `delta = 1`."""

    name: Name
    type: TypeOf | None
    default: Expression | None


class Definition(Syntax):
    """`layer dense(x: [.., fan_in], units, bias = true) { .. }`.

    `loss f(..) = e` is a body of one Evaluate. `higher` is None but for metrics that are
    numbers; `metric f(..) table` is a `table`.
    """

    kind: DefinitionKind
    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    higher: bool | None = None
    table: bool = False


Item: TypeAlias = Let | Use | Data | Net | Objective | Train | Definition


class Module(Syntax):
    """A model file: its items in the order they were written."""

    items: tuple[Item, ...]
