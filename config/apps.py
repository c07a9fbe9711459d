"""Django's administration with a site of our own."""

from django.contrib.admin.apps import AdminConfig


class OurAdminConfig(AdminConfig):
    default_site = "config.admin_site.Site"
