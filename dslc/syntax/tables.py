"""The parse tables: built from grammar/dslc.lark by Lark, kept as JSON, loaded without Lark's grammar compiler.

Building takes 0.3 s and loading a tenth of that; JSON, because Lark's own cache is a pickle.
`python -m dslc.syntax.tables` writes grammar/tables.json anew after a change of the grammar, and a test
holds the two together. States are numbered in the order in which a walk over sorted symbols meets
them, so that equal grammars give equal files.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypedDict

from lark import Lark
from lark.grammar import NonTerminal, Rule, RuleOptions, Symbol, Terminal
from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift

START = "item"


class _RuleJson(TypedDict):
    origin: str
    symbols: list[str]
    name: str
    """What the tree builder is called for: the alias, the template or the origin."""
    inline: bool
    """Whether a single child stands for the whole."""


class _TablesJson(TypedDict):
    tokens: dict[str, str]
    """Terminal to regular expression, in the order to try them."""
    keywords: dict[str, str]
    rules: list[_RuleJson]
    states: list[dict[str, int]]
    """Symbol to action: n >= 0 reduces rule n, n < 0 shifts to state -1 - n."""
    end: int


@dataclass(frozen=True, slots=True)
class Tables:
    """What a parser needs at run time; `pattern` matches any token, its group names the terminal."""

    table: IntParseTable
    rules: tuple[Rule, ...]
    pattern: re.Pattern[str]
    keywords: dict[str, str]


def build(strict: bool = False) -> Lark:
    """The grammar, compiled; `strict` refuses every conflict and collision (and needs `interegular`)."""
    text = (files("dslc.grammar") / "dslc.lark").read_text("utf-8")
    return Lark(text, parser="lalr", start=START, keep_all_tokens=True, maybe_placeholders=False, strict=strict)


def to_json(parser: Lark) -> str:
    """The tables of a compiled grammar as text, one terminal, rule or state a line."""
    table: IntParseTable = parser.parser.parser._parse_table
    order = _order(table)
    used = {rule for actions in table.states.values() for action, rule in actions.values() if action is Reduce}
    rules = sorted(used, key=str)
    number = {rule: index for index, rule in enumerate(rules)}
    terminals = sorted(parser.terminals, key=lambda t: (-t.priority, -len(t.pattern.value), t.name))
    value = _TablesJson(
        tokens={t.name: t.pattern.to_regexp() for t in terminals if not t.pattern.value.isidentifier()},
        keywords={t.pattern.value: t.name for t in terminals if t.pattern.value.isidentifier()},
        rules=[_rule_to_json(rule) for rule in rules],
        states=[
            {
                symbol: number[argument] if action is Reduce else -1 - order[argument]
                for symbol, (action, argument) in sorted(table.states[state].items())
            }
            for state in order
        ],
        end=order[table.end_states[START]],
    )
    return "{\n" + ",\n".join(f'"{name}": {_lines(part)}' for name, part in value.items()) + "\n}\n"


def _order(table: IntParseTable) -> dict[int, int]:
    """Lark's number of each state to ours."""
    order = {table.start_states[START]: 0}
    for state in (queue := list(order)):
        for _, (action, argument) in sorted(table.states[state].items()):
            if action is Shift and argument not in order:
                order[argument] = len(order)
                queue.append(argument)
    return order


def _rule_to_json(rule: Rule) -> _RuleJson:
    return _RuleJson(
        origin=str(rule.origin.name),
        symbols=[str(symbol.name) for symbol in rule.expansion],
        name=str(rule.alias or rule.options.template_source or rule.origin.name),
        inline=bool(rule.options.expand1 and not rule.alias),
    )


def _lines(part: object) -> str:
    if isinstance(part, list):
        return "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in part) + "\n]"
    return json.dumps(part, indent=0 if isinstance(part, dict) else None)


@cache
def load() -> Tables:
    """The committed tables, ready to parse with."""
    value: _TablesJson = json.loads((files("dslc.grammar") / "tables.json").read_text("utf-8"))
    rules = tuple(_rule_from_json(rule) for rule in value["rules"])
    states = {
        state: {symbol: (Reduce, rules[n]) if n >= 0 else (Shift, -1 - n) for symbol, n in actions.items()}
        for state, actions in enumerate(value["states"])
    }
    pattern = re.compile("|".join(f"(?P<{name}>{regexp})" for name, regexp in value["tokens"].items()))
    # Lark's constructor carries no annotations.
    table = IntParseTable(states, {START: 0}, {START: value["end"]})  # type: ignore[no-untyped-call]
    return Tables(table, rules, pattern, value["keywords"])


def _rule_from_json(rule: _RuleJson) -> Rule:
    options = RuleOptions(keep_all_tokens=True, expand1=rule["inline"])
    symbols = [_symbol(name) for name in rule["symbols"]]
    return Rule(NonTerminal(rule["origin"]), symbols, alias=None if rule["inline"] else rule["name"], options=options)


def _symbol(name: str) -> Symbol:
    return Terminal(name) if name == name.upper() else NonTerminal(name)


if __name__ == "__main__":
    Path(str(files("dslc.grammar") / "tables.json")).write_text(to_json(build()), "utf-8")
