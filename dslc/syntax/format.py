"""The one layout of a model file: `dslc fmt`.

Receives the text of a file that parses, and promises a text of the same tree and the same comments, of which it is
the layout again. What is written stays as it is written, numbers and strings included; only blanks, line breaks
and `;` change. Comments at a distance keep their column, those of adjacent lines keep it together, and the `=` of
adjacent `let` lines stand in one column.

>>> print(format("let a=1\\nlet bcd = 20_000   # rows\\nnet {x|dense( a )\\n\\n\\n| relu }"), end="")
let a   = 1
let bcd = 20_000   # rows
net {
  x | dense(a)
  | relu
}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dslc.source import Source
from dslc.syntax.leaves import leaves
from dslc.syntax.lines import WIDTH, Line, lines
from dslc.syntax.parse import parse
from dslc.syntax.text import to_text

MARGIN = 2
"""Blanks before a comment that ends a line, at least."""


def format(text: str, name: str = "model.dsl") -> str:
    """The text in the one layout, its lines ended by newlines; raises ModelError where it is no model file."""
    source = Source(name, text)
    tree = to_text(parse(source))
    result = "".join(f"{line}\n" for line in _texts(lines(leaves(source))))
    # A layout that changed a meaning would be written over somebody's file.
    if _without_places(tree) != _without_places(to_text(parse(Source(name, result)))):
        raise AssertionError(f"the layout of `{name}` has another meaning")
    return result


def _without_places(tree: str) -> list[str]:
    return [line.rpartition(" ")[0] for line in tree.split("\n")]


def _texts(laid_out: Sequence[Line]) -> Iterator[str]:
    """The lines' texts, comments in their columns; blank lines are empty."""
    codes = _codes(laid_out)
    for line, code, column in zip(laid_out, codes, _columns(laid_out, codes), strict=True):
        if line.blank:
            yield ""
        yield f"{code:<{column}}{line.comment.text}" if line.comment else code


# --- code ----------------------------------------------------------------------------------------


def _codes(laid_out: Sequence[Line]) -> list[str]:
    """The lines without their comments; adjacent `let` lines are aligned unless that makes one of them too wide."""
    codes: list[str] = []
    for run in _runs(laid_out, lambda line, after: _is_let(line) and _is_let(after) and not after.blank):
        width = max(len(line.pieces[1].leaf.text) for line in run) if len(run) > 1 else 0
        aligned = [_code(line, width) for line in run]
        codes += aligned if max(map(len, aligned)) <= WIDTH else [_code(line, 0) for line in run]
    return codes


def _is_let(line: Line) -> bool:
    return bool(line.pieces) and line.pieces[0].leaf.type == "LET"


def _code(line: Line, width: int) -> str:
    """A line's tokens; the second takes at least `width` columns."""
    texts = [piece.separator * (number > 0) + piece.leaf.text for number, piece in enumerate(line.pieces)]
    if width:
        texts[1] = f"{texts[1]:<{width + 1}}"
    return " " * line.indent * bool(texts) + "".join(texts)


# --- comments ------------------------------------------------------------------------------------


def _columns(laid_out: Sequence[Line], codes: Sequence[str]) -> list[int]:
    """The column of each line's comment; that of a line without one says nothing."""
    columns: list[int] = []
    for run in _runs(laid_out, _share_column):
        first, ends = run[0], codes[len(columns) : len(columns) + len(run)]
        column = max(map(len, ends)) + MARGIN if first.pieces else first.indent
        if first.comment and _stands(first) and (len(run) > 1 or first.comment.distance > MARGIN):
            column = max(column, first.comment.column)
        columns += [column] * len(run)
    return columns


def _share_column(line: Line, after: Line) -> bool:
    """Whether the comments of two adjacent lines stood in one column, and go on doing so.

    Either ends a line of code that stood behind the same break before, or the second goes on below the first.
    """
    if not line.comment or not after.comment or after.blank or line.comment.column != after.comment.column:
        return False
    return not after.pieces or (_stands(line) and _stands(after))


def _stands(line: Line) -> bool:
    """Whether the comment ends a line that holds what it held before, so that its column still means something."""
    if not line.pieces or not line.comment:
        return False
    first = line.pieces[0].leaf
    return first.gap.newline and first.line == line.comment.line


def _runs(laid_out: Sequence[Line], linked: Callable[[Line, Line], bool]) -> Iterator[Sequence[Line]]:
    """The lines in runs whose neighbours are linked."""
    start = 0
    for end in range(1, len(laid_out) + 1):
        if end == len(laid_out) or not linked(laid_out[end - 1], laid_out[end]):
            yield laid_out[start:end]
            start = end
