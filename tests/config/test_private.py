"""What lies under VAR_DIR is for Mailroom's user alone, however it came there."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import private

ROOT = Path(__file__).parents[2]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


@pytest.fixture(autouse=True)
def same_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_new_folder_and_what_is_made_in_it_is_private(tmp_path: Path) -> None:
    folder = private(tmp_path / "new" / "var")
    with sqlite3.connect(folder / "rows.sqlite3") as rows:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("CREATE TABLE one (id INTEGER)")
        (folder / "folder").mkdir()
        found = modes(folder)
    rows.close()

    assert found == {
        **dict.fromkeys(("var", "folder"), 0o700),
        **dict.fromkeys(("rows.sqlite3", "rows.sqlite3-wal", "rows.sqlite3-shm"), 0o600),
    }


def test_an_open_folder_is_mended_with_all_in_it(tmp_path: Path) -> None:
    folder, outside = tmp_path / "var", tmp_path / "outside"
    (folder / "files").mkdir(parents=True)
    for path in (folder / "mailroom.sqlite3", folder / "files" / "one", outside):
        path.touch()
    (folder / "link").symlink_to(outside)

    private(folder)

    found = modes(folder)
    del found["link"]
    assert found == {"var": 0o700, "files": 0o700, "mailroom.sqlite3": 0o600, "one": 0o600}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_a_folder_for_everybody_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(ImproperlyConfigured, match="VAR_DIR"):
        private(tmp_path)


def test_every_process_that_reads_the_settings_makes_private_files(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    environment = os.environ | {
        "VAR_DIR": str(tmp_path / "var"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/var/a.sqlite3",
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)

    found = modes(tmp_path / "var")
    assert found["var"] == 0o700
    assert found["a.sqlite3"] == 0o600
    assert not [name for name, mode in found.items() if mode & 0o077]
