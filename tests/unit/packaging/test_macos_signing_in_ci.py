"""The certificate of macOS is on the disk of a run only as long as it signs, and goes to nobody else.

`security` and `build_dmg.sh` are stand-ins that write down how they were called and what lay on the disk.
"""

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.packaging_scripts import ROOT

SECRETS = {
    "MACOS_SIGN_IDENTITY": "Developer ID Application: Nobody",
    "MACOS_CERTIFICATE": base64.b64encode(b"the certificate").decode(),
    "MACOS_CERTIFICATE_PASSWORD": "its password",
    "NOTARY_KEY_TEXT": "the notary's key",
}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a copy of the script beside stand-ins for what it calls."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "temporary").mkdir()
    copied = tmp_path / "sign_in_ci.sh"
    shutil.copy(ROOT / "packaging" / "macos" / "sign_in_ci.sh", copied)
    build = (
        f'#!/bin/bash\nenv >"{tmp_path}/environment"\necho "build $*" >>"{tmp_path}/calls"\n'
        f'[[ -z ${{NOTARY_KEY:-}} ]] || cp "$NOTARY_KEY" "{tmp_path}/notary"\nexit "${{FAILS:-0}}"\n'
    )
    security = (
        f'#!/bin/bash\necho "security $1" >>"{tmp_path}/calls"\n'
        f'[[ $1 != import ]] || {{ cp "$2" "{tmp_path}/imported"; stat -c %a "$2" >"{tmp_path}/mode"; }}\n'
    )
    programs = {"build_dmg.sh": build, "bin/security": security, "bin/uuidgen": "#!/bin/bash\necho random\n"}
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return copied


def _run(script: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    folder = script.parent
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MACOS_", "NOTARY_"))}
    return subprocess.run(
        [str(script), "tree", "dist", "1.2.3"],
        env=plain
        | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(folder / "temporary")}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_keys_are_there_while_it_signs_and_gone_afterwards(script: Path) -> None:
    assert _run(script, **SECRETS).returncode == 0
    folder = script.parent
    assert (folder / "imported").read_bytes() == b"the certificate"
    assert (folder / "notary").read_text() == "the notary's key\n"
    assert (folder / "mode").read_text() == "600\n"
    calls = (folder / "calls").read_text().splitlines()
    assert calls[0] == "security create-keychain"
    assert calls[-2:] == ["build tree dist 1.2.3", "security delete-keychain"]
    assert list((folder / "temporary").iterdir()) == []


def test_what_is_signed_does_not_see_the_certificate(script: Path) -> None:
    _run(script, **SECRETS)
    seen = (script.parent / "environment").read_text()
    for name in ("MACOS_CERTIFICATE", "MACOS_CERTIFICATE_PASSWORD", "NOTARY_KEY_TEXT"):
        assert SECRETS[name] not in seen
    assert SECRETS["MACOS_SIGN_IDENTITY"] in seen


def test_the_keys_are_gone_after_a_failure_too(script: Path) -> None:
    assert _run(script, **SECRETS, FAILS="7").returncode == 7
    assert list((script.parent / "temporary").iterdir()) == []
    assert (script.parent / "calls").read_text().splitlines()[-1] == "security delete-keychain"


def test_without_a_certificate_nothing_is_signed(script: Path) -> None:
    assert (
        _run(script, MACOS_SIGN_IDENTITY=SECRETS["MACOS_SIGN_IDENTITY"], MACOS_CERTIFICATE="").returncode == 0
    )
    assert (script.parent / "calls").read_text() == "build tree dist 1.2.3\n"
    assert "MACOS_SIGN_IDENTITY" not in (script.parent / "environment").read_text()
