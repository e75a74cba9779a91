"""What of the data block's language is not built yet."""

from __future__ import annotations

from typing import assert_never

from dslc.syntax import ast


def later(statement: ast.DataStatement) -> str | None:
    """What of this statement is not built yet, None if all is."""
    match statement:
        case ast.FileSource(format=ast.Name(text=source), kind=ast.Kind(name=ast.Name(text=text))) if source != "text":
            return f"a file of `{text}`"
        case ast.FileSource(format=ast.Name(text=("csv" | "parquet") as text), fields=(_, *_)):
            return f"renaming the columns of a {text} file"
        case ast.Split(folds=int()):
            return "a split into folds"
        case ast.Split(by=(ast.SplitBy.GROUPED | ast.SplitBy.GIVEN) as by):
            return f"`split .. {by.value}`"
        case ast.TestPart() | ast.Augment() | ast.Downsample():
            return f"`{_WORDS[type(statement)]}`"
        case ast.FileSource() | ast.Input() | ast.Target() | ast.Columns() | ast.Split() | ast.Scale() | ast.Setting():
            return None
        case ast.ColumnKind() | ast.ColumnFormula() | ast.Missing() | ast.Window():
            return None
        case unreachable:
            assert_never(unreachable)


_WORDS: dict[type[ast.Syntax], str] = {
    ast.TestPart: "test",
    ast.Augment: "augment",
    ast.Downsample: "downsample",
}
