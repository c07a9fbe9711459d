"""Mailroom's own templates, as their page lists them."""

from dataclasses import dataclass

from mailings.models import OwnTemplate
from mailings.recipients import messages
from mailings.wording import chips


@dataclass(frozen=True)
class TemplateRow:
    """`name`: the stored name, or the one typed if that was refused (`wrong`). `fields`: its placeholders."""

    template: OwnTemplate
    name: str
    wrong: bool

    @property
    def channel(self) -> str:
        return chips.channel_label(self.template.channel) if self.template.channel else ""

    @property
    def text(self) -> str:
        return str(self.template.options.get("mes", ""))

    @property
    def fields(self) -> list[str]:
        return messages.names_in(self.text)


def rows(wrong: int = 0, typed: str = "") -> list[TemplateRow]:
    """All templates. `wrong`: the id of the one for which the new name `typed` was refused."""
    found = OwnTemplate.objects.select_related("made_by")
    return [TemplateRow(one, typed if one.pk == wrong else one.name, one.pk == wrong) for one in found]
