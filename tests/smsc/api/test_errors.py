"""The error tree: what each error holds, what it shows, and that it can be pickled."""

import pickle

import pytest

from mailings.smsc.api import errors


def leaves(kind: type[errors.SmscError] = errors.SmscError) -> list[type[errors.SmscError]]:
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in leaves(child)] if below else [kind]


def test_the_docstring_of_the_module_names_every_error() -> None:
    assert errors.__doc__
    for leaf in leaves():
        assert leaf.__name__ in errors.__doc__


def test_only_not_sent_says_that_nothing_was_handed_over() -> None:
    kinds: list[type[errors.SmscError]] = [errors.NotSent, *leaves()]
    handed = {leaf: leaf("why").bytes_handed for leaf in kinds}

    assert [leaf for leaf, given in handed.items() if not given] == [
        errors.NotSent,
        errors.FileMissing,
        errors.Objected,
    ]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 9])
def test_a_known_number_has_a_class_of_its_own(number: int) -> None:
    error = errors.provider_error(number, "words", "raw")

    assert type(error) is not errors.OtherError
    assert (error.code, error.text, error.raw) == (number, "words", "raw")


@pytest.mark.parametrize("number", [6, 7, 8, 10, 100])
def test_an_unknown_number_gives_other_error(number: int) -> None:
    assert type(errors.provider_error(number, "", "")) is errors.OtherError


@pytest.mark.parametrize("leaf", leaves())
def test_an_error_can_be_pickled(leaf: type[errors.SmscError]) -> None:
    error = leaf("why")
    error.raw = "raw"

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is leaf
    assert (copy.reason, copy.raw, copy.bytes_handed, str(copy)) == (
        "why",
        "raw",
        error.bytes_handed,
        str(error),
    )


def test_words_and_numbers_of_the_answer_are_in_neither_str_nor_repr() -> None:
    error = errors.provider_error(6, "number 79001234567 is forbidden", "ERROR = 6 (number 79001234567 …)")

    assert "79001234567" not in f"{error} {error!r}"
    assert "forbidden" not in f"{error} {error!r}"


def test_credentials_and_numbers_are_hidden_before_the_answer_is_cut() -> None:
    secret = "a-password-79001234567-long"
    raw = "x" * (errors.RAW_LIMIT - 10) + secret
    error = errors.UnreadableAnswer("empty", text=f"to +79001234567: {secret}", raw=raw)

    error.hide(lambda text: text.replace(secret, errors.VEIL))

    assert error.text == "to •••: •••"
    assert error.raw == "x" * (errors.RAW_LIMIT - 10) + "•••"


def test_an_id_and_a_date_are_not_taken_for_phone_numbers() -> None:
    error = errors.UnreadableAnswer("no_id", raw='{"id": 123456789, "time": "22.11.2026 16:00"')

    error.hide(lambda text: text)

    assert error.raw == '{"id": 123456789, "time": "22.11.2026 16:00"'
