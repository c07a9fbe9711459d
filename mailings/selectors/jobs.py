"""The provider's jobs of one mailing, where there is more than one: what each is, for whoever decides."""

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
    """`row`: the job as a mailing, perhaps not stored yet. `said_hour`: the provider's words for its hour."""

    remote_id: str
    row: Mailing
    own: bool
    said_hour: str

    @property
    def status(self) -> str:
        """What the provider says of it; or that it was cancelled, once that was confirmed."""
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
        """The row's page, where that is another one than the mailing's."""
        return None if self.own else self.row.pk

    @property
    def words(self) -> SafeString:
        """All of it in one line."""
        due = self.row.due_at
        hour = moments.both_clocks(due) if due else self.said_hour
        size = sentences.size(self.row)
        parts = [_("job {job}").format(job=self.remote_id), self.status, *([hour] if hour else []), size]
        return format_html("{}" + " · {}" * (len(parts) - 1), *parts)


def jobs(mailing: Mailing) -> list[Job]:
    """The jobs of a mailing that has more than one, its own first; empty for any other."""
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
