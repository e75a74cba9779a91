"""Tokens to items: which newlines count, where each top-level item ends, how deep it nests.

Newlines inside ( ) and [ ] do not count, nor does one before a line that starts with `|`; of several
separators one is kept, and none at the start of a block. Each item is parsed on its own, so an error
in one hides none in the next; a bracket that is left open ends at the next line that can only begin an item.
Nesting is bounded here, before anything recursive sees the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dslc.diagnostics import Diagnostic
from dslc.source import Span
from dslc.syntax.errors import BraceOnNextLine, ClosesNothing, SemicolonInBrackets, TooDeep, UnclosedBracket
from dslc.syntax.tokens import CLOSING, OPENING, Lexeme

LIMIT = 400
"""No tree is deeper than this many nodes."""

DEFINITIONS = frozenset(["activation", "layer", "loss", "optimizer", "metric", "schedule", "initializer"])
ITEMS = frozenset(["let", "use", "data", "net", "train"]) | DEFINITIONS

_CHAIN = frozenset(["VBAR", "PLUS", "MINUS", "STAR", "SLASH", "WHOLE", "AT", "CIRCUMFLEX", "COMPARE", "DOT"])
_CHAIN_WORDS = frozenset(["if", "and", "or", "not", "repeat"])
_LIST = frozenset(["COMMA", "COLON", "EQUAL", "UPDATE", "RANGE", "_SEP"])
_PARTNER = {"LPAR": ")", "LSQB": "]", "LBRACE": "}"}


@dataclass(frozen=True, slots=True)
class ItemTokens:
    """The tokens of one top-level item, or what is wrong with its brackets."""

    tokens: tuple[Lexeme, ...]
    fault: Diagnostic | None


@dataclass(slots=True)
class _Level:
    """A bracket that is open, and a bound on the depth of the tree of what it holds.

    `chain` counts the operators of the list item at hand, `operand` bounds the deepest of its bracketed operands, and
    `tallest` bounds the items before it.
    """

    bracket: Lexeme | None
    tallest: int = 0
    chain: int = 0
    operand: int = 0

    @property
    def height(self) -> int:
        return max(self.tallest, self.chain + self.operand)


@dataclass(slots=True)
class _Item:
    """The item being read."""

    tokens: list[Lexeme] = field(default_factory=list)
    fault: Diagnostic | None = None
    levels: list[_Level] = field(default_factory=lambda: [_Level(None)])
    suspect: Diagnostic | None = None

    @property
    def open(self) -> Lexeme | None:
        return self.levels[-1].bracket

    def blame(self, fault: Diagnostic) -> None:
        """Keep the first fault: the others may follow from it."""
        self.fault = self.fault or fault

    def unclosed(self, before: Span | None) -> None:
        """Close the innermost bracket by force."""
        bracket = self.levels[-1].bracket
        assert bracket is not None
        at_hand = UnclosedBracket(bracket.span, str(bracket), _PARTNER[bracket.type], before)
        self.blame(self.suspect if self.suspect is not None and bracket.type == "LBRACE" else at_hand)
        self.close()

    def finish(self, before: Span | None) -> ItemTokens:
        """The item, its open brackets closed by force where the next item begins or the file ends."""
        while self.open is not None:
            self.unclosed(before)
        return ItemTokens(tuple(self.tokens), self.fault)

    def close(self) -> None:
        level = self.levels.pop()
        self.levels[-1].operand = max(self.levels[-1].operand, level.height + 2)

    def add(self, token: Lexeme) -> None:
        self.tokens.append(token)
        if token.type in OPENING:
            # A read is one level above the value that it reads.
            self.levels[-1].chain += token.type == "LSQB"
            self.levels.append(_Level(token))
        elif token.type in CLOSING:
            self._closing(token)
        self._measure(token)

    def _closing(self, token: Lexeme) -> None:
        partner = CLOSING[token.type]
        if all(level.bracket is None or level.bracket.type != partner for level in self.levels):
            if self.open is None or "LBRACE" in (self.open.type, partner):
                self.blame(ClosesNothing(token.span, str(token)))
            else:
                self.unclosed(token.span)
            return
        while self.open is not None and self.open.type != partner:
            self.unclosed(token.span)
        if partner == "LBRACE":
            self.suspect = self.suspect or self._astray(token)
        self.close()

    def _astray(self, closing: Lexeme) -> Diagnostic | None:
        """What a `}` says that opens a line and is indented as the line of an outer `{` is, not as that of its own:
        should braces be missing in the end, its own `{` is the one that was not closed."""
        own = self.levels[-1].bracket
        outer = [level.bracket for level in self.levels[1:-1]]
        column = closing.span.column
        if own is None or not _opens_line(closing) or column not in (_indentation(b) for b in outer if b is not None):
            return None
        if column >= _indentation(own):
            return None
        inside = (token for token in self.tokens if token.span.start > own.span.start)
        less = (token for token in inside if _opens_line(token) and token.span.column <= _indentation(own))
        return UnclosedBracket(own.span, str(own), _PARTNER[own.type], next(less, closing).span)

    def _measure(self, token: Lexeme) -> None:
        level = self.levels[-1]
        if token.type in _LIST:
            level.tallest, level.chain, level.operand = level.height, 0, 0
        elif token.type in _CHAIN or (token.type == "NAME" and token in _CHAIN_WORDS):
            level.chain += 1
        if level.height + 2 * len(self.levels) > LIMIT:
            self.blame(TooDeep(token.span, LIMIT))


def _indentation(token: Lexeme) -> int:
    """The column at which the token's line begins."""
    line = token.span.source.line(token.span.line)
    return len(line) - len(line.lstrip()) + 1


