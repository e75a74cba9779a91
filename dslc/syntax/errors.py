"""What can be wrong with the form of a model file; each docstring is what `dslc explain` prints."""

from __future__ import annotations

from typing import ClassVar

from dslc.diagnostics import Diagnostic, Label
from dslc.source import Span


class TooLarge(Diagnostic):
    """A model file holds at most 128 KiB of text. Tables belong in data files, which a model file names."""

    code: ClassVar = "too-large"
    message: ClassVar = "the file has {size} characters, a model file at most {limit}"
    size: int
    limit: int


class TooDeep(Diagnostic):
    """Brackets (two levels each) and chains of operators and pipes (one each) may nest only so far.

    Name a part of the formula, or write `repeat 100 block` for a long stack of equal layers.
    """

    code: ClassVar = "too-deep"
    message: ClassVar = "this nests deeper than {limit} levels"
    help: ClassVar = "give a part of it a name, or write `repeat` for equal layers"
    limit: int


class UnexpectedCharacter(Diagnostic):
    """A character that no part of the language uses. Names are ASCII letters, digits and `_`, or stand in backticks."""

    code: ClassVar = "unexpected-character"
    message: ClassVar = "unexpected `{found}`"
    help: ClassVar = "{hint}"
    found: str
    hint: str | None = None


class UnclosedQuote(Diagnostic):
    """A string stands in double quotes, a column name in backticks; both end on the line on which they begin."""

    code: ClassVar = "unclosed-quote"
    message: ClassVar = "this {what} is not closed on its line"
    what: str


class SingleQuotes(Diagnostic):
    """Strings stand in double quotes: `csv "a.csv"`."""

    code: ClassVar = "single-quotes"
    message: ClassVar = "a string stands in double quotes"
    help: ClassVar = 'write `"{content}"`'
    content: str


class NumberOutOfRange(Diagnostic):
    """A number has at most 40 digits and is finite; counts, seeds and the parts of a fraction are whole."""

    code: ClassVar = "number-out-of-range"
    message: ClassVar = "this must be {what}"
    what: str = "a finite number of at most 40 digits"


class BareFraction(Diagnostic):
    """A decimal number has a digit on both sides of its point: `0.5`, `5.0`. (`1..4` is a range.)"""

    code: ClassVar = "bare-fraction"
    message: ClassVar = "a number has digits on both sides of its point"
    help: ClassVar = "write `{right}`"
    right: str


class UnclosedBracket(Diagnostic):
    """Every `(`, `[` and `{` is closed by its own partner before whatever surrounds it ends."""

    code: ClassVar = "unclosed-bracket"
    message: ClassVar = "`{bracket}` is not closed"
    bracket: str
    closing: str
    before: Span | None

    def others(self) -> tuple[Label, ...]:
        return () if self.before is None else (Label(self.before, f"`{self.closing}` was expected before this"),)


class ClosesNothing(Diagnostic):
    """A closing bracket without an opening one."""

    code: ClassVar = "closes-nothing"
    message: ClassVar = "`{bracket}` closes nothing"
    bracket: str


class BraceOnNextLine(Diagnostic):
    """A newline ends a statement, so the `{` of a block stands on the line of the word that it belongs to."""

    code: ClassVar = "brace-on-next-line"
    message: ClassVar = "`{brace}` stands on the line of what it belongs to"
    help: ClassVar = "move it to the end of the line above"
    brace: str


class SemicolonInBrackets(Diagnostic):
    """`;` ends a statement; inside `( )` and `[ ]` the items of a list are separated by commas."""

    code: ClassVar = "semicolon-in-brackets"
    message: ClassVar = "`;` ends a statement, but `{bracket}` is still open"
    help: ClassVar = "separate the items with `,`"
    bracket: str
    opened: Span

    def others(self) -> tuple[Label, ...]:
        return (Label(self.opened, "opened here"),)


class TwoOnALine(Diagnostic):
    """A statement ends with a newline or with `;`."""

    code: ClassVar = "two-on-a-line"
    message: ClassVar = "`{word}` begins a new statement"
    help: ClassVar = "put a newline or `;` before it"
    word: str


