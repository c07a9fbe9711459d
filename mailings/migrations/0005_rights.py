"""Who may do what: the groups Viewers, Operators and Staff; administrators put people into them."""

from typing import Any

from django.db import migrations

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
    dependencies = [("mailings", "0002_staff_group")]

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
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
