"""Putting sentences together as HTML, with their values escaped."""

from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString


def say(text: str, **values: Any) -> SafeString:
    """A sentence with its values put in and escaped."""
    return format_html(text, **values) if values else conditional_escape(text)


def join(*texts: SafeString) -> SafeString:
    """Joins sentences with a space; empty ones are left out."""
    return format_html_join(" ", "{}", ((text,) for text in texts if text))
