"""Drafts made from an earlier mailing: for some of its recipients, by another channel, or for next month."""

from calendar import monthrange
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mailings.models import Mailing
from mailings.models.recipients import RecipientQuerySet
from mailings.outbox.drafts import (
    LONGEST_NAME,
    copies_of_files,
    duplicate,
    must_fit_the_day,
    save_draft,
    spec_of,
    typed_options,
)
from mailings.outbox.errors import Impossible
from mailings.outbox.may import may_duplicate, may_send_next_month
from mailings.smsc.spec.catalogue import Channel

# Channels that need nothing but a phone number, and can take the text unchanged.
BY_NUMBER = (Channel.SMS, Channel.VIBER, Channel.WHATSAPP, Channel.VOICE)
# Options that a new draft does not take over: those of the hour (LEFT_BEHIND) always, those that fit one
# channel only (OF_ONE_WAY) when the channel changes.
LEFT_BEHIND = ("time", "rpt", "rptn", "period", "freq")
OF_ONE_WAY = ("voice", "param", "flash", "push", "bin", "mes2", "sender2", "fl[5]", "smsreq", "bot", "subj")


def other_channels(mailing: Mailing) -> list[Channel]:
    """The other channels that can reach the same recipients; empty unless all of them are phone numbers."""
    if mailing.channel not in BY_NUMBER:
        return []
    return [channel for channel in BY_NUMBER if channel != mailing.channel]


def again_to(mailing: Mailing, people: RecipientQuerySet, channel: str = "", *, by: Any = None) -> Mailing:
    """A new draft with the mailing's text, for `people`, who are some of its recipients.

    `channel`: the channel to use instead; "" for the same. Recipients are selected by row, not by address:
    when an address is there twice, with two texts, the draft holds only the text that did not arrive. Raises
    Impossible, also where its files are more than the person may bring today.
    """
    if not people.filter(stopped=False).exists():
        raise Impossible(
            _("There is nobody to send it to: SMS Centre says of no one that it was not delivered.")
        )
    if not may_duplicate(mailing):
        raise Impossible(
            _("This mailing was made elsewhere and its text is not known here, so it cannot be copied.")
        )
    options = _options(mailing, people)
    if channel:
        if channel not in other_channels(mailing):
            raise Impossible(_("These people cannot be reached by that way."))
        options = _by(options, Channel(channel))
    mark = f" ({pgettext('behind a name', 'again')})"
    options["name"] = str(options.get("name") or "")[: LONGEST_NAME - len(mark)] + mark
    files = () if channel else copies_of_files(mailing)
    must_fit_the_day(files, None, by)
    return save_draft(options, account=mailing.account, by=by, uploads=files)


def _options(mailing: Mailing, people: RecipientQuerySet) -> dict[str, Any]:
    """The mailing's options as typed, with only `people` as recipients; personal texts are kept."""
    options = typed_options(mailing)
    if mailing.is_personal:
        options["list"] = "\n".join(people.lines(mailing))
    elif "list" in options:  # an old mailing, made before personal texts were stored per recipient
        others = mailing.people.exclude(address__in=people.values("address")).values_list(
            "address", flat=True
        )
        options["list"] = spec_of(mailing).leaving_out(frozenset(others)).options["list"]
    else:
        options["phones"] = "\n".join(dict.fromkeys(people.addresses(mailing)))
    return {name: value for name, value in options.items() if name not in LEFT_BEHIND}


def _by(options: dict[str, Any], channel: Channel) -> dict[str, Any]:
    flags = {str(one) for one in Channel}
    kept = {name: value for name, value in options.items() if name not in flags and name not in OF_ONE_WAY}
    return kept if channel is Channel.SMS else kept | {str(channel): "1"}


def next_month(mailing_id: int, by: Any = None) -> Mailing:
    """A draft of the same mailing for the same day and hour of next month (or a later one, if that is past).

    Counted in the time zone that the hour was typed in, or in the reader's zone if that is not known, so that
    summer time does not shift the hour. A month without that day uses its last. Raises Impossible.
    """
    mailing = Mailing.objects.get(pk=mailing_id)
    if not may_send_next_month(mailing) or mailing.due_at is None:
        raise Impossible(_("It has no one hour that could come again next month. Make a copy of it."))
    clock = str(mailing.prepared.get("clock") or "").strip()
    if clock not in available_timezones():
        clock = timezone.get_current_timezone_name()
    zone = ZoneInfo(clock)
    local = in_next_month(mailing.due_at.astimezone(zone), timezone.now().astimezone(zone))
    return duplicate(mailing_id, by, hour={"time_at": f"{local:%d.%m.%Y %H:%M}", "clock": clock})


def in_next_month(at: datetime, now: datetime) -> datetime:
    """The day and hour of `at` in the first month after it that is not past, as a naive datetime.

    `at` and `now` must be in the same time zone.
    """
    months = max(1, (now.year - at.year) * 12 + now.month - at.month)
    moment = _months_on(at, months)
    return moment if moment > now.replace(tzinfo=None) else _months_on(at, months + 1)


def _months_on(at: datetime, months: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day, tzinfo=None)
