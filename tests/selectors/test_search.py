"""The search: words anywhere in name, code and job number, by an index that follows the rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailings.models import Account, Mailing
from mailings.models.mailing import search_text, searchable
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
    monkeypatch.setattr(search, "FEW", 2)

    names, asked = asked_for("weekly 111")

    assert names == {"Weekly 1"}
    assert len(asked) == 2
    assert not [one for one in asked if " AND (" in one]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its own index of letters")
def test_of_common_words_some_letters_are_asked_for_together(account: Account, monkeypatch):
    """Whole words take the index three times as long."""
    for number, name in enumerate(("redheads car", "redheads bus", "redwoods car", "oldtown bus")):
        bare(account, name=name, code=f"R{number}", search_text=name)
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(search, "RARE", 1)

    names, asked = asked_for("redwoods bus")
    assert names == set()
    assert not [one for one in asked if '"redwood' in one and " AND (" in one]

    names, asked = asked_for("redheads car")  # the first letters alone are in two rows
    assert names == {"redheads car"}
    assert [one for one in asked if '"ads"' in one]


def asked_for(words: str) -> tuple[set[str], list[str]]:
    """The names that are found, and what was asked of the index of letters for that."""
    with CaptureQueriesContext(connection) as captured:
        names = found(words)
    return names, [one["sql"] for one in captured.captured_queries if "MATCH" in one["sql"]]


def listed(query: str, after: str | None = "", before: str | None = "") -> tuple[list[str], list[str]]:
    """The names of a page, and what was asked of the index of letters for it."""
    with CaptureQueriesContext(connection) as captured:
        page = history.page_of(history.chosen(QueryDict(query)), after=after or "", before=before or "")
    asked = [one["sql"] for one in captured.captured_queries if "MATCH" in one["sql"]]
    return [row.name for row in page.rows], asked


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its own index of letters")
def test_what_the_next_rows_bear_is_found_without_an_index(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history, "LOOK", 6)
    monkeypatch.setattr(history.page, "__kwdefaults__", {**history.page.__kwdefaults__, "size": 2})
    account = Account.objects.create(name="a")
    for number in range(12):
        name = f"new {number}" if number > 7 else f"old {number}"
        made = timezone.now() - timedelta(days=20 - number)
        bare(account, name=name, code=f"C{number}", search_text=name, created_at=made)

    assert listed("q=ne") == (["new 11", "new 10"], [])
    assert listed("q=new") == (["new 11", "new 10"], [])
    names, asked = listed("q=old")  # not enough of them are among the next six
    assert names == ["old 7", "old 6"]
    assert asked

    middle = history.page_of(history.chosen(QueryDict("q=old")))
    assert listed("q=old", after=middle.older) == (["old 5", "old 4"], [])
    assert listed("q=old", before=middle.older) == (["old 7"], [])  # so few lie before that they are all
    last = history.page_of(history.chosen(QueryDict("q=old")), after=middle.older).older
    assert listed("q=new", after=last) == ([], [])


WORDS = ("ab", "abc", "bca", "ёж", "жёлтый", "7", "4711", "a")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.lists(st.sampled_from([*WORDS, "cab", "47"]), max_size=3).map(" ".join), max_size=12),
    words=st.lists(st.sampled_from([*WORDS, "желт", "bcab", "11", "ж", "q"]), min_size=1, max_size=3),
    limits=st.tuples(st.integers(1, 5), st.integers(0, 3), st.integers(0, 2), st.integers(1, 3)),
)
def test_the_pages_of_a_search_show_what_plainly_bears_its_words(db: Any, names, words, limits) -> None:
    """Whatever way it is looked for, by whatever bounds: forwards and back."""
    look, rare, few, size = limits
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "LOOK", look)
        patch.setattr(search, "RARE", rare)
        patch.setattr(search, "FEW", few)
        patch.setattr(history.page, "__kwdefaults__", {**history.page.__kwdefaults__, "size": size})
        account = Account.objects.create(name="hypothesis")
        for number, name in enumerate(names):
            made = timezone.now() - timedelta(days=number * 7 % 5)
            text = search_text(name, f"Z{number}", None)
            bare(account, name=name, code=f"Z{number}", search_text=text, created_at=made)
        rows = Mailing.objects.newest_first().values_list("id", "search_text")
        wanted = [pk for pk, text in rows if all(searchable(word) in text for word in words)]

        params = QueryDict(mutable=True)
        params["q"] = " ".join(words)
        shown, back = walked(params)
        transaction.set_rollback(True)

    assert shown == wanted
    assert back == shown[: len(back)]


def walked(params: QueryDict) -> tuple[list[int], list[int]]:
    """The ids of all pages forwards, and of those before the last one, back from it."""
    pages = [history.page_of(history.chosen(params))]
    while pages[-1].older:
        pages.append(history.page_of(history.chosen(params), after=pages[-1].older))
    back = [history.Page([], None, pages[-1].newer)]
    while back[-1].newer:
        back.append(history.page_of(history.chosen(params), before=back[-1].newer))
    shown = [row.id for page in pages for row in page.rows]
    return shown, [row.id for page in reversed(back) for row in page.rows]


def test_what_is_new_is_counted_for_a_search(account: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history, "LOOK", 2)
    oldest = Mailing.objects.order_by("created_at", "id")[0]
    seen = history.NEWEST.key({"created_at": oldest.created_at, "id": oldest.pk})

    counts = [
        history.count_newer(history.chosen(QueryDict(f"q={word}")), seen) for word in ("k7q2", "not", "zz")
    ]

    assert counts == [len(NAMES) - 1, 1, 0]
