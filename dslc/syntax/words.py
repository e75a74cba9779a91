"""Which words are keywords where they stand.

The parser's state says which words may follow. A word of those is a keyword, unless an operator or
an end follows that cannot follow the keyword: `state = 3` and `weight | dense(3)` are about things of that name.
The reserved words are keywords always. Two terminals are made here: GLOB, where a column pattern may
stand, and LOSS_HEAD, the `loss` before a definition's parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

from dslc.source import Span
from dslc.syntax.tables import load
from dslc.syntax.tokens import Lexeme, until

RESERVED = frozenset(["if", "then", "else", "and", "or", "not", "over", "repeat", "load"])

_GLOB_PARTS = frozenset({"NAME", "NUMBER", "SIZE", "STAR"})
_WORDS = frozenset({"NAME", "QUOTED", "STRING", "NUMBER", "PERCENT", "SIZE"})


def in_place(tokens: Sequence[Lexeme], state: ParserState[int]) -> Iterator[Lexeme]:
    """The tokens of one item as `state` can take them; the caller feeds it with each before it asks for the next."""
    index = 0
    while index < len(tokens):
        actions = state.parse_conf.states[state.position]
        token = tokens[index]
        glob = _glob_end(tokens, index) if "GLOB" in actions else index
        if glob > index:
            yield Lexeme.at(token.span.to(tokens[glob - 1].span), "GLOB")
            index = glob
            continue
        yield _word(tokens, index, state) if token.type == "NAME" else token
        index += 1


def _word(tokens: Sequence[Lexeme], index: int, state: ParserState[int]) -> Lexeme:
    token = tokens[index]
    keyword = load().keywords.get(token)
    if keyword is None:
        return token
    if token in RESERVED:
        return Lexeme.at(token.span, keyword)
    if index == 0 and token == "loss" and _is_loss_definition(tokens):
        return Lexeme.at(token.span, "LOSS_HEAD")
    actions = state.parse_conf.states[state.position]
    if keyword not in actions or ("NAME" in actions and not _may_follow(tokens, index + 1, actions[keyword], state)):
        return token
    return Lexeme.at(token.span, keyword)


def _may_follow(tokens: Sequence[Lexeme], index: int, action: tuple[object, int], state: ParserState[int]) -> bool:
    """Whether the token at `index` can come after the keyword that `action` shifts; a word always might."""
    kind, after = action
    if kind is not Shift:
        return True
    following: Mapping[str, object] = state.parse_conf.states[after]
    type_ = tokens[index].type if index < len(tokens) else "$END"
    return type_ in _WORDS or type_ in following or (type_ == "STAR" and "GLOB" in following)


def _is_loss_definition(tokens: Sequence[Lexeme]) -> bool:
    """`loss f(..) = e` or `loss f(..) { }`."""
    if len(tokens) < 3 or tokens[1].type not in ("NAME", "QUOTED") or tokens[2].type != "LPAR":
        return False
    after = until(tokens, 2)
    return after < len(tokens) and tokens[after].type in ("EQUAL", "LBRACE")


def _glob_end(tokens: Sequence[Lexeme], start: int) -> int:
    """The index after the touching tokens from `start` that make a column pattern; `start` if there is no `*`."""
    end, previous, star = start, None, False
    while end < len(tokens) and tokens[end].type in _GLOB_PARTS:
        span: Span = tokens[end].span
        if previous is not None and span.start != previous:
            break
        previous, star = span.end, star or tokens[end].type == "STAR"
        end += 1
    return end if star else start
