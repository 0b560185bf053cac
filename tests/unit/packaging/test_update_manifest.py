"""The releaser's program: makes a key, signs what the application believes, and checks what was signed."""

import base64
import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from assistant_app.core.updates import check_fresh
from assistant_app.updates.envelope import opened
from assistant_app.updates.manifest import read_payload, read_signed
from assistant_app.updates.pinned import UpdateSource
from tests.fixtures.updates import TOOL, manifest_tool

PAGE = "https://releases.test/"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return manifest_tool()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A file of a release."""
    path = tmp_path / "assistant-app_0.2.0_amd64.deb"
    path.write_bytes(b"a package")
    return path


class Releaser:
    """Calls the program, and remembers the public key that it printed."""

    def __init__(self, tool: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._tool, self._capsys = tool, capsys
        self.folder = folder
        self.key, self.manifest = folder / "update.key", folder / "manifest.json"

    def call(self, *arguments: object) -> str:
        """Return what the program prints; it must succeed."""
        assert self._tool.main([str(each) for each in arguments]) == 0, self._capsys.readouterr().err
        return self._capsys.readouterr().out

    def refusal(self, *arguments: object) -> str:
        """Return what it says on stderr; it must fail."""
        assert self._tool.main([str(each) for each in arguments]) == 1
        return self._capsys.readouterr().err

    def new_key(self, path: Path | None = None) -> str:
        """Make a key and return its public half."""
        return self.call("new-key", path or self.key, "--no-passphrase").splitlines()[-1]

    def sign(self, *arguments: object, version: str = "0.2.0", page: str = PAGE) -> tuple[object, ...]:
        """Return the arguments that sign a manifest."""
        fixed = ("--sequence", 3, "--version", version, "--page", page, "--output", self.manifest)
        return ("sign", "--key", self.key, *fixed, *arguments)


@pytest.fixture
def releaser(tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Releaser:
    return Releaser(tool, tmp_path, capsys)


def test_what_is_signed_is_believed_by_the_application(releaser: Releaser, release: Path) -> None:
    public = releaser.new_key()
    assert len(base64.b64decode(public)) == 32
    releaser.call(*releaser.sign("--note", "en=Better = quicker.", "--note", "zh_CN=更快。", release))
    data = releaser.manifest.read_bytes()
    manifest = read_signed(data, UpdateSource("https://localhost/", (public,), ("releases.test",)))
    assert (manifest.sequence, manifest.release.version) == (3, "0.2.0")
    assert manifest.release.notes == {"en": "Better = quicker.", "zh_CN": "更快。"}
    assert manifest.expires_at - manifest.issued_at == timedelta(days=90).total_seconds()
    check_fresh(manifest, None, datetime.now(UTC).timestamp())
    assert "1 of 1 files compared" in releaser.call(
        "verify", releaser.manifest, release, "--public", public
    )
    (file,) = read_payload(opened(data, (public,))).files
    assert (file.name, file.bytes) == (release.name, 9)


def test_the_private_key_is_readable_by_its_owner_only_and_never_overwritten(releaser: Releaser) -> None:
    releaser.new_key()
    assert releaser.key.stat().st_mode & 0o777 == 0o600
    before = releaser.key.read_bytes()
    assert "exists" in releaser.refusal("new-key", releaser.key, "--no-passphrase")
    assert releaser.key.read_bytes() == before


def test_a_key_in_the_repository_is_refused(releaser: Releaser) -> None:
    path = TOOL.parent / "update.key"
    assert "in the repository" in releaser.refusal("new-key", path, "--no-passphrase")
    assert not path.exists()


def test_a_key_with_a_passphrase_signs_with_it_only(
    releaser: Releaser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A terminal is what cannot be had here: what is typed into it comes from a list.
    typed = ["correct horse", "correct horse", "wrong", "correct horse"]
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: typed.pop(0))
    public = releaser.call("new-key", releaser.key).splitlines()[-1]
    assert b"ENCRYPTED" in releaser.key.read_bytes()
    assert "passphrase is another one" in releaser.refusal(*releaser.sign())
    assert not releaser.manifest.exists()
    releaser.call(*releaser.sign())
    assert "good: version 0.2.0" in releaser.call("verify", releaser.manifest, "--public", public)


@pytest.mark.parametrize("typed", [["", ""], ["one", "another"]])
def test_no_key_is_made_without_a_passphrase_typed_twice(
    releaser: Releaser, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    answers = list(typed)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: answers.pop(0))
    assert "no key was made" in releaser.refusal("new-key", releaser.key)
    assert not releaser.key.exists()


def test_while_keys_change_old_and_new_builds_believe_the_same_manifest(releaser: Releaser) -> None:
    old, second = releaser.new_key(), releaser.folder / "next.key"
    new = releaser.new_key(second)
    releaser.call(*releaser.sign("--key", second))
    for public in (old, new):
        assert "good" in releaser.call("verify", releaser.manifest, "--public", public)


def test_a_changed_file_and_a_file_of_another_release_are_found(releaser: Releaser, release: Path) -> None:
    public = releaser.new_key()
    releaser.call(*releaser.sign(release))
    stranger = releaser.folder / "stranger.deb"
    stranger.write_bytes(b"a package")
    assert "not the file that was signed" in releaser.refusal(
        "verify", releaser.manifest, stranger, "--public", public
    )
    release.write_bytes(b"A package")
    assert "not the file that was signed" in releaser.refusal(
        "verify", releaser.manifest, release, "--public", public
    )


def test_the_signature_of_another_key_is_refused(releaser: Releaser) -> None:
    releaser.new_key()
    stranger = releaser.new_key(releaser.folder / "stranger.key")
    releaser.call(*releaser.sign())
    assert "not signed" in releaser.refusal("verify", releaser.manifest, "--public", stranger)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "newest"}, "version"),
        ({"page": "http://releases.test/"}, "page is not https"),
        ({"page": "https://releases.test/\n"}, "page is not https"),
    ],
)
def test_what_the_application_would_refuse_is_not_signed(
    releaser: Releaser, changes: dict[str, str], reason: str
) -> None:
    releaser.new_key()
    assert reason in releaser.refusal(*releaser.sign(**changes))
    assert not releaser.manifest.exists()


@pytest.mark.parametrize("days", ["0d", "401d", "soon"])
def test_a_manifest_is_good_for_some_days_but_not_for_ever(releaser: Releaser, days: str) -> None:
    with pytest.raises(SystemExit) as caught:
        releaser.refusal(*releaser.sign("--expires", days))
    assert caught.value.code == 2


def test_what_is_no_key_is_said(releaser: Releaser) -> None:
    releaser.key.write_text("-----BEGIN PRIVATE KEY-----\n")
    assert "it is not a key" in releaser.refusal(*releaser.sign())
