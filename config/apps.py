"""Django's administration with a site of our own, and with our pages for people."""

from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import import_string


class OurAdminConfig(AdminConfig):
    default_site = "config.admin_site.Site"

    def ready(self) -> None:
        super().ready()
        import_string("config.people.register")()  # its models load after the applications do
