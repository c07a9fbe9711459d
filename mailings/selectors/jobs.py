"""The provider's jobs of one mailing, if there are several: what a person needs to decide between them."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mailings import outbox
from mailings.models import Mailing, Wish
from mailings.models.mirror import jobs_of, row_of_job
from mailings.wording import chips, moments, sentences


@dataclass(frozen=True)
class Job:
    """`row`: the job as a mailing, perhaps not stored. `said_hour`: its hour as the provider wrote it."""

    remote_id: str
    row: Mailing
    own: bool
    said_hour: str

    @property
    def status(self) -> str:
        """The provider's status of the job, in words."""
        return chips.status_word(self.row) or _("its status is not known")

    @property
    def verified_at(self) -> datetime | None:
        return self.row.verified_at

    @property
    def cancelling(self) -> bool:
        return self.row.wish == Wish.CANCEL

    @property
    def may_cancel(self) -> bool:
        return outbox.may_cancel(self.row)

    @property
    def page(self) -> int | None:
        """The id of the row whose page shows this job; None for the mailing's own."""
        return None if self.own else self.row.pk

    @property
    def words(self) -> SafeString:
        """Job, status, hour and size in one line."""
        due = self.row.due_at
        hour = moments.both_clocks(due) if due else self.said_hour
        size = sentences.size(self.row)
        parts = [_("job {job}").format(job=self.remote_id), self.status, *([hour] if hour else []), size]
        return format_html("{}" + " · {}" * (len(parts) - 1), *parts)


def jobs(mailing: Mailing) -> list[Job]:
    """The jobs of a mailing that has several, or was found by its reference in the list; its own job first.

    Empty for any other mailing.
    """
    known = jobs_of(mailing)
    if len(known) < 2 and not mailing.look_matches:
        return []
    return [
        Job(
            remote_id,
            row_of_job(mailing, remote_id),
            remote_id == mailing.remote_id,
            str(mailing.other_jobs.get(remote_id, {}).get("hour", "")),
        )
        for remote_id in known
    ]
