"""faster-whisper as an optional engine: the same interface, the same text; a sentence where it is missing."""

import sys
from pathlib import Path
from typing import Any

import pytest

from assistant_app.core.errors import ModelError
from assistant_app.core.voice import ListenOptions, NoText
from assistant_app.engines.whisper.faster import FasterModel
from assistant_app.engines.whisper.session import Session
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.spoken import pcm
from tests.integration.recognising.conftest import Say

SAID = ["Set a timer for 5 minutes.", "What time is it in Tokyo?", "My name is Ada."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("ctranslate2", reason="faster-whisper is optional and is not installed")
    from tests.fixtures.faster_whisper import convert

    return convert(POCKET_WHISPER, tmp_path_factory.mktemp("faster") / "pocket")


@pytest.mark.parametrize("quantised", [False, True])
def test_it_hears_what_whisper_hears(folder: Path, quantised: bool, session: Session, say: Say) -> None:
    model = FasterModel(folder, n_threads=1, quantised=quantised)
    assert not model.multilingual and model.languages == ("en",)
    for text in SAID:
        session.take(text, 0, pcm(say(text)))
        session.recognise(model, ListenOptions(), final=False)
        heard = session.recognise(model, ListenOptions("zh"), final=True)
        assert heard.text == text and heard.language == "en"
        assert heard.encoder_passes == 1 and heard.window_positions == 512
        assert heard.avg_logprob > -0.5 and heard.no_speech_prob < 0.5
    session.take("full", 0, pcm(say(SAID[0])))
    assert session.recognise(model, ListenOptions(full_window=True), final=True).text == SAID[0]
    session.take("quiet", 0, bytes(64000))
    assert session.recognise(model, ListenOptions(), final=True).no_text is NoText.SILENCE


def test_it_tells_times(folder: Path, session: Session, say: Say) -> None:
    sound = say(SAID[0], before_s=0.0, after_s=0.0)
    session.take("a", 0, pcm(sound))
    heard = session.recognise(FasterModel(folder, n_threads=1), ListenOptions(timestamps=True), final=True)
    (segment,) = heard.segments
    assert segment.text.strip() == SAID[0]
    assert segment.end_s == pytest.approx(len(sound) / 16000, abs=0.6)


def test_a_damaged_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged"):
        FasterModel(tmp_path)


def test_where_it_is_not_installed_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules: Any = sys.modules
    monkeypatch.setitem(modules, "ctranslate2", None)
    with pytest.raises(ModelError, match="install the package faster-whisper"):
        FasterModel(tmp_path)
