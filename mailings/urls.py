"""The URLs of our own pages."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from mailings.views import (
    actions,
    bulk_cancel,
    compose,
    health,
    history,
    hour_changes,
    imports,
    keep,
    lists,
    mailing,
    own_templates,
    people,
    preferences,
    preview,
    prices,
    results,
    review,
    sandbox,
    take_over,
    today,
)
from mailings.views.guard import guarded


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """A URL that only those may open who have the right in `rights.RIGHTS[name]`."""
    return path(route, guarded(view, name), name=name)


urlpatterns: list[URLPattern | URLResolver] = [
    page("", today.show, "today"),
    page("today/", today.part, "today_part"),
    page("mailings/", history.listing, "history"),
    page("mailings/rows/", history.rows, "history_rows"),
    page("mailings/totals/", history.added_up, "totals"),
    page("mailings/export.csv", history.export, "export"),
    page("mailings/cancel/", bulk_cancel.bulk_cancel, "bulk_cancel"),
    page("mailings/new/", compose.compose, "compose"),
    page("mailings/new/preview/", preview.preview, "compose_preview"),
    page("mailings/new/keep/", keep.keep, "compose_keep"),
    page("mailings/new/discard/", keep.discard, "compose_discard"),
    page("mailings/new/price/", prices.ask, "compose_price"),
    page("mailings/new/price/<int:pk>/", prices.answer, "price_answer"),
    page("mailings/new/file/<int:pk>/", imports.progress, "import_progress"),
    page("mailings/new/file/<int:pk>/problems.csv", imports.problems, "import_problems"),
    page("mailings/<int:pk>/", mailing.show, "mailing"),
    page("mailings/<int:pk>/status/", mailing.status, "mailing_status"),
    page("mailings/<int:pk>/recipients/", mailing.recipients, "mailing_recipients"),
    page("mailings/<int:pk>/results/", results.show, "results"),
    page("mailings/<int:pk>/results.<str:kind>", results.export, "export_results"),
    page("mailings/<int:pk>/send-to-failed/", results.send_to_failed, "send_to_failed"),
    page("mailings/<int:pk>/take-over/", take_over.show, "take_over"),
    page("mailings/<int:pk>/edit/", compose.edit, "edit"),
    page("mailings/<int:pk>/review/", review.review, "review"),
    page("mailings/<int:pk>/test/", review.send_test, "send_test"),
    page("mailings/<int:pk>/cancel/", actions.cancel, "cancel"),
    page("mailings/<int:pk>/delete/", actions.delete, "delete"),
    page("mailings/<int:pk>/hour/", hour_changes.change_hour, "change_hour"),
    page("mailings/<int:pk>/withdraw/", actions.withdraw, "withdraw"),
    page("mailings/<int:pk>/hold/", actions.hold, "hold"),
    page("mailings/<int:pk>/release/", actions.release, "release"),
    page("mailings/<int:pk>/duplicate/", actions.duplicate, "duplicate"),
    page("mailings/<int:pk>/next-month/", actions.next_month, "next_month"),
    page("mailings/<int:pk>/template/", own_templates.save, "save_template"),
    page("mailings/<int:pk>/resolve/", actions.resolve, "resolve"),
    page("mailings/<int:pk>/undo-adoption/", actions.undo_adoption, "undo_adoption"),
    page("mailings/<int:pk>/alarm/", actions.dismiss_alarm, "dismiss_alarm"),
    page("mailings/<int:pk>/aside/", actions.put_aside, "put_aside"),
    page("mailings/<int:pk>/jobs/<str:remote_id>/cancel/", actions.cancel_job, "cancel_job"),
    page("sandbox/dismiss/", sandbox.dismiss, "dismiss_trials"),
    page("sandbox/<slug:trial>/", sandbox.order, "trial"),
    page("refresh/", today.refresh, "refresh"),
    page("accounts/<int:pk>/probe/", today.probe, "probe"),
    page("people/", people.show, "people"),
    page("lists/", lists.listing, "lists"),
    page("lists/add/", lists.add, "add_list"),
    page("lists/<int:pk>/", lists.show, "list"),
    page("lists/<int:pk>/change/", lists.change, "change_list"),
    page("lists/<int:pk>/remove/", lists.remove, "remove_from_list"),
    page("lists/<int:pk>/delete/", lists.delete, "delete_list"),
    page("templates/", own_templates.listing, "own_templates"),
    page("templates/<int:pk>/rename/", own_templates.rename, "rename_template"),
    page("templates/<int:pk>/delete/", own_templates.delete, "delete_template"),
    page("stop-list/", people.stops, "stop_list"),
    page("stop-list/add/", people.add_stops, "add_stops"),
    page("stop-list/<int:pk>/remove/", people.remove_stop, "remove_stop"),
    page("stop-list/export.csv", people.export_stops, "export_stops"),
    page("preferences/", preferences.preferences, "preferences"),
    page("healthz", health.healthz, "healthz"),
]
