"""Templates of our own as their page lists them."""

from dataclasses import dataclass

from mailings.models import OwnTemplate
from mailings.recipients import messages
from mailings.wording import chips


@dataclass(frozen=True)
class Row:
    """`name`: as it was typed, where that could not be kept. `fields`: the places in its text."""

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


def rows(wrong: int = 0, typed: str = "") -> list[Row]:
    """All of them by name. `wrong`: the one that could not be named `typed`."""
    found = OwnTemplate.objects.select_related("made_by")
    return [Row(one, typed if one.pk == wrong else one.name, one.pk == wrong) for one in found]
