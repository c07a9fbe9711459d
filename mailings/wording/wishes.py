"""A wish to cancel or delete, in words that claim no more than was seen at the provider."""

from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.models import Mailing, Wish, WishAnswer, WishResult
from mailings.smsc.api.answers import JobStatus
from mailings.wording.chips import person
from mailings.wording.moments import ago, at
from mailings.wording.phrases import join, say


def before(mailing: Mailing, now: datetime) -> list[SafeString]:
    """A wish from before an adoption, which is not carried out on the adopted job unless asked again."""
    if not mailing.wish_before:
        return []
    if mailing.wish_before == Wish.CANCEL:
        text = _(
            "{who} asked to cancel it at {time}, before it was taken to be job {job}. "
            "Nothing was asked of that job: ask for it again if it is to be cancelled."
        )
    else:
        text = _(
            "{who} asked to delete it at {time}, before it was taken to be job {job}. "
            "Nothing was asked of that job: ask for it again if it is to be deleted."
        )
    asked = at(mailing.wish_at or mailing.state_at, now)
    return [say(text, who=person(mailing.wish_by), time=asked, job=mailing.remote_id or "–")]


def open_wish(mailing: Mailing, now: datetime) -> list[SafeString]:
    """A sentence on a wish that is not settled yet; empty without one."""
    if not mailing.wish:
        return []
    asked = ago(mailing.wish_at or mailing.state_at, now)
    who = person(mailing.wish_by)
    if mailing.wish == Wish.CANCEL:
        said = say(_("{who} asked to cancel it {age}."), who=who, age=asked)
    else:
        said = say(_("{who} asked to delete it {age}."), who=who, age=asked)
    return [join(said, _next(mailing, now))]


def _next(mailing: Mailing, now: datetime) -> SafeString:
    if not mailing.remote_id:
        return say(
            _(
                "SMS Centre is asked as soon as its answer, or the mailing's reference in its list, "
                "shows which job it is."
            )
        )
    again = mailing.wish_tries > 1
    if mailing.wish_agreed_at:
        said = say(_("SMS Centre said OK; a second look has to show it."))
    elif again:
        said = say(_("Tried {n} times, without an OK from SMS Centre so far."), n=mailing.wish_tries)
    else:
        said = say(_("Waiting for SMS Centre's word."))
    if again and mailing.wish_next_at and mailing.wish_next_at > now:
        return join(said, say(_("Next try {age}."), age=ago(mailing.wish_next_at, now)))
    return said


def result(mailing: Mailing, now: datetime) -> list[SafeString]:
    """A sentence on a wish that could not be fulfilled or confirmed; empty without one."""
    if mailing.wish or not mailing.wish_result or mailing.wish_result == WishResult.CONFIRMED:
        return []
    asked = mailing.wish_at or mailing.state_at
    texts = {
        WishResult.TOO_LATE: _too_late,
        WishResult.UNCONFIRMED: _unconfirmed,
        WishResult.FAILED: _failed,
    }
    values = {
        "who": person(mailing.wish_by),
        "time": at(asked, now),
        "age": ago(mailing.wish_result_at or asked, now),
        "words": mailing.remote_word,
        "read": ago(mailing.verified_at, now) if mailing.verified_at else "",
        "why": WishAnswer(mailing.wish_answer).label if mailing.wish_answer else "",
    }
    return [say(str(texts[WishResult(mailing.wish_result)](mailing)), **values)]


TOO_LATE: dict[str, Any] = {
    JobStatus.GONE_OUT: gettext_lazy(
        "{who} asked to cancel it at {time}, but that was too late ({age}). It has gone out."
    ),
    JobStatus.GOING: gettext_lazy(
        "{who} asked to cancel it at {time}, but that was too late ({age}). "
        "SMS Centre showed it as going out."
    ),
}


def _too_late(mailing: Mailing) -> Any:
    """Says that it has gone out only if the provider's status says so."""
    return TOO_LATE.get(mailing.remote_status) or _(
        "{who} asked to cancel it at {time}. SMS Centre said no, and its hour had passed by then "
        "({age}): it was too late as far as was known then, but it was not seen to go out."
    )


def _unconfirmed(mailing: Mailing) -> Any:
    if mailing.remote_status == JobStatus.GONE_OUT:
        return _(
            "{who} asked to take it back at {time}. SMS Centre said OK, but no second look confirmed it "
            "({age}), and it has gone out."
        )
    if mailing.gone:
        return _(
            "{who} asked to take it back at {time}. SMS Centre said OK, but it does not know the job any "
            "more, so no second look could confirm it ({age}). "
            "Count on it only once you have seen it at SMS Centre."
        )
    if mailing.verified_at is None or not mailing.remote_word:
        return _(
            "{who} asked to take it back at {time}. SMS Centre said OK, but a second look could not confirm "
            "it ({age}): it shows no status word. Count on it only once you have seen it at SMS Centre."
        )
    return _(
        "{who} asked to take it back at {time}. SMS Centre said OK, but a second look could not confirm it "
        "({age}): its own words, read {read}, are “{words}”. "
        "Count on it only once you have seen it at SMS Centre."
    )


def _failed(mailing: Mailing) -> Any:
    if mailing.wish_answer:
        return _("{who} asked to take it back at {time}, and that failed ({age}): {why}.")
    return _(
        "{who} asked to take it back at {time}, and that failed ({age}). "
        "Look at SMS Centre how the job stands."
    )
