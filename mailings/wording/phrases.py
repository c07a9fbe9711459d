"""How sentences are put together: values escaped, one sentence after the other."""

from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString


def say(text: str, **values: Any) -> SafeString:
    """A sentence of ours with its values put in, escaped."""
    return format_html(text, **values) if values else conditional_escape(text)


def join(*texts: SafeString) -> SafeString:
    """Sentences one after the other; empty ones are left out."""
    return format_html_join(" ", "{}", ((text,) for text in texts if text))
