"""The grammar, its committed tables and the table of the tree builder belong together."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from lark.parsers.lalr_analysis import Shift

from dslc.syntax import tables
from dslc.syntax.build import BUILD
from dslc.syntax.layout import ITEMS
from dslc.syntax.words import RESERVED

from .corpus import HERE


def test_the_grammar_has_no_conflict() -> None:
    tables.build(strict=True)


def test_the_tables_are_those_of_the_grammar() -> None:
    committed = (files("dslc.grammar") / "tables.json").read_text("utf-8")
    assert tables.to_json(tables.build()) == committed, "run `python -m dslc.syntax.tables`"


def test_every_rule_has_an_entry_and_every_entry_a_rule() -> None:
    rules = tables.load().rules
    assert {rule.alias for rule in rules if rule.alias and rule.alias[0] not in "_$"} == set(BUILD)
    unnamed = [rule for rule in rules if not rule.alias and len(rule.expansion) > 1]
    assert not unnamed, "a rule that may stand for its only child needs a name where it has several"


def test_the_words_that_the_code_knows_are_those_of_the_grammar() -> None:
    keywords = tables.load().keywords
    assert set(keywords) >= RESERVED | ITEMS


def test_which_keywords_hide_a_name(golden: Callable[[Path, str], None]) -> None:
    """Where a name may stand, so may these words; a word after one makes it the keyword."""
    words = {terminal: word for word, terminal in tables.load().keywords.items()}
    together: set[str] = set()
    for actions in tables.load().table.states.values():
        if actions.get("NAME", (None,))[0] is Shift:
            hidden = sorted(words[symbol] for symbol in actions if symbol in words and words[symbol] not in RESERVED)
            together.add(" ".join(hidden))
    golden(HERE / "hidden_names.expected", "\n".join(sorted(together - {""})))
