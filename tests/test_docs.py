"""The documents agree with the tree: every room stands on the page of the house, what is named is there."""

import re
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
