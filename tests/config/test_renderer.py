"""The controls that Python makes are those of Django's own templates."""

from typing import Any

import pytest
from django import forms
from django.forms.boundfield import BoundWidget
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from config.renderer import MADE, Renderer

HOSTILE = "<script>'\"&</script>"
CHOICES = [("", gettext_lazy("any")), (HOSTILE, HOSTILE), (7, mark_safe("<b>bold</b>")), ("x", "plain")]
GROUPS = [("one", "One"), (HOSTILE, [("two", "Two"), ("three", HOSTILE)])]
ATTRIBUTES: dict[str, Any] = {
    "id": "id_one",
    "class": HOSTILE,
    "required": True,
    "disabled": False,
    "maxlength": 1000,
    "title": gettext_lazy("any"),
}
WIDGETS = {
    "text": forms.TextInput(ATTRIBUTES),
    "number": forms.NumberInput(ATTRIBUTES),
    "hidden": forms.HiddenInput(),
    "date": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    "checkbox": forms.CheckboxInput(ATTRIBUTES),
    "select": forms.Select(ATTRIBUTES, choices=CHOICES),
    "grouped": forms.Select(choices=GROUPS),
}
VALUES = [None, "", "x", "7", 7, 1234567, HOSTILE, True, False]


@pytest.mark.parametrize("kind", WIDGETS)
@pytest.mark.parametrize("value", VALUES)
def test_a_control_is_the_one_of_djangos_template(kind: str, value: Any) -> None:
    given = WIDGETS[kind]

    made = given.render("<name>", value, renderer=Renderer())

    assert made == given.render("<name>", value, renderer=DjangoTemplates())
    assert given.template_name in MADE


@pytest.mark.parametrize("kind", [forms.CheckboxSelectMultiple, forms.RadioSelect])
@pytest.mark.parametrize("wrapped", [True, False])
def test_each_box_of_many_is_the_one_of_djangos_template(
    kind: type[forms.RadioSelect], wrapped: bool
) -> None:
    given = kind(ATTRIBUTES, choices=CHOICES)
    boxes = list(given.subwidgets("<name>", ["x", HOSTILE], {"id": "id_many"}))

    made = [BoundWidget(given, box, Renderer()).tag(wrap_label=wrapped) for box in boxes]

    assert made == [BoundWidget(given, box, DjangoTemplates()).tag(wrap_label=wrapped) for box in boxes]
    assert {box["template_name"] for box in boxes} <= MADE.keys()
