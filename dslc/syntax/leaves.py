"""A model file as its layout sees it: statements of tokens, each with what stood before it.

Receives a file that parses. Nothing that was written is lost: comments, line breaks and blank lines lie in the
gaps between tokens, and only `;`, which separates statements, is gone. What a token is to its rule of the grammar
says where blanks stand, so that `-1..1 of age` and `a - 1` need no guess.

>>> from dslc.source import Source
>>> item, *_ = leaves(Source("a.dsl", "loss  -a ^2 +b")).items
>>> [(leaf.text, leaf.glued) for leaf in item.parts][2:]
[('a', True), ('^', True), ('2', True), ('+', False), ('b', False)]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lark import Tree
from lark.parse_tree_builder import ParseTreeBuilder
from lark.parsers.lalr_parser_state import ParseConf, ParserState

from dslc.source import Source
from dslc.syntax.layout import ItemTokens, items
from dslc.syntax.tables import START, load
from dslc.syntax.tokens import Lexeme, scan
from dslc.syntax.words import in_place


@dataclass(frozen=True, slots=True)
class Comment:
    """`# text`, where it stood (line from 1, column from 0), what blanks and whether a blank line went before."""

    text: str
    line: int
    column: int
    distance: int
    blank: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What stood before a token: a comment that ends the line before, comments on their own lines, a newline."""

    trailing: Comment | None
    own: tuple[Comment, ...]
    newline: bool
    blank: bool
    """Whether a blank line stood right before the token."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A token as it was written; `glued` to the one before it, `bare` if a bare value begins with it."""

    text: str
    type: str
    rule: str
    line: int
    glued: bool
    bare: bool
    gap: Gap


@dataclass(frozen=True, slots=True)
class Braces:
    open: Leaf
    statements: tuple[Statement, ...]
    close: Leaf


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement or a top-level item; the first part is a leaf."""

    parts: tuple[Leaf | Braces, ...]

    @property
    def first(self) -> Leaf:
        leaf = self.parts[0]
        assert isinstance(leaf, Leaf)
        return leaf


@dataclass(frozen=True, slots=True)
class Leaves:
    """A file's items, and what stood after the last."""

    items: tuple[Statement, ...]
    rest: Gap


def leaves(source: Source) -> Leaves:
    """The file's tokens by item and statement; it must parse."""
    tokens, _ = scan(source)
    found: list[Statement] = []
    end = 0
    for item in items(tokens):
        leaf_list = list(_item_leaves(source, _written(item), end))
        found.append(_statement(iter(leaf_list), None)[0])
        end = item.tokens[-1].span.end
    return Leaves(tuple(found), _gap(source, end, len(source.text)))


# --- tokens and their rules ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Written:
    token: Lexeme
    rule: str
    bare: bool


@cache
def _parser() -> ParseConf[int]:
    """A parser whose trees keep every token."""
    builder = ParseTreeBuilder(load().rules, Tree)  # type: ignore[no-untyped-call]
    return ParseConf(load().table, builder.create_callback(None), START)  # type: ignore[no-untyped-call]


def _written(item: ItemTokens) -> Iterator[_Written]:
    """The tokens of an item, column patterns in one piece, each with the rule that it stands in."""
    # The state asks no lexer for anything: we feed it with tokens.
    state = ParserState(_parser(), lexer=None)  # type: ignore[arg-type]
    for token in in_place(item.tokens, state):
        state.feed_token(token)
    tree: Tree[Lexeme] = state.feed_token(Lexeme("$END", ""), is_end=True)
    waiting: list[tuple[Tree[Lexeme] | Lexeme, str, bool]] = [(tree, "", False)]
    while waiting:
        node, rule, bare = waiting.pop()
        if isinstance(node, Lexeme):
            yield _Written(node, rule, bare)
            continue
        assert isinstance(node, Tree)
        first = bare or node.data == "evaluate"
        below = [(child, str(node.data), first and number == 0) for number, child in enumerate(node.children)]
        waiting += reversed(below)


