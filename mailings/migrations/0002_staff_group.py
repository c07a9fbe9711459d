"""A group "Staff" whose members may cancel and delete at the provider; administrators put people into it."""

from typing import Any

from django.db import migrations

NAME, CODENAME = "Staff", "cancel_mailing"


def make_group(apps: Any, schema_editor: Any) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="mailings", model="mailing"
    )
    # Django makes permissions only after the last migration.
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        codename=CODENAME,
        content_type=content_type,
        defaults={"name": "Can cancel or delete a mailing at the provider"},
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=NAME)
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("mailings", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