class CommaBetweenStatements(Diagnostic):
    """A comma only separates the items of one list; statements and settings end with a newline or `;`."""

    code: ClassVar = "comma-between-statements"
    message: ClassVar = "a comma only separates the items of one list"
    help: ClassVar = "end the statement with a newline or `;`"


class WrongEqualsSign(Diagnostic):
    """`=` defines a name, `==` compares two values."""

    code: ClassVar = "wrong-equals-sign"
    message: ClassVar = "`=` defines a name, `==` compares"
    help: ClassVar = "write `{right}`"
    right: str


class PowerSign(Diagnostic):
    """A power is written `x^2`."""

    code: ClassVar = "power-sign"
    message: ClassVar = "a power is written `^`"
    help: ClassVar = "write `^` for `**`"


class ChainedComparison(Diagnostic):
    """Comparisons do not chain: `0 < x < 1` is written `0 < x and x < 1`."""

    code: ClassVar = "chained-comparison"
    message: ClassVar = "comparisons do not chain"
    help: ClassVar = "join two comparisons with `and`"


class ArrowForLess(Diagnostic):
    """`<-` is one sign, which updates state; a comparison with a negative number has a blank: `x < -1`."""

    code: ClassVar = "arrow-for-less"
    message: ClassVar = "`<-` updates state"
    help: ClassVar = "to compare, write `< -`"


class SignInSetting(Diagnostic):
    """A setting is a word and a value: `epochs 5`. `=` defines names, `:` gives types."""

    code: ClassVar = "sign-in-setting"
    message: ClassVar = "a setting has no `{sign}`"
    help: ClassVar = "write `{name} {value}`"
    sign: str
    name: str
    value: str | None


class SignInItem(Diagnostic):
    """`data`, `net` and `train` have a block, `loss` a formula: neither `=` nor `:` stands between."""

    code: ClassVar = "sign-in-item"
    message: ClassVar = "no `{sign}` stands after `{word}`"
    help: ClassVar = "write `{form}`"
    word: str
    sign: str
    form: str


class IncompleteStatement(Diagnostic):
    """A word of the train block that says nothing alone."""

    code: ClassVar = "incomplete-statement"
    message: ClassVar = "`{word}` says nothing alone"
    help: ClassVar = "it is written like `{form}`"
    word: str
    form: str


class ColonInArgument(Diagnostic):
    """An argument is named with `=`: `sgd(0.1, momentum = 0.9)`. `:` gives a parameter its type, in definitions."""

    code: ClassVar = "colon-in-argument"
    message: ClassVar = "an argument is given with `=`"
    help: ClassVar = "write `{name} = ..`"
    name: str


class MissingStage(Diagnostic):
    """`x | f` needs a value on its left and a layer on its right; a line that goes on starts with `|`."""

    code: ClassVar = "missing-stage"
    message: ClassVar = "{side} `|`"
    help: ClassVar = "{hint}"
    side: str
    hint: str | None = None


class PipeInChoice(Diagnostic):
    """`if a then b else c` holds no bare pipe, as it would be unclear to what: it, or a branch, goes in parentheses."""

    code: ClassVar = "pipe-in-choice"
    message: ClassVar = "an `if` holds no bare pipe"
    help: ClassVar = "put the `if`, or this branch, in parentheses"


class MissingElse(Diagnostic):
    """`if` is a value, so it has both branches: `if a then b else c`."""

    code: ClassVar = "missing-else"
    message: ClassVar = "this `if` has no `{word}`"
    word: str


class MissingOperator(Diagnostic):
    """Two values stand side by side: `2 x` is written `2 * x`, and `f x` is written `f(x)` or `x | f`."""

    code: ClassVar = "missing-operator"
    message: ClassVar = "an operator is missing before `{found}`"
    help: ClassVar = "did you mean `{suggestion}`?"
    found: str
    suggestion: str | None = None


class MissingOperand(Diagnostic):
    """An operator without a value after it. A newline ends a statement, except inside `( )` and `[ ]`."""

    code: ClassVar = "missing-operand"
    message: ClassVar = "a value is missing after `{operator}`"
    help: ClassVar = "{hint}"
    operator: str
    hint: str | None = None


