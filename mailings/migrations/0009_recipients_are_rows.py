"""A text with all recipients becomes a row for each, so that they can be looked for by their address."""

import re
from collections.abc import Iterator
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# A line of personal messages, as they were checked when they were stored.
LINE = re.compile(r"(?:[^|:;]*\|)?(?P<phones>[^|:;]*)[:;](?P<text>.*)", re.DOTALL)
CHUNK = 5_000


def people(mailing: Any, text: str) -> Iterator[tuple[str, str | None]]:
    listed = mailing.spec.get("options", {}).get("list")
    if listed is None:
        yield from ((line, None) for line in text.split("\n") if line)
        return
    for line in listed.split("\n"):
        if found := LINE.fullmatch(line):
            own = found["text"].replace("\\n", "\n")
            yield from ((phone.strip(), own) for phone in found["phones"].split(",") if phone.strip())


def make_rows(apps: Any, schema_editor: Any) -> None:
    Recipient = apps.get_model("mailings", "Recipient")
    for kept in (
        apps.get_model("mailings", "Recipients").objects.select_related("mailing").iterator(chunk_size=1)
    ):
        rows = (
            Recipient(mailing_id=kept.mailing_id, position=position, address=address[:320], text=own)
            for position, (address, own) in enumerate(people(kept.mailing, kept.text))
        )
        Recipient.objects.bulk_create(rows, batch_size=CHUNK)


class Migration(migrations.Migration):
    dependencies = [
        ("mailings", "0008_doubts_and_decisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Recipient",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("address", models.CharField(max_length=320)),
                ("text", models.TextField(null=True)),
                ("stopped", models.BooleanField(default=False)),
                (
                    "mailing",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="mailings.mailing",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StopEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(db_index=True, max_length=320, verbose_name="address")),
                ("reason", models.CharField(blank=True, default="", max_length=200, verbose_name="reason")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stops",
                        to="mailings.account",
                        verbose_name="account",
                    ),
                ),
                (
                    "who",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "stopped address",
                "verbose_name_plural": "stop list",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.RunPython(make_rows, migrations.RunPython.noop, elidable=True),
        migrations.DeleteModel(
            name="Recipients",
        ),
        migrations.AddIndex(
            model_name="recipient",
            index=models.Index(fields=["address", "mailing"], name="recipient_address"),
        ),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.UniqueConstraint(fields=("mailing", "position"), name="recipient_in_order"),
        ),
        migrations.AddConstraint(
            model_name="stopentry",
            constraint=models.UniqueConstraint(fields=("account", "address"), name="stop_once"),
        ),
        migrations.AddConstraint(
            model_name="stopentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("account", None)), fields=("address",), name="stop_once_for_all"
            ),
        ),
    ]
