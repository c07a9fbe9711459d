"""The controls of forms, made by Python: Django's templates for them took half of the time of a page.

What they give is the same, which tests/config/test_renderer.py holds.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape

Widget = Mapping[str, Any]
FOLDER = "django/forms/widgets"


def _attributes(widget: Widget) -> str:
    return "".join(
        f" {conditional_escape(name)}" if value is True else f' {conditional_escape(name)}="{_text(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _text(value: Any) -> str:
    return conditional_escape(value if isinstance(value, str) else str(value))


def _input(widget: Widget) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    name = conditional_escape(widget["name"])
    return f'<input type="{conditional_escape(widget["type"])}" name="{name}"{value}{_attributes(widget)}>\n'


def _input_in_label(widget: Widget) -> str:
    if not widget["wrap_label"]:
        return _input(widget)
    of = f' for="{_text(widget["attrs"]["id"])}"' if widget["attrs"].get("id") else ""
    return f"<label{of}>{_input(widget)} {_text(widget['label'])}</label>"


def _select(widget: Widget) -> str:
    groups = "".join(_group(name, options) for name, options, _index in widget["optgroups"])
    return f'<select name="{conditional_escape(widget["name"])}"{_attributes(widget)}>{groups}\n</select>'


def _group(name: str | None, options: list[Widget]) -> str:
    inside = "".join(f"\n  {_option(option)}\n" for option in options)
    return f'\n  <optgroup label="{_text(name)}">{inside}\n  </optgroup>' if name else inside


def _option(widget: Widget) -> str:
    label = _text(widget["label"])
    return f'<option value="{_text(widget["value"])}"{_attributes(widget)}>{label}</option>'


MADE: dict[str, Callable[[Widget], str]] = {
    **{f"{FOLDER}/{name}.html": _input for name in ("text", "number", "hidden", "date", "checkbox")},
    **{f"{FOLDER}/{name}.html": _input_in_label for name in ("checkbox_option", "radio_option")},
    f"{FOLDER}/select.html": _select,
}


class Renderer(DjangoTemplates):
    """Django's own, but for the controls that pages have by the dozen."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        make = MADE.get(template_name)
        if make is not None:
            return make(context["widget"]).strip()
        made: str = super().render(template_name, context, request)
        return made
