"""The forms. The compose form has every option of the catalogue, and makes a spec of what is typed."""

from mailings.forms import own_templates, own_test, when
from mailings.forms.compose import ComposeForm, Files
from mailings.forms.hour import HourForm
from mailings.forms.preview import Preview
from mailings.forms.refusals import field_of
from mailings.forms.typed import Typed, from_draft, from_post
from mailings.forms.uploads import Refused, StoredUpload, clear_away, discard, store, stored

__all__ = [
    "ComposeForm",
    "Files",
    "HourForm",
    "Preview",
    "Refused",
    "StoredUpload",
    "Typed",
    "clear_away",
    "discard",
    "field_of",
    "from_draft",
    "from_post",
    "own_templates",
    "own_test",
    "store",
    "stored",
    "when",
]
