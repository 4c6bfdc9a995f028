"""Run by the target's interpreter, on its own: compiles every module under a folder, in one fixed order.

Arguments: the folder, where its contents will lie when they run, and packages whose docstrings and signatures' types
are left away. The files are never compared with their sources again (unchecked hashes), so they hold no times, and
nothing is looked up in vain when they are loaded:
https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
Syntax warnings of other people's packages are none of ours.
"""

import ast
import importlib.util
import marshal
import sys
import warnings
from pathlib import Path

_UNCHECKED_HASH = (1).to_bytes(4, "little")


def main(folder: Path, place: str, bare: list[str]) -> None:
    warnings.simplefilter("ignore")
    for source in sorted(folder.rglob("*.py")):
        name = source.relative_to(folder).as_posix()
        content = source.read_bytes()
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError):
            continue  # a template, or a module for other versions of Python: it stays a source
        if name.startswith(tuple(bare)):
            _strip(tree)
        code = compile(tree, f"{place}/{name}", "exec", dont_inherit=True)
        target = Path(importlib.util.cache_from_source(str(source)))
        target.parent.mkdir(exist_ok=True)
        head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(content)
        target.write_bytes(head + marshal.dumps(code))


def _strip(tree: ast.AST) -> None:
    """Take away docstrings and the types of arguments and results; those of fields, by which data are decoded, stay."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.copy_location(ast.Pass(), first)]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
