"""Which of the voices of Windows and macOS is the first. Qt's own engine for tests stands in for theirs."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtTextToSpeech import QTextToSpeech

from assistant_app.engines.voice import qt_speech
from assistant_app.engines.voice.engine import choose


def test_the_voice_that_the_user_chose_for_the_system_reads_first(qapp: QCoreApplication) -> None:
    speech = QTextToSpeech("mock")
    voices = {voice.name(): voice for voice in speech.allVoices(None)}
    speech.setVoice(voices["Mary"])

    rows = [row for row, _voice in qt_speech._voices(speech, "mock")]

    assert rows[0].name == "Mary"
    assert {row.name for row in rows} == set(voices)
    english = choose(rows, "en")
    assert english is not None and english.name == "Mary"
    # Of a language that it does not speak the first one does.
    finnish = choose(rows, "fi")
    assert finnish is not None and finnish.name == "Kari"
