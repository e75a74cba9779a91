"""Every form of the language parses, to a tree whose spans are exact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dslc.source import Source
from dslc.syntax import ast
from dslc.syntax.parse import parse
from dslc.syntax.text import to_text

from .corpus import CORPUS, EXPERIMENTS, HERE, parts, walk


@pytest.fixture(params=CORPUS.values(), ids=CORPUS.keys())
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_form_parses(text: str) -> None:
    assert parse(Source("form.dsl", text)).items


def test_line_ends_and_a_byte_order_mark_do_not_matter(text: str) -> None:
    plain = parse(Source("form.dsl", text))
    other = parse(Source("form.dsl", "\ufeff" + text.replace("\n", "\r\n")))
    assert kinds(plain) == kinds(other)


def test_a_span_holds_the_spans_of_its_parts(text: str) -> None:
    for node in walk(parse(Source("form.dsl", text))):
        inner = [part.span for part in parts(node)]
        assert all(node.span.start <= span.start < span.end <= node.span.end for span in inner), node
        assert isinstance(node, ast.Module) or node.span.text == node.span.text.strip()


def test_a_name_stands_where_its_span_says(text: str) -> None:
    for node in walk(parse(Source("form.dsl", text))):
        if isinstance(node, ast.Name) and node.span.text[:1] != "(":
            assert node.span.text == (f"`{node.text}`" if node.quoted else node.text)


def test_parentheses_belong_to_the_span() -> None:
    (net,) = parse(Source("a.dsl", "net { (a + b) * (c) }")).items
    assert isinstance(net, ast.Net)
    assert net.statements[0].span.text == "(a + b) * (c)"


def test_every_kind_of_node_can_be_written() -> None:
    written = {type(node) for text in CORPUS.values() for node in walk(parse(Source("form.dsl", text)))}
    kinds = {kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.Syntax)}
    assert written == kinds - {ast.Syntax}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_trees_of_the_experiments(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(HERE / "experiments" / f"{name}.ast", to_text(parse(Source(f"{name}.dsl", EXPERIMENTS[name]))))


def kinds(tree: ast.Syntax) -> list[str]:
    return [type(node).__name__ for node in walk(tree)]
