"""Text to syntax tree, or the diagnostics that say why there is none.

>>> from dslc.source import Source
>>> from dslc.syntax.text import to_text
>>> print(to_text(parse(Source("a.dsl", "loss huber"))))
Module 1:1
  Objective 1:1
    Name huber 1:6
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import chain

from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_parser_state import ParseConf, ParserState

from dslc.diagnostics import Diagnostic, ModelError, in_order
from dslc.source import Source, Span
from dslc.syntax import ast
from dslc.syntax.build import callbacks
from dslc.syntax.errors import TooLarge
from dslc.syntax.failure import Failure, statement_start
from dslc.syntax.layout import ItemTokens, items
from dslc.syntax.mistakes import explain
from dslc.syntax.tables import START, load
from dslc.syntax.tokens import Lexeme, scan
from dslc.syntax.verify import verify
from dslc.syntax.words import in_place

SIZE_LIMIT = 128 * 1024
"""Characters of a model file."""

FAULT_LIMIT = 20
"""Items that are wrong, after which the rest of the file is not read."""


def parse(source: Source) -> ast.Module:
    """The items of a model file; raises ModelError with one diagnostic for each item that is wrong."""
    text = source.text
    if len(text) > SIZE_LIMIT:
        raise ModelError([TooLarge(Span(source, 0, 1), len(text), SIZE_LIMIT)])
    tokens, strays = scan(source)
    parts = items(tokens)
    starts = [0, *(part.tokens[0].span.start for part in parts[1:])]
    faults: dict[int, Sequence[Diagnostic]] = {}
    for stray in strays[:FAULT_LIMIT]:
        faults.setdefault(bisect_right(starts, stray.span.start), [stray])
    found: list[ast.Item] = []
    for number, part in enumerate(parts, 1):
        if number in faults:
            continue
        try:
            found.append(parse_item(part))
        except ModelError as error:
            faults[number] = error.diagnostics
        if len(faults) >= FAULT_LIMIT:
            break
    module = ast.Module(Span(source, 0, len(text)), tuple(found))
    wrong = [*chain.from_iterable(faults.values()), *verify(module)]
    if wrong:
        raise ModelError(in_order(wrong))
    return module


def parse_item(part: ItemTokens) -> ast.Item:
    """One top-level item from its tokens; raises ModelError with the first thing that is wrong with it."""
    if part.fault is not None:
        raise ModelError([part.fault])
    tokens = part.tokens
    state = _parser(callbacks())
    place = tokens[0].span.start
    try:
        for token in in_place(tokens, state):
            place = token.span.start
            state.feed_token(token)
        place = tokens[-1].span.end
        item: ast.Item = state.feed_token(Lexeme("$END", ""), is_end=True)
    except UnexpectedToken:
        raise ModelError([explain(_failure(tokens, place))]) from None
    return item


def _failure(tokens: tuple[Lexeme, ...], place: int) -> Failure:
    """What there is to know about the token at the offset `place`, where the parser stopped."""
    index = sum(token.span.start < place for token in tokens)
    first = statement_start(tokens, index)
    return Failure(tokens, index, first, _accepts(tokens, index), _accepts(tokens, first))


def _accepts(tokens: tuple[Lexeme, ...], index: int) -> frozenset[str]:
    """The terminals that can follow the first `index` tokens."""
    state = _parser({})
    stop = tokens[index].span.start if index < len(tokens) else tokens[-1].span.end
    for token in in_place(tokens, state):
        if token.span.start >= stop:
            break
        state.feed_token(token)
    return frozenset(
        terminal
        for terminal in state.parse_conf.states[state.position]
        if terminal.isupper() and _takes(state, terminal)
    )


def _takes(state: ParserState[int], terminal: str) -> bool:
    trial = state.copy(deepcopy_values=False)
    try:
        trial.feed_token(Lexeme(terminal, ""), is_end=terminal == "$END")
    except UnexpectedToken:
        return False
    return True


def _parser(rules: dict[str, Callable[[list[object]], object]]) -> ParserState[int]:
    """A parser at the start of an item; without rules it builds nothing."""
    # The state asks no lexer for anything: we feed it with tokens.
    return ParserState(ParseConf(load().table, rules, START), lexer=None)  # type: ignore[arg-type]
