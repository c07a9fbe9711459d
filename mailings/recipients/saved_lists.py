"""Saved lists: made from a paste or a file, changed, and written out for a mailing.

A list has recipients of any kind. A mailing reads it like a file, so that its recipients are judged for the
mailing's channel and country, and by its stop list.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import ListedPerson, SavedList, login_of
from mailings.recipients.gather import Gathered, gather
from mailings.recipients.reader import key_of
from mailings.recipients.stop_list import key

AT_ONCE = 2_000
LONGEST_NAME = 120


def read(pasted: str, file: IO[bytes] | None, name: str, country: str) -> Gathered:
    """The recipients of a paste and a file, of any kind, and the entries that are none."""
    return gather(pasted, None, file, name, country=country)


class BadName(Exception):
    """A list cannot have this name; the text says why."""


def make(name: str, addresses: Iterable[str], *, source: str = "", by: Any = None) -> SavedList:
    """Make a list. Raises BadName."""
    plain = " ".join(name.split())[:LONGEST_NAME]
    if not plain:
        raise BadName(_("Give the list a name."))
    if "\0" in plain:
        raise BadName(_("The name holds a character that cannot be kept (NUL). Type it anew."))
    try:
        with transaction.atomic():
            saved = SavedList.objects.create(name=plain, source=source[:255], made_by=login_of(by))
            add(saved, addresses, source=source)
    except IntegrityError:
        said = _("There is a list of this name already. Choose another name, or add to that list.")
        raise BadName(said) from None
    saved.refresh_from_db()
    return saved


def add(saved: SavedList, addresses: Iterable[str], *, source: str = "", instead: bool = False) -> int:
    """Add recipients, or replace all by them (`instead`); returns how many are new."""
    with transaction.atomic():
        held = SavedList.objects.select_for_update().get(pk=saved.pk)
        if instead:
            ListedPerson.objects.filter(saved_list=held).delete()
        before = ListedPerson.objects.filter(saved_list=held).count()
        rows = (ListedPerson(saved_list=held, address=one, key=key_of(one)) for one in addresses)
        ListedPerson.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
        return _changed(held, source) - before


def remove(saved: SavedList, people: Iterable[int]) -> int:
    """Take people off a list, by primary key of their rows; returns how many there were."""
    with transaction.atomic():
        held = SavedList.objects.select_for_update().get(pk=saved.pk)
        gone = ListedPerson.objects.filter(saved_list=held, pk__in=list(people)).delete()[0]
        _changed(held, held.source)
    return gone


def _changed(saved: SavedList, source: str) -> int:
    saved.count = ListedPerson.objects.filter(saved_list=saved).count()
    saved.source, saved.changed_at = source[:255] or saved.source, timezone.now()
    saved.save(update_fields=["count", "source", "changed_at"])
    return saved.count


def found_in(saved: SavedList, wanted: str) -> "QuerySet[ListedPerson]":
    """The people of a list whose address contains `wanted`, in the order in which they were added."""
    people = ListedPerson.objects.filter(saved_list=saved).order_by("pk")
    return people.filter(address__icontains=wanted.strip()) if wanted.strip() else people


def of_person(value: str, country: str) -> "QuerySet[SavedList]":
    """The lists that have this person. Raises NotAnAddress."""
    return SavedList.objects.filter(people__key=key_of(key(value, country)))


def as_file(lists: Iterable[SavedList]) -> BytesIO:
    """The people of these lists as a text file, one on a line, each once."""
    people = ListedPerson.objects.filter(saved_list__in=list(lists)).order_by("saved_list", "pk")
    told: set[int] = set()
    written = BytesIO()
    for address, number in people.values_list("address", "key").iterator(chunk_size=AT_ONCE):
        if number not in told:
            told.add(number)
            written.write(f"{address}\n".encode())
    written.seek(0)
    return written
