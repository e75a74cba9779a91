"""Text to syntax tree, or the diagnostics that say why there is none.

>>> from dslc.source import Source
>>> from dslc.syntax.text import to_text
>>> print(to_text(parse(Source("a.dsl", "loss huber"))))
Module 1:1
  Objective 1:1
    Name huber 1:6
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_parser_state import ParseConf, ParserState

from dslc.diagnostics import Diagnostic, ModelError, in_order
from dslc.source import Source, Span
from dslc.syntax import ast
from dslc.syntax.build import callbacks
from dslc.syntax.errors import TooLarge
from dslc.syntax.layout import items
from dslc.syntax.mistakes import Failure, explain
from dslc.syntax.tables import START, load
from dslc.syntax.tokens import Lexeme, scan
from dslc.syntax.verify import verify
from dslc.syntax.words import in_place

SIZE_LIMIT = 256 * 1024
"""Characters of a model file."""


def parse(source: Source) -> ast.Module:
    """The items of a model file; raises ModelError with one diagnostic for each item that is wrong."""
    text = source.text
    if len(text) > SIZE_LIMIT:
        raise ModelError([TooLarge(Span(source, 0, 1), len(text), SIZE_LIMIT)])
    tokens, faults = scan(source)
    found: list[ast.Item] = []
    for item in items(tokens):
        whole = item.tokens[0].span.to(item.tokens[-1].span)
        if item.fault is not None:
            faults.append(item.fault)
        elif not any(whole.start <= fault.span.start < whole.end for fault in faults):
            try:
                found.append(parse_item(item.tokens))
            except ModelError as error:
                faults += error.diagnostics
    module = ast.Module(Span(source, 0, len(text)), tuple(found))
    faults += verify(module)
    if faults:
        raise ModelError(in_order(faults))
    return module


def parse_item(tokens: Sequence[Lexeme]) -> ast.Item:
    """One top-level item from its tokens; raises ModelError with the first thing that is wrong with it."""
    state: ParserState[int] = ParserState(_configuration(), lexer=None)
    read: list[Lexeme] = []
    try:
        for token in in_place(tokens, state):
            state.feed_token(token)
            read.append(token)
        item: ast.Item = state.feed_token(Lexeme("$END", ""), is_end=True)
    except UnexpectedToken:
        raise ModelError([explain(Failure(tuple(tokens), len(read), ))]) from None
    return item


@cache
def _configuration() -> ParseConf[int]:
    return ParseConf(load().table, callbacks(), START)