class NotAssignable(Diagnostic):
    """`=` binds a name, or in index notation the elements of a name; `<-` updates a state.

    A function is defined at the top of the file, with the word for what it is: `layer f(x) = ..`.
    """

    code: ClassVar = "not-assignable"
    message: ClassVar = "`{sign}` needs a name on its left"
    help: ClassVar = "{hint}"
    sign: str
    hint: str | None = None


class ReservedWord(Diagnostic):
    """`if then else and or not over repeat load` are never names; a column of that name stands in backticks."""

    code: ClassVar = "reserved-word"
    message: ClassVar = "`{word}` is a reserved word"
    help: ClassVar = "choose another name, or put a column's name in backticks"
    word: str


class UnknownItem(Diagnostic):
    """A model file consists of `data`, `net`, `loss` and `train`, of `let` and `use`, and of definitions:

    `activation`, `layer`, `loss`, `optimizer`, `metric`, `schedule`, `initializer`.
    """

    code: ClassVar = "unknown-item"
    message: ClassVar = "`{word}` is none of the parts of a model file"
    help: ClassVar = "did you mean `{suggestion}`?"
    word: str
    suggestion: str | None


class UnknownStatement(Diagnostic):
    """A statement that the block does not have."""

    code: ClassVar = "unknown-statement"
    message: ClassVar = "`{block}` has no statement `{word}`"
    help: ClassVar = "did you mean `{suggestion}`?"
    block: str
    word: str
    suggestion: str | None


class UnknownWord(Diagnostic):
    """A word where the statement takes only certain ones."""

    code: ClassVar = "unknown-word"
    message: ClassVar = "`{word}` means nothing here"
    help: ClassVar = "did you mean `{suggestion}`?"
    word: str
    suggestion: str


class ForeignWord(Diagnostic):
    """A word of Python. A model file describes; definitions look like `layer f(x) = x | dense(3)`."""

    code: ClassVar = "foreign-word"
    message: ClassVar = "the language has no `{word}`"
    help: ClassVar = "{hint}"
    word: str
    hint: str | None


class NameWithBlank(Diagnostic):
    """A name is one word; a column whose name has blanks or signs stands in backticks."""

    code: ClassVar = "name-with-blank"
    message: ClassVar = "`{second}` cannot stand after `{first}`"
    help: ClassVar = "put one name of several words in backticks, separate two names with `,`"
    first: str
    second: str


class SharesInPercent(Diagnostic):
    """A split gives its shares as `70/15/15` (train, validation, test) or `70/30` (train, test)."""

    code: ClassVar = "shares-in-percent"
    message: ClassVar = "the shares of a split are written with `/`"
    help: ClassVar = "write `split 70/15/15`"


class MissingDirection(Diagnostic):
    """A metric says which way is better, for `stop` and `keep best`: `metric f(p, t) higher = ..`."""

    code: ClassVar = "missing-direction"
    message: ClassVar = "a metric says whether `higher` or `lower` is better"
    help: ClassVar = "write `metric {name}(..) higher ..`"
    name: str


class MissingAxis(Diagnostic):
    """A scan names the axis along which it goes: `scan x over time { .. }`."""

    code: ClassVar = "missing-axis"
    message: ClassVar = "a scan names its axis"
    help: ClassVar = "write `over time` before the block"


class MisplacedStatement(Diagnostic):
    """Each kind of block has its own statements: weights stand in layers, `predict` in `net`, `link` in losses."""

    code: ClassVar = "misplaced-statement"
    message: ClassVar = "{statement} has no place in {block}"
    statement: str
    block: str


class ValueNotLast(Diagnostic):
    """Only the last statement of a block may be a bare value: it is what the block yields."""

    code: ClassVar = "value-not-last"
    message: ClassVar = "this value is not used; only the last statement of a block may be a bare value"
    help: ClassVar = "{hint}"
    hint: str | None = None


class Expected(Diagnostic):
    """The text stops making sense here; the message lists what could stand in this place."""

    code: ClassVar = "syntax"
    message: ClassVar = "expected {expected}, found {found}"
    expected: str
    found: str
