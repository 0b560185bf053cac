"""T18: everything that is locked may be linked by a program under the MIT licence, and passed on with it."""

import re
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

BANNED = re.compile(r"piper-tts|espeakng-loader|phonemizer(-.*)?|kokoro-onnx|py-espeak-ng|espeak-phonemizer")
"""GPL themselves, or nothing but a way to load espeak-ng's GPL library into the process."""

TOOLS: dict[str, str] = {
    "pyinstaller": "what it puts into a package, its boot loader, is excepted from the GPL by its licence",
    "pyinstaller-hooks-contrib": "its hooks run when a package is made; those that go into it are Apache-2.0",
}
"""Tools of developers under the GPL that are run but neither linked nor passed on: name to reason."""

_COPYLEFT = re.compile(
    r"(?<!L)\bA?GPL|\bAGPL|\bSSPL|Affero|(?<!Lesser )(?<!Library or )General Public License"
)
_NOT_FREE = re.compile(r"\bCC-BY(-SA)?-N[CD]|-NC-|Non-?Commercial|Proprietary|Business Source", re.IGNORECASE)


def locked() -> set[str]:
    """Return the names of all packages in all lock files."""
    return {
        canonicalize_name(name)
        for path in LOCKS
        for name in re.findall(r"^([\w.-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def licences(about: Message) -> list[str]:
    """Return what a distribution says of its licence: expression, field, classifiers."""
    field = about.get("License") or ""
    classifiers = [text for text in about.get_all("Classifier") or [] if text.startswith("License ::")]
    # A field may hold the whole text of a licence; its first line is the name.
    said = [about.get("License-Expression") or "", field.strip().partition("\n")[0], *classifiers]
    return [text for text in said if text and text != "License :: OSI Approved"]


def may_be_linked(licence: str) -> bool:
    """Tell whether one of the alternatives of a licence expression lets a program of any licence link it."""
    alternatives = re.split(r"\s+OR\s+", licence.strip("() "))
    return any(not _COPYLEFT.search(one) and not _NOT_FREE.search(one) for one in alternatives)


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
        "LGPL-2.1-or-later",
        "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)",
        "License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)",
        "Apache-2.0 AND CNRI-Python",
        "Apache-2.0 WITH LLVM-exception",
    ],
)
def test_licences_that_may_be_linked(licence: str) -> None:
    assert may_be_linked(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-or-later",
        "GPLv3",
        "MIT AND GPL-2.0-only",
        "AGPL-3.0",
        "GNU GPL v3",
        "License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
        "License :: OSI Approved :: GNU Affero General Public License v3",
        "License :: Other/Proprietary License",
        "CC-BY-NC-SA-4.0",
    ],
)
def test_licences_that_may_not(licence: str) -> None:
    assert not may_be_linked(licence)


def test_nothing_that_loads_gpl_code_is_locked() -> None:
    assert [name for name in sorted(locked()) if BANNED.fullmatch(name)] == []


def test_every_locked_distribution_may_be_linked() -> None:
    names, problems, looked_at = locked(), [], 0
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        if name not in names or name in TOOLS:
            continue
        looked_at += 1
        said = licences(distribution.metadata)
        if not said:
            problems.append(f"{name} does not say what its licence is")
        problems += [f"{name}: {licence}" for licence in said if not may_be_linked(licence)]
    assert problems == []
    assert looked_at > 50, "the lock files or the installed distributions were not read"


def test_the_application_is_told_to_desktops() -> None:
    """Portals know an application by the name of this file (speech/hotkeys/portal.py)."""
    from assistant_app.speech.hotkeys.portal import APP_ID

    text = (ROOT / "packaging" / "linux" / f"{APP_ID}.desktop").read_text(encoding="utf-8")
    groups: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            group = groups.setdefault(line.strip("[]"), {})
        elif line:
            key, _equals, value = line.partition("=")
            assert key not in group, f"{key} stands there twice"
            group[key] = value
    entry = groups.pop("Desktop Entry")
    assert {"Type", "Name", "Comment", "Exec", "Icon", "Categories"} <= entry.keys()
    assert entry["Exec"] == "assistant-app %u" and entry["StartupWMClass"] == APP_ID
    assert all(entry[key].endswith(";") for key in ("Categories", "Keywords", "Actions"))
    actions = entry["Actions"].strip(";").split(";")
    assert groups.keys() == {f"Desktop Action {action}" for action in actions}
    for group in (entry, *groups.values()):
        for key in ("Name", "Comment", "GenericName", "Keywords"):
            assert key not in group or f"{key}[zh_CN]" in group, f"{key} is not translated"
    assert [group["Exec"] for group in groups.values()] == [
        "assistant-app --talk toggle",
        "assistant-app --talk stop",
    ]
