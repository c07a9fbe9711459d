"""The search: words anywhere in name, code and job number, by an index that follows the rows."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from mailings.models import Account, Mailing
from mailings.models.mailing import search_text
from mailings.selectors import history, search
from tests.helpers.factories import bare

pytestmark = pytest.mark.django_db

NAMES = ("Spring sale 77", 'Ёлка "зимой"', "Weekly digest", "100 % off_now", "AND OR NOT")


@pytest.fixture
def account() -> Account:
    found = Account.objects.create(name="a")
    for number, name in enumerate(NAMES):
        bare(found, name=name, code=f"K7Q2{number}", search_text=search_text(name, f"K7Q2{number}", None))
    return found


def found(words: str) -> set[str]:
    query = QueryDict(mutable=True)
    query["q"] = words
    return set(history.chosen(query).qs.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("PRING", "Spring sale 77"),
        ("77 ale", "Spring sale 77"),
        ("елк", 'Ёлка "зимой"'),
        ('"зим', 'Ёлка "зимой"'),
        ("k7q22", "Weekly digest"),
        ("k7q22a", "Weekly digest"),
        ("k7q22b digest", "Weekly digest"),
        ("% off_", "100 % off_now"),
        ("and not", "AND OR NOT"),
        ("di we", "Weekly digest"),
        ("лк", 'Ёлка "зимой"'),
        ("й", 'Ёлка "зимой"'),
        ("22", "Weekly digest"),
        ("_", "100 % off_now"),
    ],
)
def test_words_are_found_anywhere_and_in_any_order(account: Account, words: str, name: str):
    assert found(words) == {name}


def test_the_index_follows_what_becomes_of_a_row(account: Account):
    row = Mailing.objects.get(name="Weekly digest")

    row.search_text = search_text("Weekly digest", row.code, "4100777")
    row.save()
    assert found("100777") == {"Weekly digest"}

    Mailing.objects.filter(pk=row.pk).update(
        name="Monthly", search_text=search_text("Monthly", row.code, None)
    )
    assert (found("digest"), found("100777"), found("onthl")) == (set(), set(), {"Monthly"})

    Mailing.objects.filter(pk=row.pk).delete()
    assert found("onthl") == set()


def test_a_rare_word_is_looked_up_in_an_index(account: Account):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "indexscan", "indexonlyscan"):  # the table is too small for this index
                cursor.execute(f"SET LOCAL enable_{way} = off")
            query = Mailing.objects.filter(search_text__contains="digest").order_by().values_list("id")
            assert "mailings_search" in query.explain()
            return

    assert search.by_letters(["digest"]) == [Mailing.objects.get(name="Weekly digest").pk]
    assert search.by_letters(["k7q22a", "we"]) == [Mailing.objects.get(name="Weekly digest").pk]
    assert search.by_letters(["we"]) == [Mailing.objects.get(name="Weekly digest").pk]
    assert search.by_letters(["е"]) == [Mailing.objects.get(name__contains="лка").pk]
    assert (search.by_letters(["a"]), search.by_letters(["22"]), search.by_letters(["щ"])) == (None, None, [])


def test_a_common_word_is_met_on_the_way_down(account: Account, monkeypatch):
    monkeypatch.setattr(search, "RARE", 0)

    assert found("DIGEST we") == {"Weekly digest"}
    assert found("nothing like this") == set()


@pytest.mark.parametrize("words", ["´", "¨ ¯", "\u0301"])
def test_an_accent_alone_finds_nothing_and_not_everything(words: str, account: Account) -> None:
    assert found(words) == set()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its own index of letters")
def test_a_rare_word_is_asked_for_without_the_common_one_beside_it(account: Account, monkeypatch):
    """The index would read all rows of the common word, to find the few that bear both."""
    for number in range(3):
        bare(
            account,
            name=f"Weekly {number}",
            code=f"W{number}",
            search_text=f"weekly {number}{number}{number}",
        )
    monkeypatch.setattr(search, "RARE", 2)

    with CaptureQueriesContext(connection) as asked:
        names = found("weekly 111")

    assert names == {"Weekly 1"}
    assert not [one for one in asked.captured_queries if " AND (" in one["sql"] and "MATCH" in one["sql"]]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its own index of letters")
def test_common_words_are_asked_for_together(account: Account, monkeypatch):
    for name in ("red car", "red bus", "old car", "old bus"):
        bare(account, name=name, code=name[0] + name[-1] + name[1], search_text=name)
    monkeypatch.setattr(search, "RARE", 1)

    assert len(search.by_letters(["red", "car"]) or []) == 1
    assert found("red car") == {"red car"}
