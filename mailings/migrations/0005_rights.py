"""Who may do what: the groups Viewers, Operators and Staff; administrators put people into them.

And the event of an account that was pointed at another provider.
"""

from typing import Any

from django.db import migrations, models

PERMISSIONS = {
    "view_mailing": "Can view mailing",  # Django's own, which it makes only after the last migration
    "send_mailing": "Can write and send mailings",
    "cancel_mailing": "Can cancel what others sent, release, and decide on unknown outcomes",
}
GROUPS = {
    "Viewers": ("view_mailing",),
    "Operators": ("view_mailing", "send_mailing"),
    "Staff": ("view_mailing", "send_mailing", "cancel_mailing"),
}


def make_groups(apps: Any, schema_editor: Any) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="mailings", model="mailing"
    )
    permissions = {
        codename: apps.get_model("auth", "Permission").objects.update_or_create(
            codename=codename, content_type=content_type, defaults={"name": name}
        )[0]
        for codename, name in PERMISSIONS.items()
    }
    for name, codenames in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(permissions[codename] for codename in codenames))


class Migration(migrations.Migration):
    dependencies = [("mailings", "0004_remote_hours")]

    operations = [
        migrations.AlterModelOptions(
            name="mailing",
            options={
                "permissions": [
                    ("send_mailing", "Can write and send mailings"),
                    (
                        "cancel_mailing",
                        "Can cancel what others sent, release, and decide on unknown outcomes",
                    ),
                ],
                "verbose_name": "mailing",
                "verbose_name_plural": "mailings",
            },
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("created", "made"),
                    ("edited", "changed"),
                    ("submitted", "sent off"),
                    ("claimed", "being handed over"),
                    ("accepted", "accepted by SMS Centre"),
                    ("refused", "refused by SMS Centre"),
                    ("requeued", "nothing had left us; back in the queue"),
                    ("held", "held"),
                    ("released", "released"),
                    ("unknown", "outcome unknown"),
                    ("late_answer", "a late answer arrived"),
                    ("looked", "looked for it"),
                    ("settled", "found at SMS Centre"),
                    ("adopted", "taken to be the job"),
                    ("sent_again", "sent again"),
                    ("given_up", "given up"),
                    ("withdrawn", "taken back"),
                    ("wished", "asked for"),
                    ("wish_step", "asked SMS Centre"),
                    ("wish_ended", "wish settled"),
                    ("gone", "no longer at SMS Centre"),
                    ("found", "found at SMS Centre; made elsewhere"),
                    ("alarm", "alarm"),
                    ("breaker_opened", "calls stopped"),
                    ("breaker_closed", "calls may go out again"),
                    ("doubted", "older mailings are looked for before they are sent"),
                    ("probe_asked", "a probe was asked for"),
                    ("credentials_changed", "the credentials were changed"),
                    ("address_changed", "the kind or address was changed"),
                ],
                max_length=40,
                verbose_name="kind",
            ),
        ),
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
