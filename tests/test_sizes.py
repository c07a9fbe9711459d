"""Pieces stay small enough to be read: functions 30 lines, modules 500, views 25, tasks three."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("mailings", "config", "sandbox", "scripts", "bench")


def modules(*parts: str) -> Iterator[Path]:
    for part in parts:
        yield from (path for path in (ROOT / part).rglob("*.py") if "migrations" not in path.parts)


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def lines(function: ast.FunctionDef) -> int:
    """Lines of a body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def longer(most: int, *parts: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{function.name} {lines(function)}"
        for path in modules(*parts)
        for function in functions(path)
        if lines(function) > most
    ]


def test_no_module_is_over_five_hundred_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules(*PRODUCT, "tests")
    }

    assert {name: size for name, size in sizes.items() if size > 500} == {}


def test_no_function_is_over_thirty_lines() -> None:
    assert longer(30, *PRODUCT) == []


def test_views_stay_under_twenty_five_lines() -> None:
    assert longer(25, "mailings/views") == []


def test_tasks_are_three_lines_at_most() -> None:
    tasks = ROOT / "mailings" / "tasks.py"

    assert [function.name for function in functions(tasks) if lines(function) > 3] == []
