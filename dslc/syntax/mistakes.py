"""From the place where the parser stopped to what is wrong there.

`MISTAKES` lists the mistakes that people make, the more telling first; each entry looks at a failure
and says what it is, or None. What no entry knows is told by what could have stood in the place.
"""

from __future__ import annotations

from collections.abc import Callable

from dslc.diagnostics import Diagnostic, nearest
from dslc.syntax import errors
from dslc.syntax.failure import ENDS, WORDS, Failure, describe
from dslc.syntax.layout import ITEMS
from dslc.syntax.words import RESERVED

_FOREIGN = {
    "def": "a definition looks like `layer f(x) = x | dense(3)`",
    "class": "a definition looks like `layer f(x) = x | dense(3)`",
    "lambda": "a definition looks like `layer f(x) = x | dense(3)`",
    "import": 'definitions of another file are read by `use "layers.dsl"`',
    "from": 'definitions of another file are read by `use "layers.dsl"`',
    "return": "the last statement of a block is its value",
    "elif": "write `else if`, in one expression",
    "for": "a layer is repeated by `repeat 4 block`, a formula runs over time by `scan`",
    "while": "a layer is repeated by `repeat 4 block`, a formula runs over time by `scan`",
}
_OPERATORS = frozenset(["PLUS", "MINUS", "STAR", "SLASH", "WHOLE", "AT", "CIRCUMFLEX", "COMPARE", "EQUAL", "UPDATE"])
_SETTINGS = frozenset({"batch", "epochs", "seed", "shuffle"})
"""Settings, which no statement's name was meant by however near it is."""
_SETTING_BLOCKS = frozenset({"data", "train", "augment"})
_BLOCKS = frozenset({"data", "net", "train"})


def explain(failure: Failure) -> Diagnostic:
    """The one diagnostic of a failure."""
    for mistake in MISTAKES:
        if (diagnostic := mistake(failure)) is not None:
            return diagnostic
    return errors.Expected(failure.span, describe(failure.accepts), failure.found)


def _foreign_word(f: Failure) -> Diagnostic | None:
    for token in (f.head, f.at(-1), f.at(0)):
        if token is not None and token in _FOREIGN and (token is f.head or token == "lambda"):
            return errors.ForeignWord(token.span, str(token), _FOREIGN[token])
    return None


def _wrong_equals_sign(f: Failure) -> Diagnostic | None:
    if f.text() == "==" and "EQUAL" in f.accepts and "COMPARE" not in f.accepts:
        return errors.WrongEqualsSign(f.span, "=")
    return errors.WrongEqualsSign(f.span, "==") if f.text() == "=" and "COMPARE" in f.accepts else None


def _power_sign(f: Failure) -> Diagnostic | None:
    star = f.at(-1)
    return errors.PowerSign(star.span.to(f.span)) if star is not None and star == f.text() == "*" else None


def _bare_fraction(f: Failure) -> Diagnostic | None:
    before, here, after = f.at(-1), f.at(0), f.at(1)
    if here is not None and after is not None and here == "." and "NUMBER" in f.accepts and after.type == "NUMBER":
        return errors.BareFraction(here.span.to(after.span), f"0.{after}")
    if before is not None and before == "." and f.type(-2) == "NUMBER":
        return errors.BareFraction(f.tokens[f.index - 2].span.to(before.span), f"{f.text(-2)}.0")
    return None


def _chained_comparison(f: Failure) -> Diagnostic | None:
    chained = f.type() == "COMPARE" and "COMPARE" not in f.accepts and "AND" in f.accepts
    return errors.ChainedComparison(f.span) if chained else None


def _arrow_for_less(f: Failure) -> Diagnostic | None:
    return errors.ArrowForLess(f.span) if f.type() == "UPDATE" and "COMPARE" in f.accepts else None


def _pipe_in_choice(f: Failure) -> Diagnostic | None:
    return errors.PipeInChoice(f.span) if f.type() == "VBAR" and "OR" in f.accepts else None


def _missing_stage(f: Failure) -> Diagnostic | None:
    before = f.at(-1)
    if before is not None and before.type == "VBAR":
        hint = "a line that goes on starts with `|`" if f.type() == "_SEP" else None
        return errors.MissingStage(before.span, "a layer is missing after", hint)
    if f.type() == "VBAR" and f.index == f.first:
        return errors.MissingStage(f.span, "a value is missing before")
    return None


def _missing_branch(f: Failure) -> Diagnostic | None:
    word = "else" if "ELSE" in f.accepts else "then" if "THEN" in f.accepts else None
    if word is None or (f.type() not in ENDS and f.text() != "else"):
        return None
    start = next(token for token in reversed(f.tokens[: f.index]) if token == "if")
    return errors.MissingElse(start.span, word)


def _reserved_word(f: Failure) -> Diagnostic | None:
    if f.type() == "NAME" and f.text() in RESERVED and "NAME" in f.accepts:
        return errors.ReservedWord(f.span, f.text())
    return None


def _shares_in_percent(f: Failure) -> Diagnostic | None:
    if f.head == "split" and "PERCENT" in (f.type(), f.type(-1)):
        return errors.SharesInPercent(f.span)
    return None


def _sign_in_setting(f: Failure) -> Diagnostic | None:
    if f.type() not in ("EQUAL", "COLON") or f.index != f.first + 1 or f.block not in _SETTING_BLOCKS:
        return None
    return errors.SignInSetting(f.span, f.text(), str(f.head), f.text(1) if f.type(1) in WORDS else None)


