"""The layout is one: laid out again it stays, it keeps tree and comments, and the project's own files have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dslc
from dslc.diagnostics import ModelError
from dslc.source import Source
from dslc.syntax.format import format
from dslc.syntax.lines import WIDTH
from dslc.syntax.parse import parse
from dslc.syntax.tables import load
from dslc.syntax.text import to_text

from .corpus import CORPUS, EXPERIMENTS

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "tests/cases/format").glob("*.dsl"))
OWN = [path for folder in ("models", "dslc/prelude") for path in sorted((ROOT / folder).rglob("*.dsl"))]
FILES = [path.read_text("utf-8") for path in [*OWN, *CASES]]


def test_it_is_public() -> None:
    assert dslc.format("loss   huber") == "loss huber\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_layout_of_a_case(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path.with_suffix(".expected"), format(path.read_text("utf-8"), path.name))


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_the_projects_own_files_have_it(path: Path) -> None:
    assert format(path.read_text("utf-8"), path.name) == path.read_text("utf-8")


@pytest.mark.parametrize("text", [*CORPUS.values(), *FILES])
def test_the_laws_hold_for_every_form(text: str) -> None:
    laws(text)


def test_no_line_of_an_experiment_is_too_wide_but_for_its_comment() -> None:
    for text in EXPERIMENTS.values():
        assert max(len(line.partition("#")[0].rstrip()) for line in format(text).split("\n")) <= WIDTH


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", " ; \n"])
def test_a_file_of_nothing_is_empty(text: str) -> None:
    assert format(text) == ""


def test_line_ends_are_newlines() -> None:
    assert format("\ufeff# a\r\n\r\nloss huber  # b\r\ntrain {\r\n adam\r\n}") == (
        "# a\n\nloss huber  # b\ntrain {\n  adam\n}\n"
    )


def test_what_does_not_parse_has_no_layout() -> None:
    with pytest.raises(ModelError, match=r"a\.dsl:1:5"):
        format("net x", "a.dsl")


def test_a_long_line_takes_no_time() -> None:
    text = "let x = [" + ", ".join(["aaaa"] * 20_000) + "]"
    assert max(map(len, format(text).split("\n"))) <= WIDTH


BLANK = st.sampled_from(["", " ", "  ", "\t", " \r "])
BREAK = st.sampled_from(
    ["\n", "\n\n\n", "\r\n", " # c\n", '  # a | { " comment ;\n   # d\n', "\n# e\n\n", "\n      #f\n"]
)
HERE = st.sampled_from(sorted(CORPUS.values()) + FILES)


@st.composite
def shaken(draw: st.DrawFn) -> str:
    """A file with other blanks, and with line breaks, comments and `;` where they may stand."""
    text, parts = draw(HERE), list[str]()
    depth, previous = 0, ""
    for match in load().pattern.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "BLANK":
            continue
        touching = match.start() == 0 or not text[match.start() - 1].isspace()
        depth += (kind in ("LPAR", "LSQB")) - (kind in ("RPAR", "RSQB"))
        if kind in ("VBAR", "RBRACE") or previous == "LBRACE" or (previous == "COMMA" and depth):
            parts.append(draw(st.one_of(BLANK, BREAK)))
        elif kind == "_SEP" and token != ";" and depth == 0:
            parts.append(draw(BREAK))
        elif kind not in ("COMMENT", "_SEP") and not (touching and "*" in text):
            word = {kind, previous} <= _WORDS or kind in ("MINUS", "RANGE", "DOT", "EQUAL", "SLASH")
            parts.append(draw(BLANK) or (" " if word or not touching else ""))
        else:
            parts.append("" if touching else " ")
        parts.append(token)
        previous = kind or ""
    return "".join(parts)


_WORDS = {"NAME", "NUMBER", "SIZE", "PERCENT"}


@settings(max_examples=300, deadline=None)
@given(shaken())
def test_the_laws_hold_however_a_file_is_written(text: str) -> None:
    try:
        parse(Source("shaken.dsl", text))
    except ModelError:
        return
    laws(text)


def laws(text: str) -> None:
    once = format(text)
    assert format(once) == once
    assert tree(once) == tree(text)
    assert comments(once) == comments(text)
    assert [token for token in words(once) if token != ";"] == [token for token in words(text) if token != ";"]
    assert not re.search(r"[ \t]$|\n\n\n|\A\n|\n\n\Z", once, re.MULTILINE)


def tree(text: str) -> list[str]:
    return [line.rpartition(" ")[0] for line in to_text(parse(Source("a.dsl", text))).split("\n")]


def comments(text: str) -> list[str]:
    return [match.group().rstrip() for match in load().pattern.finditer(text) if match.lastgroup == "COMMENT"]


def words(text: str) -> list[str]:
    tokens = [m for m in load().pattern.finditer(text) if m.lastgroup not in ("COMMENT", "BLANK", "_SEP")]
    return [match.group() for match in tokens]
