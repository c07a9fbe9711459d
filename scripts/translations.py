"""Updates, compiles or checks the catalogues in locale/, without the system's gettext."""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("ru",)
PYTHON = ("mailings/**/*.py", "config/*.py")
TEMPLATES = ("templates/**/*.html", "templates/**/*.txt")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*(?:![rsa])?(?::[^{}]*)?\}")


# The gettext calls in what Django's templatize makes of a template; the rest is not valid Python.
CALL = re.compile(r"""(?:^|\s)((?:_|n?p?gettext)\((?:[^()'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*\))""")


def sources() -> Iterator[tuple[str, bytes]]:
    """Relative path and Python-like text of every file that may contain translatable texts."""
    for pattern in PYTHON:
        for path in sorted(ROOT.glob(pattern)):
            yield str(path.relative_to(ROOT)), path.read_bytes()
    for pattern in TEMPLATES:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            calls = CALL.findall(templatize(path.read_text(encoding="utf-8"), origin=name))
            yield name, "\n".join(calls).encode()


def extracted() -> Catalog:
    """All translatable texts of the project, with the files that contain them."""
    catalog = Catalog(project="Mailroom", charset="utf-8", fuzzy=False)
    for name, text in sources():
        for _line, message, comments, context in extract(
            "python", io.BytesIO(text), keywords=KEYWORDS, comment_tags=["Translators:"]
        ):
            # Without line numbers: otherwise any edit of a source file would change the catalogue.
            catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str, suffix: str) -> Path:
    """The path of a language's catalogue. `suffix`: `.po` or `.mo`."""
    return LOCALE / language / "LC_MESSAGES" / f"django{suffix}"


def read(language: str) -> Catalog:
    """A language's catalogue; an empty one when there is none yet."""
    path = path_of(language, ".po")
    if not path.exists():
        return Catalog(locale=language, project="Mailroom", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> int:
    """Add new texts to the catalogues, untranslated, and drop those that are gone."""
    template = extracted()
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path = path_of(language, ".po")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=110, sort_output=True, include_lineno=False, omit_header=False)
    return 0


def compile_all() -> None:
    """Compile the .mo files that are missing or older than their .po."""
    for source in LOCALE.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parts[-3])
        draft = target.with_suffix(".mo.new")
        with draft.open("wb") as file:
            write_mo(file, catalog)
        draft.replace(target)


def texts(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """The forms of a message: one, or one per plural form."""
    return [value] if isinstance(value, str) else list(value or ())


def faults(language: str, wanted: Catalog, catalog: Catalog) -> Iterator[str]:
    """The faults of one language's catalogue, a line each."""
    for message in wanted:
        if not message.id:
            continue
        ours = texts(message.id)
        found = catalog.get(ours[0], context=message.context)
        where = message.locations[0][0] if message.locations else "?"
        if found is None or not all(texts(found.string)) or not texts(found.string):
            yield f"{language}: no translation of {ours[0]!r} ({where})"
            continue
        if found.fuzzy:
            yield f"{language}: fuzzy translation of {ours[0]!r} ({where})"
        yield from placeholder_faults(language, ours, found)
    for message in catalog:
        if message.id and wanted.get(texts(message.id)[0], context=message.context) is None:
            yield f"{language}: {texts(message.id)[0]!r} is in the catalogue and nowhere else; run update"


def placeholder_faults(language: str, ours: list[str], found: Message) -> Iterator[str]:
    """Forms of a translation whose placeholders differ from the text's."""
    allowed = [sorted(PLACEHOLDER.findall(text)) for text in ours]
    for form in texts(found.string):
        if sorted(PLACEHOLDER.findall(form)) not in allowed:
            yield f"{language}: the values in {form!r} are not those of {ours[-1]!r}"


def check() -> int:
    """Print every fault; exit code 1 if there are any."""
    wanted = extracted()
    found = [fault for language in LANGUAGES for fault in faults(language, wanted, read(language))]
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


def main() -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("update", "compile", "check"))
    verb = parser.parse_args().verb
    settings.configure(USE_I18N=True)
    django.setup()
    if verb == "compile":
        compile_all()
        return 0
    return update() if verb == "update" else check()


if __name__ == "__main__":
    sys.exit(main())
