"""Text to tokens: the terminals of the grammar, each with its span.

Words are all NAME here; `words.py` says which of them are keywords where they stand. Newlines and
`;` are _SEP tokens; `layout.py` drops those that do not count. What is no token is reported and
skipped, so that one stray character does not hide the other errors of a file.

>>> from dslc.source import Source
>>> [(token.type, str(token)) for token in scan(Source("a.dsl", "x | conv(8, 3x3)"))[0]][:4]
[('NAME', 'x'), ('VBAR', '|'), ('NAME', 'conv'), ('LPAR', '(')]
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from lark.lexer import Token

from dslc.diagnostics import Diagnostic, ModelError
from dslc.source import Source, Span
from dslc.syntax.errors import NumberOutOfRange, SingleQuotes, UnclosedQuote, UnexpectedCharacter
from dslc.syntax.tables import load

IGNORED = frozenset({"COMMENT", "BLANK"})


class Lexeme(Token):
    """A token of Lark's that knows its span."""

    __slots__ = ("span",)
    span: Span

    @classmethod
    def at(cls, span: Span, type_: str) -> Lexeme:
        lexeme = cls(type_, span.text, span.start, end_pos=span.end)
        lexeme.span = span
        return lexeme


def scan(source: Source) -> tuple[list[Lexeme], list[Diagnostic]]:
    """All tokens of a file in order, and what was no token."""
    pattern = load().pattern
    text, position, tokens, faults = source.text, 0, list[Lexeme](), list[Diagnostic]()
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            faults.append(_fault(source, position))
            position = faults[-1].span.end
            continue
        end = match.end()
        if match.lastgroup is not None and match.lastgroup not in IGNORED:
            tokens.append(Lexeme.at(Span(source, position, end), match.lastgroup))
        position = end
    return tokens, faults


_SINGLE_QUOTED = re.compile(r"'[^'\n]*'")
_QUOTES = {'"': "string", "'": "string", "`": "name in backticks"}


def _fault(source: Source, start: int) -> Diagnostic:
    """The diagnostic of the text at `start`, where no token begins; reading goes on at the end of its span."""
    text = source.text
    if quoted := _SINGLE_QUOTED.match(text, start):
        return SingleQuotes(Span(source, start, quoted.end()), quoted.group()[1:-1])
    if text[start] in _QUOTES:
        line_end = text.find("\n", start)
        return UnclosedQuote(Span(source, start, len(text) if line_end < 0 else line_end), _QUOTES[text[start]])
    first, end = start, start + 1
    if text[start].isalnum():
        while first > 0 and (text[first - 1].isalnum() or text[first - 1] == "_"):
            first -= 1
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
    hint = "a name that is not plain ASCII stands in backticks" if text[start].isalnum() else None
    found = text[first:end] if text[start].isprintable() else f"U+{ord(text[start]):04X}"
    return UnexpectedCharacter(Span(source, first, end), found, hint)


def number(token: Lexeme) -> int | float:
    """The value of a NUMBER: an int unless it has a point or an exponent; finite and of at most 40 digits."""
    text = token.replace("_", "")
    value = float(text) if len(text) > 40 or not text.isdigit() else int(text)
    if len(text) > 40 or math.isinf(value):
        raise ModelError([NumberOutOfRange(token.span)])
    return value


def whole(token: Lexeme) -> int:
    """The value of a NUMBER that must be an int."""
    value = number(token)
    if isinstance(value, float):
        raise ModelError([NumberOutOfRange(token.span, "a whole number")])
    return value


def until(tokens: Sequence[Lexeme], opening: int) -> int:
    """The index after the bracket that closes the one at `opening`; `len(tokens)` if none does."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += (tokens[index].type in OPENING) - (tokens[index].type in CLOSING)
        if depth == 0:
            return index + 1
    return len(tokens)


OPENING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
CLOSING = {closing: opening for opening, closing in OPENING.items()}
