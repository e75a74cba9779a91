"""Model files as clumsy and hostile users write them: right ones with a few faults put in, the same for the same seed.

A mutation takes a text and a source of chance and gives another text. They work on words and signs rather than on
characters, so that most of what they make gets past the parser and reaches the stages behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeAlias

from dslc.diagnostics import nearest

ROOT = Path(__file__).parents[2]
Mutation: TypeAlias = Callable[[str, Random], str]

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?%?")
TOKEN = re.compile(r'"[^"\n]*"|`[^`\n]+`|\w+(?:\.\d+)?%?|\.\.|<-|==|[^\s\w]')

NUMBERS = (
    *("0", "1", "2", "-1", "0.5", "1/3", "1e-30", "1e300", "1e400", "150%", "3x3", "0..1", "9" * 39, "9" * 60),
    *("2^62", "2^(2^62)", "10^10^10", "4611686018427387904", "1_000_000_000", "(0/0)", "true", '"text"', "relu", "()"),
)
CHARACTERS = "\0\x1b\r\t\ufeff\u202e\u00a0\U0001f600ü'\"`\\$()[]{}|,;=:^@#"
WORDS = (
    *("<-", "..", " if ", " over batch ", " or 0 ", "repeat 1000000000 ", "repeat 99 repeat 99 ", "\x1b[31m", "'a'"),
    *("__import__", "lambda", "exec", "{0.__class__}", "training", "grad", "weight", "inputs", "outputs", "target"),
    *("(" * 300, "-" * 500, "x | relu" + " | relu" * 150, "z" * 5000),
)
HOSTILE: tuple[str, ...] = (*CHARACTERS, *WORDS)


def experiments() -> dict[str, tuple[str, Path]]:
    """Model files that check or nearly check, each with the folder of its data."""
    paths = [
        *(ROOT / "models").rglob("*.dsl"),
        *(ROOT / "tests" / "syntax" / "experiments").glob("*.dsl"),
        *(ROOT / "tests" / "cases").glob("*/*.dsl"),
    ]
    return {path.relative_to(ROOT).as_posix(): (path.read_text("utf-8"), path.parent) for path in sorted(paths)}


def mutated(texts: dict[str, tuple[str, Path]], seed: int) -> tuple[str, Path]:
    """A text of `texts` with one to three mutations, and its folder."""
    chance = Random(seed)
    text, folder = texts[chance.choice(sorted(texts))]
    for _ in range(chance.choice((1, 1, 2, 3))):
        text = chance.choice(MUTATIONS)(text, chance)
    return text, folder


def _replace(pattern: re.Pattern[str], text: str, chance: Random, change: Callable[[str], str]) -> str:
    """The text with one of the places that match `pattern` changed."""
    found = [*pattern.finditer(text)]
    if not found:
        return text
    match = chance.choice(found)
    return text[: match.start()] + change(match.group()) + text[match.end() :]


def mistype(text: str, chance: Random) -> str:
    """A letter of a word is missing, doubled, exchanged with the next, or another."""

    def change(word: str) -> str:
        at = chance.randrange(len(word))
        pair = word[at : at + 2][::-1]
        letters = chance.choice(("", word[at] * 2, chance.choice("abcxyz_0A"), pair))
        return word[:at] + letters + word[at + (2 if letters == pair else 1) :]

    return _replace(WORD, text, chance, change)


def take_another_word(text: str, chance: Random) -> str:
    """A word is replaced by another of the file, at times by one that resembles it."""
    words = sorted({*WORD.findall(text)})

    def change(word: str) -> str:
        among = [other for other in words if other != word] or [word]
        resembling = nearest(word, among) if chance.random() < 0.3 else None
        return resembling or chance.choice(among)

    return _replace(WORD, text, chance, change)


def change_a_number(text: str, chance: Random) -> str:
    return _replace(NUMBER, text, chance, lambda _: chance.choice(NUMBERS))


def drop_a_token(text: str, chance: Random) -> str:
    return _replace(TOKEN, text, chance, lambda _: "")


def double_a_token(text: str, chance: Random) -> str:
    return _replace(TOKEN, text, chance, lambda token: f"{token} {token}")


def exchange_tokens(text: str, chance: Random) -> str:
    """Two tokens of one line are exchanged: swapped arguments, swapped layers."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    found = [*TOKEN.finditer(lines[at])]
    if len(found) > 1:
        one, two = sorted(chance.sample(found, 2), key=lambda match: match.start())
        line = lines[at]
        lines[at] = line[: one.start()] + two.group() + line[one.end() : two.start()] + one.group() + line[two.end() :]
    return "\n".join(lines)


def change_lines(text: str, chance: Random) -> str:
    """A line is missing, doubled, or stands elsewhere."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    line = lines.pop(at)
    for _ in range(chance.choice((0, 1, 2))):
        lines.insert(chance.choice((at, chance.randrange(len(lines) + 1))), line)
    return "\n".join(lines)


def insert_something_hostile(text: str, chance: Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(HOSTILE) + text[at:]


def cut(text: str, chance: Random) -> str:
    """The end, or a stretch in the middle, is missing."""
    start = chance.randrange(len(text) + 1)
    return text[:start] + chance.choice(("", text[start + chance.randrange(60) :]))


def end_lines_otherwise(text: str, chance: Random) -> str:
    return chance.choice(("", "\ufeff")) + text.replace("\n", chance.choice(("\r\n", "\r", "\n\n", ";", " ")))


MUTATIONS: tuple[Mutation, ...] = (
    mistype,
    mistype,
    take_another_word,
    take_another_word,
    change_a_number,
    change_a_number,
    drop_a_token,
    double_a_token,
    exchange_tokens,
    exchange_tokens,
    change_lines,
    insert_something_hostile,
    cut,
    end_lines_otherwise,
)