_CLOSE_BEFORE = frozenset(["COMMA", "COLON", "DOT", "CIRCUMFLEX", "RPAR", "RSQB"])
"""Tokens that touch the one before them."""

_CLOSE_AFTER = frozenset(["DOT", "CIRCUMFLEX", "LPAR", "LSQB"])
"""Tokens that touch the one after them."""

_BOTH_SIDES = {"RANGE": frozenset(["between", "slice"]), "SLASH": frozenset(["shares", "fraction"])}
_ON_THEIR_LEFT = {"LPAR": frozenset(["call", "definition", "kind"]), "LSQB": frozenset(["read"])}
_ON_THEIR_RIGHT = {"MINUS": frozenset(["minus", "negative"])}
"""The rules in which a token touches its neighbours."""

_NOWHERE = frozenset[str]()


def _touch(left: _Written, right: _Written) -> bool:
    before, after = left.token.type, right.token.type
    return (
        after in _CLOSE_BEFORE
        or before in _CLOSE_AFTER
        or right.rule in _BOTH_SIDES.get(after, _NOWHERE)
        or left.rule in _BOTH_SIDES.get(before, _NOWHERE)
        or right.rule in _ON_THEIR_LEFT.get(after, _NOWHERE)
        or left.rule in _ON_THEIR_RIGHT.get(before, _NOWHERE)
    )


def _item_leaves(source: Source, written: Iterator[_Written], end: int) -> Iterator[Leaf]:
    """The leaves of an item; the text before it ends at `end`. A separator stays, for `_statement` to end at."""
    before: _Written | None = None
    for this in written:
        span = this.token.span
        glued = before is not None and _touch(before, this)
        yield Leaf(span.text, this.token.type, this.rule, span.line, glued, this.bare, _gap(source, end, span.start))
        if this.token.type != "_SEP":
            before, end = this, span.end


def _statement(stream: Iterator[Leaf], first: Leaf | None) -> tuple[Statement, Leaf | None]:
    """The statement that begins with `first` or the next leaf, and the separator or brace that ends it."""
    parts: list[Leaf | Braces] = [first] if first else []
    for leaf in stream:
        if leaf.type in ("_SEP", "RBRACE"):
            return Statement(tuple(parts)), leaf
        parts.append(_braces(stream, leaf) if leaf.type == "LBRACE" else leaf)
    return Statement(tuple(parts)), None


def _braces(stream: Iterator[Leaf], opening: Leaf) -> Braces:
    statements: list[Statement] = []
    leaf = next(stream)
    while leaf.type != "RBRACE":
        if leaf.type == "_SEP":
            leaf = next(stream)
            continue
        statement, end = _statement(stream, leaf)
        assert end is not None
        statements.append(statement)
        leaf = end
    return Braces(opening, tuple(statements), leaf)


# --- gaps ----------------------------------------------------------------------------------------


def _gap(source: Source, start: int, end: int) -> Gap:
    """The gap of the characters `start` to `end`, which hold blanks, separators and comments."""
    first, *rest = source.text[start:end].split("\n")
    line, column = source.position(start)
    own, blank = list[Comment](), False
    if start == 0:
        line, column, first, rest = 0, 1, "", [first, *rest]
    for number, text in enumerate(rest, line + 1):
        if "#" in text:
            own.append(_comment(text, number, 0, blank))
        last = number == line + len(rest)
        blank = ("#" not in text and blank) if last else not text.strip(_BLANKS)
    trailing = _comment(first, line, column - 1, False) if "#" in first else None
    return Gap(trailing, tuple(own), bool(rest), blank)


_BLANKS = " \t\r\f\ufeff"


def _comment(text: str, line: int, column: int, blank: bool) -> Comment:
    start = text.index("#")
    return Comment(text[start:].rstrip(), line, column + start, start, blank)
