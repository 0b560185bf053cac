"""Self-test of what ships as files, and of the libraries that read them."""

import gettext
import platform
import re
import sqlite3
import ssl
import sys
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from assistant_app import __version__, i18n
from assistant_app.core.errors import AssistantError
from assistant_app.models.gguf import read_header
from assistant_app.own_program import is_frozen
from assistant_app.paths import resources
from assistant_app.selftest.report import CheckFailed

_FOLDERS = {"icons": "*.svg", "themes": "*", "help/en": "*.md", "help/zh_CN": "*.md", "languages": "*"}
_CHINESE = re.compile("[\u4e00-\u9fff]")


def program() -> str:
    """Tell which program on which system this is."""
    kind = "frozen" if is_frozen() else "from source"
    libc = " ".join(platform.libc_ver())
    return (
        f"assistant-app {__version__}, {kind}, {sys.executable}, Python {platform.python_version()},"
        f" {platform.platform(terse=True)} {platform.machine()} {libc}".rstrip()
    )


def shipped() -> str:
    """Look for every kind of file that ships, and read each one."""
    counts: list[str] = []
    for folder, pattern in _FOLDERS.items():
        files = [path for path in (resources() / folder).glob(pattern) if path.is_file()]
        if not files:
            raise CheckFailed(f"{resources() / folder} has no {pattern}")
        empty = [path.name for path in files if not path.read_bytes()]
        if empty:
            raise CheckFailed(f"empty in {folder}: {', '.join(empty)}")
        counts.append(f"{len(files)} {folder}")
    if _pages("en") != _pages("zh_CN"):
        raise CheckFailed("the help pages of the two languages are not the same")
    return f"{', '.join(counts)} in {resources()}"


def _pages(language: str) -> set[str]:
    return {path.name for path in (resources() / "help" / language).glob("*.md")}


def pocket_model() -> str:
    """Read the model that ships: its header, and every byte of it."""
    path = resources() / "models" / "pocket.gguf"
    header = read_header(path)
    total = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return f"{header.architecture}, {header.size_bytes} bytes, sha256 {total.hexdigest()}"


def translations() -> str:
    """See that each language but English comes out in its own words."""
    told: list[str] = []
    for language in i18n.LANGUAGES:
        if language == "en":
            continue
        path = gettext.find("assistant", resources() / "locale", [language])
        if path is None:
            raise CheckFailed(f"there is no catalogue of {language} in {resources() / 'locale'}")
        sentence = AssistantError.default_sentence
        said = gettext.translation("assistant", resources() / "locale", [language]).gettext(sentence)
        if said == sentence or not _CHINESE.search(said):
            raise CheckFailed(f"{Path(path).name} does not translate “{sentence}”")
        told.append(f"{language}: {said}")
    return "; ".join(told)


def help_pages() -> str:
    """Search the help of both languages as the assistant does."""
    from assistant_app.tools.help.index import HelpIndex

    told: list[str] = []
    for language, question in (("en", "where is my data stored"), ("zh_CN", "我的数据存在哪里")):
        found = HelpIndex(resources() / "help", language).ranked(question)
        if not found:
            raise CheckFailed(f"the help in {language} finds nothing for “{question}”")
        told.append(f"{language}: {found[0].text[:60]}")
    return "; ".join(told)


def search() -> str:
    """See that SQLite has the full-text search with trigrams, for words of both languages."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text, tokenize = 'trigram')")
        connection.execute("INSERT INTO probe VALUES ('The quick brown fox'), ('今天天气很好')")
        for word in ("quick", "天气很"):
            rows = connection.execute("SELECT text FROM probe WHERE probe MATCH ?", (f'"{word}"',)).fetchall()
            if len(rows) != 1:
                raise CheckFailed(f"trigrams found {len(rows)} rows for {word}, not one")
    finally:
        connection.close()
    return f"SQLite {sqlite3.sqlite_version}, FTS5 with trigrams"


def certificates() -> str:
    """See that secure connections are possible and that there is something to trust."""
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    loaded = len(context.get_ca_certs())
    folder = places.capath if places.capath and any(Path(places.capath).iterdir()) else None
    if not (loaded or folder):
        raise CheckFailed(
            f"{ssl.OPENSSL_VERSION} finds no certificates ({places.openssl_cafile}, {places.openssl_capath})"
        )
    return f"{ssl.OPENSSL_VERSION}; {folder or places.cafile or 'the system’s store'}"


def data_files() -> str:
    """Use the libraries that read files of their own: units, time zones, names in every language."""
    from babel import Locale

    from assistant_app.tools.reading.units import convert, shown

    miles = shown(convert(10, "km", "miles"))
    zone = ZoneInfo("Asia/Shanghai").key
    name = Locale.parse("zh_CN").languages["de"]
    if not miles.startswith("6.21") or not _CHINESE.search(name):
        raise CheckFailed(f"10 km are {miles} miles, German is called {name} in Chinese")
    return f"10 km = {miles} miles; {zone}; {name}"
