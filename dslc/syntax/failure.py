"""Where the parser stopped: the token that does not fit, and what it stands in."""

from __future__ import annotations

from dataclasses import dataclass

from dslc.diagnostics import nearest
from dslc.source import Span
from dslc.syntax.tables import load
from dslc.syntax.tokens import CLOSING, OPENING, Lexeme

WORDS = frozenset({"NAME", "QUOTED", "STRING", "NUMBER", "PERCENT", "SIZE"})
ENDS = frozenset({"_SEP", "$END", "RPAR", "RSQB", "RBRACE", "COMMA"})

_SIGNS = {
    "EQUAL": "=", "UPDATE": "<-", "COLON": ":", "COMMA": ",", "VBAR": "|", "DOT": ".", "RANGE": "..", "SLASH": "/",
    "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}",
}  # fmt: skip
_GROUPS = (
    (
        frozenset({"NAME", "NUMBER", "LPAR"}),
        "a value",
        frozenset(
            ["QUOTED", "STRING", "PERCENT", "SIZE", "MINUS", "NOT", "IF", "LSQB", "LOAD", "REPEAT", "GLOB", "RANGE"]
        ),
    ),
    (
        frozenset({"PLUS", "STAR"}),
        "an operator",
        frozenset(
            [
                "MINUS",
                "SLASH",
                "WHOLE",
                "AT",
                "CIRCUMFLEX",
                "COMPARE",
                "AND",
                "OR",
                "DOT",
                "LSQB",
                "LPAR",
                "VBAR",
                "EQUAL",
                "UPDATE",
            ]
        ),
    ),
    (frozenset({"NUMBER", "MINUS"}), "a number", frozenset({"PERCENT", "SIZE"})),
    (frozenset({"NAME"}), "a name", frozenset({"QUOTED", "GLOB"})),
    (frozenset({"NUMBER"}), "a number", frozenset[str]()),
    (frozenset({"PERCENT"}), "a share", frozenset[str]()),
    (frozenset({"STRING"}), "a string", frozenset[str]()),
    (frozenset({"_SEP"}), "the end of the statement", frozenset({"RBRACE"})),
    (frozenset({"$END"}), "the end of the line", frozenset[str]()),
)
"""Terminals that together mean something, what to call them, and the terminals that this covers too."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The parser read `tokens` up to `index`, where only `accepts` can stand.

    `index` is `len(tokens)` at the end; `first` is the index of the first token of the statement at hand, and
    `starters` are the keywords that could have stood there.
    """

    tokens: tuple[Lexeme, ...]
    index: int
    first: int
    accepts: frozenset[str]
    starters: frozenset[str]

    def at(self, offset: int) -> Lexeme | None:
        """The token `offset` places from where the parser stopped."""
        place = self.index + offset
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def type(self, offset: int = 0) -> str:
        token = self.at(offset)
        return "$END" if token is None else token.type

    def text(self, offset: int = 0) -> str:
        return str(self.at(offset) or "")

    @property
    def span(self) -> Span:
        """The token that does not fit; at the end of a line, the place after the last one."""
        token = self.at(0)
        if token is not None and (token.type != "_SEP" or token == ";"):
            return token.span
        before = self.tokens[self.index - 1].span
        return Span(before.source, before.end, before.end)

    @property
    def head(self) -> Lexeme:
        """The first token of the statement."""
        return self.tokens[self.first]

    @property
    def opened(self) -> Lexeme | None:
        """The innermost bracket that is open."""
        brackets = _open_brackets(self.tokens[: self.index])
        return self.tokens[brackets[-1]] if brackets else None

    @property
    def block(self) -> str:
        """The word before the innermost `{`, by which one speaks of the block: `data`, `train`, `layer`, `scan`."""
        braces = [place for place in _open_brackets(self.tokens[: self.index]) if self.tokens[place].type == "LBRACE"]
        return str(self.tokens[statement_start(self.tokens, braces[-1])]) if braces else ""

    @property
    def found(self) -> str:
        token = self.at(0)
        if token is None or (token.type == "_SEP" and token != ";"):
            return "the end of the line"
        return f"`{token}`"

    def suggestion(self, word: str, terminals: frozenset[str]) -> str | None:
        """The keyword of these terminals that `word` was probably meant to be."""
        return nearest(word, (keyword for keyword, terminal in load().keywords.items() if terminal in terminals))


def statement_start(tokens: tuple[Lexeme, ...], index: int) -> int:
    """The index of the first token of the statement that the token at `index` belongs to."""
    depth = 0
    for place in range(index - 1, -1, -1):
        type_ = tokens[place].type
        if depth == 0 and type_ in ("_SEP", "LBRACE"):
            return place + 1
        depth += (type_ in CLOSING) - (type_ in OPENING)
        depth = max(depth, 0)
    return 0


def _open_brackets(tokens: tuple[Lexeme, ...]) -> list[int]:
    places: list[int] = []
    for place, token in enumerate(tokens):
        if token.type in OPENING:
            places.append(place)
        elif token.type in CLOSING:
            places.pop()
    return places


def describe(accepts: frozenset[str]) -> str:
    """What could stand in a place, in words: `a value`, `a name or "("`."""
    rest, parts = set(accepts), list[str]()
    for needed, words, covered in _GROUPS:
        if needed <= rest:
            parts.append(words)
            rest -= needed | covered
    keywords = {terminal: word for word, terminal in load().keywords.items()}
    parts += [
        f"`{keywords.get(terminal) or _SIGNS[terminal]}`"
        for terminal in sorted(rest)
        if terminal in keywords or terminal in _SIGNS
    ]
    return " or ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
