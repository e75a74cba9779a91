"""Model files that parse: the experiments, and every form in the block that holds it."""

from __future__ import annotations

from pathlib import Path

from dslc.syntax import ast

HERE = Path(__file__).parent
BLOCKS = {
    "top": "%s",
    "data": "data {\n%s\n}",
    "net": "net {\n%s\n}",
    "train": "train { %s }",
    "layer": "layer f(x: [.., c], bias = true) {\n%s\n}",
}


def statements(text: str) -> list[str]:
    """One form a line; a line that is indented or starts with `|`, `)` or `}` belongs to the form above."""
    found: list[str] = []
    for line in text.strip("\n").split("\n"):
        if found and (not line or line[0] in " |)}"):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


EXPERIMENTS = {path.stem: path.read_text("utf-8") for path in sorted((HERE / "experiments").glob("*.dsl"))}
FORMS = {
    f"{name}: {form.splitlines()[0]}": wrapper % form
    for name, wrapper in BLOCKS.items()
    for form in statements((HERE / "forms" / f"{name}.dsl").read_text("utf-8"))
}
CORPUS = EXPERIMENTS | FORMS


def walk(tree: ast.Syntax) -> list[ast.Syntax]:
    """All nodes of a tree."""
    found, waiting = list[ast.Syntax](), [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += parts(node)
    return found


def parts(node: ast.Syntax) -> list[ast.Syntax]:
    """The nodes directly below."""
    values = [getattr(node, name) for name in node.FIELDS]
    among = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    return [part for part in among if isinstance(part, ast.Syntax)]
