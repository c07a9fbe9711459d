"""Addresses of our own pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
