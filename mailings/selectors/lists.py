"""Saved lists as their pages show them."""

from dataclasses import dataclass

from mailings.models import ListedPerson, SavedList
from mailings.recipients import saved_lists

AT_MOST = 100


@dataclass(frozen=True)
class Shown:
    """A list and its first people. `more`: there are others that are not shown."""

    saved: SavedList
    people: list[ListedPerson]
    more: bool


def all_lists() -> list[SavedList]:
    return list(SavedList.objects.select_related("made_by"))


def one(saved: SavedList, wanted: str) -> Shown:
    people = list(saved_lists.found_in(saved, wanted)[: AT_MOST + 1])
    return Shown(saved, people[:AT_MOST], len(people) > AT_MOST)
