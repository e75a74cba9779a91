from dslc.diagnostics import Diagnostic
from dslc.syntax import ast
def verify(module: ast.Module) -> list[Diagnostic]:
    return []
