"""Moments are written as Django writes them, in each language and zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from mailings.wording import moments

ZONES = ["UTC", "Europe/Moscow", "Asia/Kolkata", "America/St_Johns"]


@given(
    moment=st.datetimes(
        timezones=st.just(UTC), min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1)
    ),
    zone=st.sampled_from(ZONES),
    language=st.sampled_from([code for code, _name in settings.LANGUAGES]),
    form=st.sampled_from(list(moments.FORMS)),
)
def test_a_moment_is_written_as_django_writes_it(
    moment: datetime, zone: str, language: str, form: str
) -> None:
    local = moment.astimezone(ZoneInfo(zone))

    with translation.override(language):
        assert moments.written(local, form) == date_format(local, str(moments.FORMS[form]))


@pytest.mark.parametrize(("language", "shown"), [("en", "24 Nov 2026 14:05"), ("ru", "24 ноября 2026 14:05")])
def test_the_same_moment_reads_in_the_language_of_each_reader(language: str, shown: str) -> None:
    moment, later = datetime(2026, 11, 24, 14, 5, tzinfo=UTC), timedelta(days=400)
    with translation.override(language):
        assert moments.short(moment, moment + later) == shown
