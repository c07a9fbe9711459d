"""What a form holds: the channel it goes by, what it keeps, and what it hands on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from mailings.forms import ComposeForm, Preview, Typed, field_of, from_draft, from_post
from mailings.forms.typed import VALUES, WHEN
from mailings.models import Mailing
from mailings.smsc.spec.catalogue import OPTIONS, options_for
from mailings.smsc.spec.values import is_blank
from mailings.smsc.spec.vocabulary import Channel

# A form without an account asks for the one that there is: its country reads the numbers.
pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def posted(query: str, *, switching: bool = False) -> Typed:
    return from_post(QueryDict(query), switching=switching)


def form(query: str) -> ComposeForm:
    return ComposeForm(posted(query), now=NOW)


@pytest.mark.parametrize(
    ("query", "channel"),
    [
        ("", "sms"),
        ("channel=sms", "sms"),
        ("channel=nonsense", "sms"),
        ("channel=mail", "mail"),
        ("viber=1", "viber"),
        ("channel=sms&viber=1", "viber"),
        ("channel=viber&viber=0", "sms"),
        ("viber=0", "sms"),
        ("bot=@shop_bot", "bot"),
        ("channel=sms&bot=@shop_bot", "bot"),
        ("channel=sms&shown=bot&bot=@shop_bot", "sms"),
        ("channel=viber&shown=bot&bot=@shop_bot", "viber"),
        ("channel=bot&bot=@shop_bot", "bot"),
    ],
)
def test_a_parameter_outranks_the_button_of_a_channel(query: str, channel: str) -> None:
    assert posted(query).channel == channel


@pytest.mark.parametrize("query", ["viber=1&whatsapp=1", "channel=mail&viber=1", "channel=viber&bot=@a_bot"])
def test_two_channels_are_both_handed_on_so_that_the_rule_can_say_so(query: str) -> None:
    options, _found = posted(query).options()

    assert len([name for name in ("viber", "whatsapp", "mail", "bot") if options.get(name)]) == 2


@pytest.mark.parametrize("channel", [one for one in Channel if one not in (Channel.SMS, Channel.BOT)])
def test_a_chosen_channel_sets_its_parameter_and_no_other(channel: Channel) -> None:
    options, found = posted(f"channel={channel}").options()

    assert (options, found) == ({channel.value: "1"}, [])


def test_a_bot_without_a_name_never_goes_as_an_sms() -> None:
    made = form("channel=bot&name=x&phones=79990000001&mes=Hi")

    assert made.spec is None
    assert [problem.code for problem in made.problems] == ["bot_missing"]


def test_switching_keeps_aside_what_the_new_channel_does_not_show() -> None:
    typed = posted("channel=hlr&shown=sms&name=x&phones=1&mes=Hi&flash=1", switching=True)

    assert typed.kept == {"mes": "Hi", "flash": "1"}
    assert {name for name in typed.values if typed.has(name)} == {"name", "phones"}


def test_drawing_the_same_channel_anew_keeps_nothing_aside() -> None:
    assert posted("channel=hlr&shown=hlr&mes=Hi", switching=True).kept == {}


def test_when_all_options_are_shown_nothing_is_kept_aside() -> None:
    assert posted("channel=hlr&shown=sms&mes=Hi&show_all=1", switching=True).kept == {}


def test_what_was_typed_anew_outranks_what_was_kept() -> None:
    typed = posted("channel=sms&shown=sms&mes=new&kept:mes=old")

    assert (typed.values["mes"], typed.kept) == ("new", {})


@given(
    channel=st.sampled_from(Channel),
    other=st.sampled_from(Channel),
    names=st.sets(st.sampled_from([name for name in OPTIONS if name not in set(Channel)])),
)
def test_there_and_back_again_nothing_is_lost(channel: Channel, other: Channel, names: set[str]) -> None:
    data = QueryDict(mutable=True)
    data.update({"channel": channel, "shown": channel} | {name: f"typed {name}" for name in names})

    for target in (other, channel):
        typed = from_post(data, switching=False)
        data["shown"], data["channel"] = typed.channel, target
        typed = from_post(data, switching=True)
        fitting = {option.name for option in options_for(typed.channel)}
        assert {name for name in OPTIONS if typed.has(name)} <= fitting | names
        data = QueryDict(mutable=True)
        data.update(typed.values | {f"kept:{name}": value for name, value in typed.kept.items()})
        data["channel"] = data["shown"] = typed.channel

    assert {name: data.get(name) or data.get(f"kept:{name}") for name in names} == {
        name: f"typed {name}" for name in names
    }


@given(
    st.dictionaries(
        st.sampled_from([name for name in VALUES if name not in set(Channel)]), st.text(max_size=5)
    )
)
def test_a_draft_brings_back_every_value(values: dict[str, str]) -> None:
    typed = Typed(dict(values), {"mes2": "kept"}, channel=Channel.MAIL)

    again = from_draft(typed.to_draft())

    assert (again.channel, again.kept) == (Channel.MAIL, {"mes2": "kept"})
    wanted = {name: value for name, value in values.items() if value}
    if "," not in wanted.get("voice", ""):
        assert again.values == wanted


@given(st.dictionaries(st.sampled_from([*OPTIONS, *WHEN, "channel", "shown"]), st.text(max_size=8)))
def test_whatever_is_posted_the_form_and_its_facts_stand(values: dict[str, str]) -> None:
    data = QueryDict(mutable=True)
    data.update(values)
    made = ComposeForm(from_post(data), now=NOW, check=True)
    facts = Preview(made)

    assert (made.spec is None) == bool(made.problems)
    assert facts.button
    assert [facts.characters, facts.culprits, facts.notices, facts.wire, facts.occurrences, facts.total_parts]
    shown = [control.name for part in made.parts.values() for control in (*part.first, *part.folded)]
    assert len(shown) == len(set(shown))
    for name in OPTIONS:
        if name not in set(Channel) and not is_blank(made.typed.values.get(name)):
            assert name in shown


def test_the_facts_count_a_translated_text_as_an_estimate() -> None:
    facts = Preview(form("mes=Привет&translit=1"))

    assert facts.parts is not None
    assert (facts.parts.alphabet, facts.parts.estimate) == ("gsm", True)


def test_a_text_that_needs_unicode_anyway_blames_no_letter() -> None:
    assert Preview(form("mes=" + "Привет, это распродажа. " * 4)).culprits == ""


def test_a_saving_of_several_parts_is_said() -> None:
    facts = Preview(form("mes=" + "a" * 300 + "ё"))

    assert (facts.culprits, facts.parts_saved) == ("«ё»", 3)


def test_times_typed_into_an_unfinished_form_are_read_already() -> None:
    facts = Preview(form("time=%2B15"))

    assert facts.spec is None
    assert facts.when is not None
    assert facts.when.minutes == 15


def test_the_due_moment_is_that_of_the_spec() -> None:
    facts = Preview(form("name=x&phones=79990000001&mes=Hi&time=%2B15"))

    assert facts.due_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("code", "text", "field"),
    [
        (1, "wrong parameters: sender", "sender"),
        (1, "wrong parameters: mes", "mes"),
        (1, "sender name is not allowed", "sender"),
        (1, "имя отправителя не разрешено", "sender"),
        (5, "wrong date format", "time"),
        (5, "", "time"),
        (1, "invalid phone numbers", "phones"),
        (None, "upload", "files"),
        (1, "wrong parameters", ""),
        (1, "", ""),
    ],
)
def test_a_refusal_stands_beside_the_field_that_it_names(code: int | None, text: str, field: str) -> None:
    assert field_of(Mailing(refusal_code=code, refusal_text=text)) == field
