"""Statements to lines: what stands on one line, how deep each line is indented, where a long one breaks.

A block is on one line if it was and fits; in any other, statements that share a line go on sharing it where they
fit, unless the block began on the line of its brace. Breaks inside brackets and before `|` stay; a line beyond
`WIDTH` gets more of them, at the outermost bracket first. Every decision is taken again the same way when the result
is laid out once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import NamedTuple

from dslc.syntax.layout import ITEMS
from dslc.syntax.leaves import Braces, Comment, Gap, Leaf, Leaves, Statement

WIDTH = 120
INDENT = 2

_OPENING = frozenset(["LPAR", "LSQB"])
_CLOSING = frozenset(["RPAR", "RSQB"])


class Piece(NamedTuple):
    """A leaf, and what separates it from the one before it on its line: nothing, a blank or `; `."""

    separator: str
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces, or none before a comment of its own line; `blank` puts a blank line before it."""

    indent: int
    pieces: tuple[Piece, ...]
    comment: Comment | None
    blank: bool


def lines(file: Leaves) -> list[Line]:
    """The lines of a file, in order."""
    writer = _Writer()
    writer.body(file.items, 0, joins=False)
    writer.end(file.rest, 0)
    return writer.done


class _Writer:
    """The lines that are done, and the one being written.

    `_open` holds, for each bracket that was open where this line began, the indent of the line that opened it. Outside
    brackets the first line of a statement stands at `_margin`, a later one at `_later`.
    """

    def __init__(self) -> None:
        self.done: list[Line] = []
        self._pieces: list[Piece] = []
        self._open: list[int] = []
        self._margin = 0
        self._later = 0
        self._blank = False

    def body(self, statements: Sequence[Statement], margin: int, joins: bool) -> None:
        """The statements of a block; those that share a line may keep sharing it if the block `joins`."""
        for row in _rows(statements, joins):
            if len(row) > 1 and _fits(_flat(row), WIDTH - margin):
                self._begin(row[0].first, margin)
                self._pieces = [*_flat(row)]
            else:
                for statement in row:
                    self._statement(statement, margin)

    def end(self, gap: Gap, margin: int) -> None:
        """The end of the line, and the comments that follow it."""
        self._end_line(gap.trailing)
        self._margin = margin
        for comment in gap.own:
            blank = comment.blank and not self._opens
            self.done.append(Line(self._indent(()), (), comment, blank))
        self._blank = gap.blank and not self._opens

    @property
    def _opens(self) -> bool:
        """Whether the next line is the first of the file or of a block."""
        return not self.done or (bool(self.done[-1].pieces) and self.done[-1].pieces[-1].leaf.type == "LBRACE")

    def _begin(self, first: Leaf, margin: int) -> None:
        self.end(first.gap, margin)
        self._later = margin if first.bare else margin + INDENT
        self._pieces = [Piece("", first)]

    def _statement(self, statement: Statement, margin: int) -> None:
        self._begin(statement.first, margin)
        for part in statement.parts[1:]:
            if isinstance(part, Braces):
                self._braces(part, margin)
                continue
            if part.gap.newline:
                self._continue(part.gap)
            self._pieces.append(_piece(part))

    def _continue(self, gap: Gap) -> None:
        """A new line within a statement: blank lines go, comments stay."""
        self._end_line(gap.trailing)
        self._margin = self._later
        self.done += [Line(self._indent(()), (), comment, False) for comment in gap.own]

    def _braces(self, braces: Braces, margin: int) -> None:
        room = WIDTH - self._indent(self._pieces) - _width(self._pieces)
        if _fits(_flat_braces(braces), room):
            self._pieces += _flat_braces(braces)
            return
        self._pieces.append(_piece(braces.open))
        within = braces.statements
        self.body(within, margin + INDENT, joins=bool(within) and within[0].first.gap.newline)
        self.end(braces.close.gap, margin + INDENT)
        self._blank, self._margin = False, margin
        self._pieces = [_piece(braces.close)]

    def _end_line(self, comment: Comment | None) -> None:
        """The line is done; a part of it for itself as long as it is too wide and there is a place to break it."""
        pieces = tuple(self._pieces)
        while cut := _cut(pieces, self._indent(pieces), len(self._open)):
            self._put(pieces[:cut], None)
            self._margin, pieces = self._later, pieces[cut:]
        if pieces:
            self._put(pieces, comment)
        self._pieces = []

    def _put(self, pieces: tuple[Piece, ...], comment: Comment | None) -> None:
        indent = self._indent(pieces)
        self.done.append(Line(indent, pieces, comment, self._blank))
        self._blank = False
        for piece in pieces:
            if piece.leaf.type in _OPENING:
                self._open.append(indent)
            elif piece.leaf.type in _CLOSING:
                self._open.pop()

    def _indent(self, pieces: Sequence[Piece]) -> int:
        """The indent of a line with these pieces; a bracket that closes stands as the line of its partner does."""
        closing = len([*takewhile(lambda piece: piece.leaf.type in _CLOSING, pieces)])
        if closing:
            return self._open[-closing]
        return self._open[-1] + INDENT if self._open else self._margin


