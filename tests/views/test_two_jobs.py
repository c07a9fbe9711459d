"""The page of a mailing with two jobs: what each is, and a button to cancel either."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings.models import Mailing, Origin, State
from tests.views.controls import Controls, press
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def facts(**given: Any) -> dict[str, Any]:
    """What sync keeps of a second job."""
    return {
        "name": "K7Q2Mb Spring sale",
        "remote_status": "waiting",
        "remote_word": "0",
        "recipients_count": 4812,
        "cost": "99.50",
        "parts": 4812,
        "verified_at": timezone.now().isoformat(),
        "hour": "26.11.2026 09:30",
    } | given


def two_jobs(**given: Any) -> Mailing:
    jobs = {"remote_id": "75", "alarm": "two_jobs", "alarm_jobs": ["75", "76"], "other_jobs": {"76": facts()}}
    return row(**(jobs | given))


def page_of(client: Client, mailing: Mailing) -> str:
    return client.get(reverse("mailing", args=[mailing.pk])).content.decode()


def test_the_page_says_what_each_job_is(page: Client) -> None:
    table = page_of(page, two_jobs()).split("The jobs of this mailing")[1].split("</ul>")[0]
    for said in ("75", "76", "waiting", "26.11.2026 09:30", "4,812", "99.50", "6,736.80"):
        assert said in table


@pytest.mark.parametrize("job", ["75", "76"])
def test_either_job_is_cancelled_by_a_button_of_its_own(job: str, chief_page: Client) -> None:
    mailing = two_jobs()
    first = Controls(page_of(chief_page, mailing)).ids[f"do-cancel-job-{job}"]

    asked = press(chief_page, first, "").content.decode()
    assert f"Cancel job {job} of this mailing?" in asked
    form = next(one for one in Controls(asked).forms if one.method == "post")
    html = press(chief_page, form, first.action).content.decode()

    assert "Cancelling was asked for" in html.split("The jobs of this mailing")[1]
    assert Mailing.objects.get(remote_id=job).wish == "cancel"
    assert [one.wish for one in Mailing.objects.exclude(remote_id=job)] in ([], [""])
    if job == "76":
        twin = Mailing.objects.get(remote_id="76")
        assert (twin.origin, twin.code, twin.recipients_count) == (Origin.PROVIDER, None, 4812)
        assert reverse("mailing", args=[twin.pk]) in html
        assert "Asked to cancel job 76" in html


def test_who_may_not_cancel_sees_the_jobs_without_the_buttons(page: Client) -> None:
    mailing = two_jobs()
    assert "do-cancel-job" not in page_of(page, mailing)
    assert page.post(reverse("cancel_job", args=[mailing.pk, "76"])).status_code == 403


def test_a_job_that_has_gone_out_has_no_button(chief_page: Client) -> None:
    mailing = two_jobs(other_jobs={"76": facts(remote_status="gone_out")})
    html = page_of(chief_page, mailing)
    assert "do-cancel-job-75" in html
    assert "do-cancel-job-76" not in html


def test_a_job_of_which_nothing_is_known_yet_is_shown_too(page: Client) -> None:
    assert "its status is not known" in page_of(page, two_jobs(other_jobs={}))


def test_one_job_has_no_table(page: Client) -> None:
    assert "The jobs of this mailing" not in page_of(page, row())


def test_whoever_decides_chooses_between_jobs_and_not_between_numbers(chief_page: Client) -> None:
    mailing = row(State.UNKNOWN, look_matches=["75", "76"], other_jobs={"75": facts(), "76": facts()})
    html = chief_page.get(reverse("resolve", args=[mailing.pk])).content.decode()
    assert "job 76 · waiting · 26.11.2026 09:30 · 4,812 recipients, 99.50" in html


def test_a_job_that_is_none_of_the_mailings_is_not_asked_about(chief_page: Client) -> None:
    mailing = two_jobs()
    answer = chief_page.get(reverse("cancel_job", args=[mailing.pk, "99"]))
    assert answer["Location"] == reverse("mailing", args=[mailing.pk])
