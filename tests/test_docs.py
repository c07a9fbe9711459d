"""The documents agree with the tree: every room stands on the page of the house, what is named is there."""

import ast
import re
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
# Made by the commands themselves, or of Python's own.
NOT_ROOMS = {
    "mailings",
    "__pycache__",
    "build",
    "node_modules",
    "var",
    "staticfiles",
    "migrations",
    "commands",
}
NAMED_DOCUMENT = re.compile(r"(?<![\w/.-])((?:docs/|decisions/)?[\w/-]+\.md)\b")
READ = (".py", ".md", ".toml", ".html", ".css", ".js", ".sh", ".yaml")


def rooms() -> list[str]:
    inside = [f"mailings/{path.name}" for path in (ROOT / "mailings").iterdir() if path.is_dir()]
    outside = [path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(room for room in [*inside, *outside] if room.rpartition("/")[2] not in NOT_ROOMS)


def test_every_room_stands_on_the_page_of_the_house() -> None:
    assert [room for room in rooms() if f"`{room}/" not in ARCHITECTURE] == []


def test_every_room_on_that_page_is_there() -> None:
    named = re.findall(r"^\| ((?:`[\w/]+/` ?)+)", ARCHITECTURE, flags=re.MULTILINE)

    gone = [room for row in named for room in re.findall(r"`([\w/]+)/`", row) if not (ROOT / room).is_dir()]

    assert gone == []


def test_no_document_is_named_that_is_not_here() -> None:
    here = {path.name for path in ROOT.glob("docs/**/*.md")} | {path.name for path in ROOT.glob("*.md")}
    files = [
        path
        for part in (
            "mailings",
            "config",
            "sandbox",
            "scripts",
            "tests",
            "bench",
            "docs",
            "templates",
            "static",
        )
        for path in (ROOT / part).rglob("*")
        if path.suffix in READ and path != Path(__file__).resolve()
    ]

    strangers = {
        (str(path.relative_to(ROOT)), name)
        for path in [*files, ROOT / "README.md", ROOT / "pyproject.toml", ROOT / "Makefile"]
        for name in NAMED_DOCUMENT.findall(path.read_text())
        if name.rpartition("/")[2] not in here
    }

    assert strangers == set()


def test_what_a_constant_is_for_is_a_comment_above_it_in_every_room() -> None:
    """One way over all rooms: nobody looks for it below as well."""
    below = [
        f"{path.relative_to(ROOT)}:{text.lineno}"
        for part in ("mailings", "config", "sandbox", "scripts", "bench", "tests")
        for path in (ROOT / part).rglob("*.py")
        for before, text in pairwise(ast.parse(path.read_text()).body)
        if isinstance(before, ast.Assign | ast.AnnAssign) and _is_text(text)
    ]

    assert below == []


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
