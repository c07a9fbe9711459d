"""Addresses of our own pages."""

from django.urls import URLPattern, URLResolver, path

from mailings.views import actions, compose, health, history, mailing, preferences, preview, sandbox, today

urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.show, name="today"),
    path("today/", today.part, name="today_part"),
    path("mailings/", history.listing, name="history"),
    path("mailings/rows/", history.rows, name="history_rows"),
    path("mailings/export.csv", history.export, name="export"),
    path("mailings/cancel/", history.bulk_cancel, name="bulk_cancel"),
    path("mailings/new/", compose.compose, name="compose"),
    path("mailings/new/preview/", preview.preview, name="compose_preview"),
    path("mailings/<int:pk>/", mailing.show, name="mailing"),
    path("mailings/<int:pk>/status/", mailing.status, name="mailing_status"),
    path("mailings/<int:pk>/recipients/", mailing.recipients, name="mailing_recipients"),
    path("mailings/<int:pk>/edit/", compose.edit, name="edit"),
    path("mailings/<int:pk>/cancel/", actions.cancel, name="cancel"),
    path("mailings/<int:pk>/delete/", actions.delete, name="delete"),
    path("mailings/<int:pk>/withdraw/", actions.withdraw, name="withdraw"),
    path("mailings/<int:pk>/release/", actions.release, name="release"),
    path("mailings/<int:pk>/duplicate/", actions.duplicate, name="duplicate"),
    path("mailings/<int:pk>/resolve/", actions.resolve, name="resolve"),
    path("mailings/<int:pk>/undo-adoption/", actions.undo_adoption, name="undo_adoption"),
    path("mailings/<int:pk>/alarm/", actions.dismiss_alarm, name="dismiss_alarm"),
    path("sandbox/dismiss/", sandbox.dismiss, name="dismiss_trials"),
    path("sandbox/<slug:trial>/", sandbox.order, name="trial"),
    path("mailings/<int:pk>/aside/", actions.put_aside, name="put_aside"),
    path("mailings/<int:pk>/jobs/<str:remote_id>/cancel/", actions.cancel_job, name="cancel_job"),
    path("refresh/", today.refresh, name="refresh"),
    path("accounts/<int:pk>/probe/", today.probe, name="probe"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("healthz", health.healthz, name="healthz"),
]
