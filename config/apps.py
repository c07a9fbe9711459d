"""The app config of Django's administration: our own admin site, and our own pages for users and groups."""

from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import import_string


class OurAdminConfig(AdminConfig):
    default_site = "config.admin_site.Site"

    def ready(self) -> None:
        super().ready()
        import_string("config.people.register")()  # late: it imports models, which needs the apps ready