def _sign_in_item(f: Failure) -> Diagnostic | None:
    if f.type() not in ("EQUAL", "COLON") or f.index != 1 or f.head not in _BLOCKS | {"loss"}:
        return None
    value = f.text(1) if f.type(1) in WORDS else ".."
    return errors.SignInItem(
        f.span, str(f.head), f.text(), f"loss {value}" if f.head == "loss" else f"{f.head} {{ .. }}"
    )


def _colon_in_argument(f: Failure) -> Diagnostic | None:
    in_call = f.opened is not None and f.opened.type == "LPAR"
    if f.type() == "COLON" and in_call and f.type(-1) == "NAME":
        return errors.ColonInArgument(f.span, f.text(-1))
    return None


def _missing_direction(f: Failure) -> Diagnostic | None:
    if f.type() in ("EQUAL", "LBRACE") and "HIGHER" in f.accepts:
        return errors.MissingDirection(f.tokens[0].span.to(f.tokens[1].span), str(f.tokens[1]))
    return None


def _missing_axis(f: Failure) -> Diagnostic | None:
    return errors.MissingAxis(f.span) if f.type() == "LBRACE" and "OVER" in f.accepts and f.index > 1 else None


def _unknown_item(f: Failure) -> Diagnostic | None:
    if f.index > 0:
        return None
    if f.type() != "NAME":
        return errors.Expected(f.span, "`data`, `net`, `loss`, `train`, `let`, `use` or a definition", f.found)
    suggestion = f"let {f.text()}" if f.type(1) == "EQUAL" else nearest(f.text(), ITEMS)
    return errors.UnknownItem(f.span, f.text(), suggestion)


def _unknown_word(f: Failure) -> Diagnostic | None:
    suggestion = f.suggestion(f.text(), f.accepts) if f.type() == "NAME" and "NAME" not in f.accepts else None
    return errors.UnknownWord(f.span, f.text(), suggestion) if suggestion else None


def _unknown_statement(f: Failure) -> Diagnostic | None:
    """A first word that is no keyword, where what follows it would suit one."""
    if f.head.type != "NAME" or f.suggestion(f.head, f.starters) == f.head or not f.block or f.index == f.first:
        return None
    suggestion = f.suggestion(f.head, f.starters)
    second = f.index == f.first + 1 and f.type() in WORDS | {"LBRACE"}
    further = f.type(-1) == "NAME" and suggestion is not None and f.head not in _SETTINGS
    formula = f.block not in _SETTING_BLOCKS and suggestion is None
    if (second or further) and not formula:
        return errors.UnknownStatement(f.head.span, f.block, str(f.head), suggestion)
    return None


def _comma_between_statements(f: Failure) -> Diagnostic | None:
    in_block = f.opened is not None and f.opened.type == "LBRACE"
    if in_block and f.type() == "COMMA":
        return errors.CommaBetweenStatements(f.span)
    comma = f.at(-2)
    if in_block and comma is not None and comma.type == "COMMA" and f.type() == "NUMBER" and f.type(-1) == "NAME":
        return errors.CommaBetweenStatements(comma.span)
    return None


def _two_on_a_line(f: Failure) -> Diagnostic | None:
    if f.type() != "NAME" or not f.accepts & {"_SEP", "$END"}:
        return None
    begins = f.text() in ITEMS if f.opened is None else f.suggestion(f.text(), f.starters) == f.text()
    setting = f.block in _SETTING_BLOCKS and f.type(-1) != "NAME" and f.type(1) in WORDS
    return errors.TwoOnALine(f.span, f.text()) if begins or setting else None


def _name_with_blank(f: Failure) -> Diagnostic | None:
    before = f.at(-1)
    if before is None or before.type != "NAME" or f.type() != "NAME" or "PLUS" in f.accepts or before is f.head:
        return None
    return errors.NameWithBlank(before.span.to(f.span), str(before), f.text()) if "COMMA" in f.accepts else None


def _missing_unit(f: Failure) -> Diagnostic | None:
    unit = f.type(-1) == "NUMBER" and f.accepts == {"NAME", "QUOTED"}
    return errors.Expected(f.span, "a unit, as in `10 epochs` or `5 minutes`", f.found) if unit else None


def _missing_operator(f: Failure) -> Diagnostic | None:
    operand = f.type() in WORDS | {"LPAR"} and f.text() not in RESERVED
    if not operand or "PLUS" not in f.accepts:
        return None
    called = f.type(-1) == "NAME" and f.type() == "NAME" and f.type(1) == "LPAR"
    return errors.MissingOperator(f.span, f.text(), f"{f.text(-1)} | {f.text()}(..)" if called else None)


def _missing_operand(f: Failure) -> Diagnostic | None:
    before = f.at(-1)
    operator = before is not None and (before.type in _OPERATORS or str(before) in ("and", "or", "not"))
    if before is None or not operator or f.type() not in ENDS | _OPERATORS or "NUMBER" not in f.accepts:
        return None
    hint = "a newline ends a statement; a formula in parentheses goes on" if f.type() == "_SEP" else None
    return errors.MissingOperand(before.span, str(before), hint)


MISTAKES: tuple[Callable[[Failure], Diagnostic | None], ...] = (
    # signs
    _power_sign,
    _bare_fraction,
    _wrong_equals_sign,
    _chained_comparison,
    _arrow_for_less,
    # words
    _foreign_word,
    _unknown_item,
    _reserved_word,
    _missing_direction,
    _missing_axis,
    _shares_in_percent,
    _unknown_word,
    # pipes and formulas
    _missing_stage,
    _missing_branch,
    _pipe_in_choice,
    _missing_operand,
    # statements
    _sign_in_setting,
    _sign_in_item,
    _colon_in_argument,
    _unknown_statement,
    _comma_between_statements,
    _two_on_a_line,
    _name_with_blank,
    _missing_unit,
    _missing_operator,
)
