"""What `mailings create` is told to read is a file, and nothing that may never end."""

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from mailings.models import Account, Mailing, Recipient
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
    assert [one.address for one in Recipient.objects.all()] == [f"+{PHONE.lstrip('+')}"]


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01", b"MZ\x90\x00", b"OggS\x00\x02"])
def test_an_attached_file_that_is_not_what_its_name_says_is_refused(
    account: Account, mailings: Run, tmp_path: Path, content: bytes
):
    file = tmp_path / "price.jpg"
    file.write_bytes(content)
    given = {"options": OPTIONS | {"phones": PHONE, "mms": 1}, "files": [str(file)]}

    code, (said,) = mailings("create", given=given)

    assert (code, list(said["errors"])) == (1, ["files"])
    assert "is not what its name says" in said["errors"]["files"][0]
    assert not Mailing.objects.exists()
