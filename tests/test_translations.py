"""scripts/translations.py: extraction, and each fault that the check must find."""

import pytest
from babel.messages.catalog import Catalog

from scripts import translations


def catalogue(**texts: str) -> Catalog:
    made = Catalog(locale="ru")
    for source, text in texts.items():
        made.add(source, text)
    return made


def wanted(*sources: str) -> Catalog:
    made = Catalog()
    for source in sources:
        made.add(source)
    return made


def faults(ours: Catalog, theirs: Catalog) -> str:
    return "\n".join(translations.faults("ru", ours, theirs))


def test_texts_of_python_and_of_templates_are_found() -> None:
    catalog = translations.extracted()

    assert catalog.get("Mailings") is not None  # mailings/apps.py
    assert catalog.get("Skip to the content") is not None  # templates/base.html


def test_a_whole_catalogue_has_no_fault() -> None:
    assert faults(wanted("Go"), catalogue(Go="Вперёд")) == ""


@pytest.mark.parametrize(
    ("ours", "theirs", "fault"),
    [
        (wanted("Go"), catalogue(), "no translation of 'Go'"),
        (wanted("Go"), catalogue(Go=""), "no translation of 'Go'"),
        (wanted(), catalogue(Gone="Нет"), "'Gone' is in the catalogue and nowhere else"),
        (wanted("{n} left"), catalogue(**{"{n} left": "осталось"}), "the values in 'осталось'"),
        (wanted("%(n)s left"), catalogue(**{"%(n)s left": "осталось %(m)s"}), "the values in"),
    ],
)
def test_a_fault_is_named(ours: Catalog, theirs: Catalog, fault: str) -> None:
    assert fault in faults(ours, theirs)


def test_a_fuzzy_translation_is_a_fault() -> None:
    theirs = Catalog(locale="ru")
    theirs.add("Go", "Вперёд", flags=["fuzzy"])

    assert "fuzzy translation of 'Go'" in faults(wanted("Go"), theirs)
