"""The compose form: every option of the catalogue, sorted by channel; what was typed becomes a spec."""

from mailings.forms.compose import ComposeForm, Files
from mailings.forms.preview import Facts
from mailings.forms.refusals import field_of
from mailings.forms.typed import Typed, from_draft, from_post
from mailings.forms.uploads import Held, Refused, clear_away, held, hold, let_go

__all__ = [
    "ComposeForm",
    "Facts",
    "Files",
    "Held",
    "Refused",
    "Typed",
    "clear_away",
    "field_of",
    "from_draft",
    "from_post",
    "held",
    "hold",
    "let_go",
]
