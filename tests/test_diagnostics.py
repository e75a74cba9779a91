"""How diagnostics read: the line, the marks under it, and nothing that a terminal would obey."""

from __future__ import annotations

from dslc.diagnostics import WINDOW, NotYet, nearest, to_text
from dslc.source import Source, Span


def shown(text: str, part: str) -> list[str]:
    """The lines of a diagnostic about `part` of a file."""
    start = text.index(part)
    return to_text([NotYet(Span(Source("a.dsl", text), start, start + len(part)), "`it`")]).split("\n")


def marked(lines: list[str]) -> str:
    """What the marks stand under."""
    return "".join(above for above, mark in zip(lines[1], lines[2], strict=False) if mark == "^")


def test_marks_stand_under_the_part() -> None:
    assert shown("net { x\t| dense }", "dense")[1:] == ["   1 | net { x | dense }", "     |           ^^^^^"]


def test_of_a_long_line_the_part_around_the_fault_is_shown() -> None:
    for before in (0, 60, 99, 300, 9_000):
        for after in (0, 60, 300, 9_000):
            lines = shown("a" * before + "FAULT" + "b" * after, "FAULT")
            assert marked(lines) == "FAULT"
            assert len(lines[1]) <= len("   1 | ... ") + WINDOW + len(" ...")
            assert ("..." in lines[1]) == (before + after > WINDOW)


def test_a_part_longer_than_the_window_is_marked_to_its_edge() -> None:
    lines = shown("x" + "F" * 500, "F" * 500)
    assert set(marked(lines)) == {"F"}
    assert len(lines[2]) <= len(lines[1])


def test_of_several_lines_the_first_is_marked() -> None:
    assert shown("let a = (1 +\n  2)\n", "(1 +\n  2)")[1:] == ["   1 | let a = (1 +", "     |         ^^^^"]


def test_nothing_in_a_file_speaks_to_the_terminal() -> None:
    text = "\n".join(shown("net { `\x1b[31m\u202e` }", "`\x1b[31m\u202e`"))
    assert all(character.isprintable() or character == "\n" for character in text)


def test_the_nearest_name_differs_in_case_or_in_the_order_of_letters() -> None:
    assert nearest("mea", ["mse", "mae"]) == "mae"
    assert nearest("Adam", ["adamw", "adam"]) == "adam"
    assert nearest("zzz", ["adam"]) is None
