"""The text view of a syntax tree: one node a line, with its place.

What a node says itself (names, numbers, signs) follows its kind; its parts are indented below it, each
with the field that it fills unless the node has only one such field.
"""

from __future__ import annotations

from enum import Enum

from dslc.syntax import ast

_NUMBERS = (ast.Number, ast.Share, ast.Between, ast.Fraction, ast.Duration)
"""Nodes that are nothing but numbers."""


def to_text(tree: ast.Syntax) -> str:
    """The view of a module, or of any node, without a newline at the end."""
    lines: list[str] = []
    waiting = [(tree, "", 0)]
    while waiting:
        node, role, depth = waiting.pop()
        parts = _parts(node)
        lines.append("  " * depth + f"{role}{_head(node)} {node.span.line}:{node.span.column}")
        single = len({name for name, _ in parts}) == 1
        waiting += [(part, "" if single else f"{name}: ", depth + 1) for name, part in reversed(parts)]
    return "\n".join(lines)


def _parts(node: ast.Syntax) -> list[tuple[str, ast.Syntax]]:
    """The nodes directly below, each with the name of its field."""
    found: list[tuple[str, ast.Syntax]] = []
    for name in node.FIELDS:
        value = getattr(node, name)
        among = value if isinstance(value, tuple) else (value,)
        found += [(name, part) for part in among if isinstance(part, ast.Syntax)]
    return found


def _head(node: ast.Syntax) -> str:
    """The node's kind and what it says itself; flags show their name where they are set."""
    words = [type(node).__name__]
    for name in node.FIELDS:
        match getattr(node, name):
            case bool(value):
                words += [name] if value else ["lower"] if name == "higher" else []
            case Enum(value=value):
                words.append(str(value))
            case int(value) | float(value):
                words.append(repr(value) if isinstance(node, _NUMBERS) else f"{name}={value}")
            case str(value):
                words.append(f'"{value}"' if isinstance(node, ast.Text) else value)
            case tuple(value) if value and not isinstance(value[0], ast.Syntax):
                words.append("/".join(map(str, value)))
            case _:
                pass
    return " ".join(words)
