"""No text makes the parser raise anything but ModelError, nor nest deeper than later stages can walk."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.diagnostics import ModelError
from dslc.source import Source
from dslc.syntax.layout import LIMIT
from dslc.syntax.parse import FAULT_LIMIT, parse
from dslc.syntax.text import to_text

from .corpus import CORPUS, parts

MANY = 100_000
HOSTILE = {
    "parentheses": "let x = " + "(" * MANY + "1" + ")" * MANY,
    "open parentheses": "let x = " + "(" * MANY,
    "closing brackets": ")" * MANY,
    "open blocks": "net {\n" * (MANY // 10),
    "sum": "let x = " + "a + " * (MANY // 4) + "a",
    "pipes": "net { x" + " | f" * (MANY // 4) + " }",
    "reads": "let x = a" + "[0]" * (MANY // 4),
    "members": "let x = a" + ".b" * (MANY // 2),
    "negations": "let x = " + "not " * (MANY // 4) + "a",
    "signs": "let x = " + "-" * MANY + "a",
    "powers": "let x = " + "a^" * (MANY // 2) + "a",
    "choices": "let x = " + "if a then b else " * (MANY // 20) + "c",
    "repeats": "net { x | " + "repeat 2 " * (MANY // 10) + "f }",
    "digits": "let x = " + "1" * MANY,
    "extents": "let x = " + "1x" * (MANY // 2) + "1",
    "strange characters": "?" * MANY,
    "broken items": "let x == 1\n" * (MANY // 12),
    "a million characters": "a" * 1_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused(text: str) -> None:
    with pytest.raises(ModelError) as raised:
        parse(Source("hostile.dsl", text))
    assert len(raised.value.diagnostics) <= FAULT_LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "let x = " + "(a + " * 130 + "1" + ")" * 130,
        "let x = " + "f(" * 190 + "1" + ")" * 190,
        "net { x" + " | f(3)" * 380 + " }",
        "let x = " + "a[b] + " * 190 + "1",
        "layer f(x) = " + "if a then b else " * 190 + "c",
    ],
)
def test_no_tree_is_deeper_than_the_limit(text: str) -> None:
    depth, level = 0, [*parse(Source("deep.dsl", text)).items]
    while level:
        depth, level = depth + 1, [part for node in level for part in parts(node)]
    assert 120 < depth <= LIMIT


def outcome(text: str) -> str:
    try:
        return to_text(parse(Source("fuzz.dsl", text)))
    except ModelError as error:
        return str(error)


WORDS = sorted({word for text in CORPUS.values() for word in text.split()}) + list("\n;{}()[]|=:,.*<-+^@/`\"'?é\r\t\0")
soup = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
blocks = st.builds("{} {{\n{}\n}}".format, st.sampled_from(["data", "net", "train", "layer f(x)", "augment"]), soup)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid file with a few places cut out, doubled or overwritten."""
    text = draw(st.sampled_from(sorted(CORPUS.values())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + draw(st.sampled_from([*WORDS, "", text[start:end] * 2])) + text[end:]
    return text


@given(soup | blocks | mutated() | st.text(max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_parses_or_is_refused(text: str) -> None:
    outcome(text)


@pytest.mark.slow
@given(soup | blocks | mutated() | st.text())
@settings(max_examples=50_000, deadline=None)
def test_any_text_parses_or_is_refused_at_length(text: str) -> None:
    outcome(text)