# --- what fits on one line -----------------------------------------------------------------------


def _rows(statements: Sequence[Statement], joins: bool) -> list[list[Statement]]:
    """The statements that share a line; each alone unless the block `joins`."""
    rows: list[list[Statement]] = []
    for statement in statements:
        if rows and joins and not statement.first.gap.newline:
            rows[-1].append(statement)
        else:
            rows.append([statement])
    return rows


def _piece(leaf: Leaf) -> Piece:
    return Piece("" if leaf.glued else " ", leaf)


def _flat(statements: Sequence[Statement]) -> Iterator[Piece]:
    """The statements on one line, `; ` between them."""
    for number, statement in enumerate(statements):
        yield Piece("; " if number else "", statement.first)
        for part in statement.parts[1:]:
            if isinstance(part, Braces):
                yield from _flat_braces(part)
            else:
                yield _piece(part)


def _flat_braces(braces: Braces) -> Iterator[Piece]:
    yield Piece(" ", braces.open)
    within = _flat(braces.statements)
    yield from (piece._replace(separator=" ") for piece in islice(within, 1))
    yield from within
    yield Piece(" ", braces.close)


def _fits(pieces: Iterable[Piece], room: int) -> bool:
    """Whether the pieces were written on one line, after the first, and take at most `room` columns."""
    width = 0
    for piece in pieces:
        if width and piece.leaf.gap.newline:
            return False
        width += len(piece.separator) + len(piece.leaf.text)
        if width > room:
            return False
    return True


def _width(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.separator) + len(piece.leaf.text) for piece in pieces) - len(pieces[0].separator)


# --- where a line breaks -------------------------------------------------------------------------

_BEFORE = {"OVER": 1, "OR": 2, "THEN": 2, "ELSE": 2, "AND": 3, "COMPARE": 4} | {
    "PLUS": 5, "MINUS": 5, "STAR": 6, "SLASH": 6, "WHOLE": 6, "AT": 6
}  # fmt: skip
"""Tokens before which a line in brackets may break; the lower the better."""

_AFTER = {"COMMA": 1, "LPAR": 7, "LSQB": 7}
"""Tokens after which it may."""


def _cut(pieces: Sequence[Piece], indent: int, depth: int) -> int:
    """How many pieces go on the first line: all that fit, up to the best place to break; 0 if the line stays whole.

    `depth` brackets are open before it. Where nothing fits, the first place will do.
    """
    best: tuple[int, int] | None = None
    found, width = 0, indent
    for number, piece in enumerate(pieces):
        rank = _rank(pieces[number - 1].leaf, piece.leaf, depth) if number else None
        if rank is not None and (best is None or (rank <= best and width <= WIDTH)):
            best, found = rank, number
        width += len(piece.leaf.text) + (len(piece.separator) if number else 0)
        if width > WIDTH and found:
            return found
        depth += (piece.leaf.type in _OPENING) - (piece.leaf.type in _CLOSING)
    return 0


def _rank(previous: Leaf, leaf: Leaf, depth: int) -> tuple[int, int] | None:
    """How good a place between two leaves is, the lowest best: outer brackets first. None where no line may break."""
    if leaf.type == "VBAR":
        return depth, 0
    # A line in brackets that begins with such a word might be taken for the next item.
    if depth == 0 or leaf.text in ITEMS:
        return None
    after = _AFTER.get(previous.type)
    before = None if leaf.rule in _SIGNS else _BEFORE.get(leaf.type)
    ranks = [rank for rank in (after, before) if rank is not None]
    return (depth, min(ranks)) if ranks else None


_SIGNS = frozenset(["minus", "negative", "shares", "fraction"])
"""Rules whose `-` and `/` belong to one operand or number."""
