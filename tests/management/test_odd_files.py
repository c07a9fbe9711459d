"""What `mailings create` is told to read is a file, and nothing that may never end."""

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from mailings.models import Account, Mailing
from tests.helpers.factories import PHONE
from tests.management.conftest import Run

OPTIONS = {"name": "Spring sale", "mes": "Hello"}


@pytest.mark.parametrize("kind", ["device", "pipe", "socket", "folder"])
@pytest.mark.parametrize("parameter", ["recipients_file", "files"])
def test_only_files_are_read(account: Account, mailings: Run, tmp_path: Path, parameter: str, kind: str):
    path = Path("/dev/zero") if kind == "device" else tmp_path / "odd"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        if kind == "socket":
            listener.bind(str(path))
        value = [str(path)] if parameter == "files" else str(path)

        code, (said,) = mailings("create", given={"options": OPTIONS, parameter: value})

    assert (code, list(said["errors"])) == (1, [parameter])
    assert not Mailing.objects.exists()


def test_a_name_that_leads_to_a_file_is_read(account: Account, mailings: Run, tmp_path: Path):
    (tmp_path / "people.txt").write_text(PHONE)
    (tmp_path / "today.txt").symlink_to(tmp_path / "people.txt")
    given = {"options": OPTIONS, "recipients_file": str(tmp_path / "today.txt")}

    assert mailings("create", given=given)[0] == 0
    assert Mailing.objects.get().recipients_row.entries() == (PHONE,)
