"""The shape of the house: small functions, small files, exact public names, no utils."""

import ast
import statistics
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src" / "ipse"
FILES = sorted(SRC.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 6


@cache
def read(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def nodes(tree: ast.AST) -> list[ast.AST]:
    return list(ast.walk(tree))


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in nodes(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def long_functions(tree: ast.AST) -> list[str]:
    return [f.name for f in functions(tree) if length(f) > LONGEST_FUNCTION]


def is_command(node: ast.stmt) -> bool:
    """Whether typer takes a function up by decorator, so that nobody calls it by name."""
    return any(ast.unparse(decorator).startswith("app.") for decorator in getattr(node, "decorator_list", []))


def public_names(tree: ast.Module) -> set[str]:
    """The functions and classes a module defines itself and does not mark private."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {node.name for node in tree.body if isinstance(node, defined) and not is_command(node)}
    return {name for name in names if not name.startswith("_")}


def exported(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return [str(name) for name in ast.literal_eval(node.value)]  # type: ignore[attr-defined]
    return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SRC)))
def test_no_file_and_no_function_is_too_long(file: Path) -> None:
    assert file.read_text(encoding="utf-8").count("\n") <= LONGEST_FILE, "split the file by theme"
    assert long_functions(read(file)) == [], "split these functions"


def test_a_function_that_is_too_long_is_found() -> None:
    source = "def long():\n" + "    x = 1\n" * LONGEST_FUNCTION
    assert long_functions(ast.parse(source)) == ["long"]


def test_most_functions_fit_in_twenty_lines() -> None:
    lengths = [length(f) for file in FILES for f in functions(read(file))]
    assert statistics.median(lengths) <= 10
    assert sum(n <= 20 for n in lengths) / len(lengths) >= 0.85


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SRC)))
def test_the_public_names_are_written_down_exactly(file: Path) -> None:
    tree = read(file)
    names = exported(tree)
    if file.parent.name == "versions" or file.name == "env.py":
        return  # Alembic fixes the names of a migration script
    assert names is not None, "a module says what is public: __all__"
    defined = {
        node.id for node in nodes(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in nodes(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    known = public_names(tree) | imported | defined
    assert set(names) <= known, f"__all__ names what is not there: {set(names) - known}"
    missing = public_names(tree) - set(names)
    assert missing == set(), (
        f"public but not in __all__: {missing}; export it or give it a leading underscore"
    )


def test_no_room_is_a_drawer() -> None:
    drawers = {"utils", "util", "common", "helpers", "misc"}
    assert [file for file in FILES if drawers & {part.removesuffix(".py") for part in file.parts}] == []
