"""Collects the texts of the application for translators and compiles what they wrote.

Without arguments it brings resources/locale/*/LC_MESSAGES/assistant.po up to date and writes the
.mo files. With --check it changes nothing and fails when a text is untranslated, uncertain or
superfluous, when placeholders differ, or when a compiled file is stale.
"""

import argparse
import datetime
import io
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "assistant_app"
LOCALES = ROOT / "resources" / "locale"
DOMAIN = "assistant"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def extracted() -> Catalog:
    """Return a catalogue of every text in the source, untranslated."""
    catalog = Catalog(domain=DOMAIN, project="Assistant", charset="utf-8")
    found = extract_from_dir(
        SOURCE, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",)
    )
    for name, _line, message, comments, context in sorted(found, key=lambda item: (item[0], item[1])):
        if not message:
            continue  # _(field.title or "") has nothing to extract
        place = (f"assistant_app/{name}", 0)
        catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def read(path: Path) -> Catalog:
    """Return the catalogue of a .po file; a new one if it does not exist."""
    locale = path.parent.parent.name
    if not path.exists():
        return Catalog(locale=locale, domain=DOMAIN, project="Assistant", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def po_bytes(catalog: Catalog, language: str) -> bytes:
    """Return the text of a .po file, without line numbers and dates, which would change all the time."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, include_lineno=False, ignore_obsolete=True, omit_header=True)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def mo_bytes(path: Path) -> bytes:
    """Return what the compiled file of a .po file must hold."""
    buffer = io.BytesIO()
    write_mo(buffer, _undated(read(path)))
    return buffer.getvalue()


def _undated(catalog: Catalog) -> Catalog:
    """Return the catalogue with dates that are always the same, so that equal texts give equal files."""
    bare = Catalog(
        locale=catalog.locale,
        domain=DOMAIN,
        project="Assistant",
        version="1",
        charset="utf-8",
        creation_date=_EPOCH,
        revision_date=_EPOCH,
        fuzzy=False,
    )
    for message in catalog:
        if message.id:
            bare.add(message.id, message.string, context=message.context)
    return bare


def placeholders(text: str) -> set[str]:
    """Return the names between braces, as `str.format` reads them."""
    return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name is not None}


def problems(path: Path) -> Iterator[str]:
    """Yield one sentence for each thing wrong with a .po file or its .mo file."""
    wanted, have = extracted(), read(path)
    for message in wanted:
        if not message.id:
            continue
        translated = have.get(message.id, context=message.context)
        if translated is None:
            yield f"missing: {message.id!r}"
        elif not all(_strings(translated)):
            yield f"untranslated: {message.id!r}"
        elif translated.fuzzy:
            yield f"uncertain (fuzzy): {message.id!r}"
        else:
            yield from _differing(translated)
    for message in have:
        if message.id and wanted.get(message.id, context=message.context) is None:
            yield f"superfluous: {message.id!r}"
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != mo_bytes(path):
        yield f"{compiled.relative_to(ROOT)} is stale; run: make translations"


def _strings(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _differing(message: Message) -> Iterator[str]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    for text in _strings(message):
        try:
            if placeholders(text) != placeholders(ids[-1]):
                yield f"placeholders differ: {ids[-1]!r} and {text!r}"
        except ValueError:
            yield f"braces do not match: {text!r}"


def update(path: Path) -> None:
    """Bring a .po file up to date with the source and compile it."""
    catalog = read(path)
    catalog.update(extracted(), no_fuzzy_matching=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(po_bytes(catalog, path.parent.parent.name))
    path.with_suffix(".mo").write_bytes(mo_bytes(path))
    done = sum(all(_strings(message)) for message in catalog if message.id)
    print(f"{path.relative_to(ROOT)}: {done} of {len(catalog)} texts translated")


def main() -> int:
    """Update or check every language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when something is wrong")
    options = parser.parse_args()
    folders = sorted(folder for folder in LOCALES.iterdir() if folder.is_dir())
    files = [folder / "LC_MESSAGES" / f"{DOMAIN}.po" for folder in folders]
    wrong = 0
    for path in files:
        if options.check:
            for problem in problems(path):
                print(f"{path.relative_to(ROOT)}: {problem}", file=sys.stderr)
                wrong += 1
        else:
            update(path)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