def _opens_line(token: Lexeme) -> bool:
    return token.type != "_SEP" and token.span.column == _indentation(token)


def items(tokens: Sequence[Lexeme]) -> list[ItemTokens]:
    """The top-level items of a file, in order; the separators between them are gone."""
    found: list[ItemTokens] = []
    item = _Item()
    index = 0
    while index < len(tokens):
        start = index
        while index < len(tokens) and tokens[index].type == "_SEP":
            index += 1
        if index > start and _ends(item, tokens[start:index], tokens[index : index + 3]):
            found.append(item.finish(tokens[index].span if index < len(tokens) else None))
            item = _Item()
        if index < len(tokens):
            item.add(tokens[index])
            index += 1
    found.append(item.finish(None))
    return [item_tokens for item_tokens in found if item_tokens.tokens]


def _ends(item: _Item, separators: Sequence[Lexeme], rest: Sequence[Lexeme]) -> bool:
    """Whether the item is over after these separators, as the next tokens tell; if not, it takes one that counts."""
    written = next((separator for separator in separators if separator == ";"), None)
    following = rest[0].type if rest else "$END"
    if written is None and following == "VBAR":
        return False
    if following == "LBRACE" and item.tokens:
        item.blame(BraceOnNextLine(rest[0].span, str(rest[0])))
        return False
    if item.open is None or _begins_item(rest):
        return True
    if item.open.type != "LBRACE":
        if written is not None:
            item.blame(SemicolonInBrackets(written.span, str(item.open), item.open.span))
        return False
    if item.tokens[-1].type != "LBRACE":
        item.add(written or separators[0])
    return False


def _begins_item(tokens: Sequence[Lexeme]) -> bool:
    """Whether this line can only be the first of an item, even where a bracket is still open."""
    match [str(token) if token.type in ("NAME", "LBRACE", "LPAR", "EQUAL") else token.type for token in tokens[:3]]:
        case ["data" | "net" | "train", "{", *_] | ["use", "STRING", *_] | ["let", _, "=" | "COMPARE"]:
            return True
        case ["loss", word, *_]:
            return word == "NUMBER" or tokens[1].type == "NAME"
        case [word, _, "("]:
            return word in DEFINITIONS and tokens[1].type == "NAME"
        case _:
            return False
