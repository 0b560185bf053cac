"""Questions about talking, as people ask them, find the passage that answers them."""

import pytest

from assistant_app.tools.help_search import index_of

QUESTIONS = {
    "en": {
        "How do I talk to you?": "let go",
        "can I use my microphone": "Ctrl+Shift+V",
        "Do I have to hold the key the whole time?": "tap it to start",
        "which key do I press to talk": "F8",
        "Can I talk to you from another program?": "--talk toggle",
        "the global hotkey does nothing on Wayland": "--talk toggle",
        "can it stop by itself when I stop speaking": "Hands-free",
        "how do I make you be quiet": "silent at once",
        "how do I correct what you understood": "Check before sending",
        "Can I dictate into the message box?": "at the cursor",
        "read the answer aloud to me": "loudspeaker",
        "How do I change the voice?": "own voice",
        "where do I get a speech model": "Whisper",
        "why is speech recognition not installed": "assistant-app-voice",
        "Which language does the speech recognition expect?": "Spoken language",
        "you keep misspelling my name when I speak": "Names and words",
        "transcribe a recording of a meeting": "Ctrl+Shift+O",
        "the microphone does not work": "No sound from the microphone",
        "the first word is always missing": "Wait for",
        "Do you record me?": "Keep recordings",
        "why is nothing read aloud": "espeak-ng",
    },
    "zh_CN": {
        "怎么和你说话": "松开",
        "要一直按着键吗": "点按一次",
        "说话键是哪个": "F8",
        "怎么让你安静": "立刻安静",
        "怎么用语音输入文字": "光标处",
        "把回答念给我听": "喇叭",
        "怎么换声音": "自己的声音",
        "语音模型在哪里下载": "Whisper",
        "语音识别没有安装怎么办": "assistant-app-voice",
        "录音转文字": "Ctrl+Shift+O",
        "麦克风不能用": "静音",
        "你会录音吗": "保留录音",
        "为什么没有朗读": "espeak-ng",
    },
}


@pytest.mark.parametrize(
    ("language", "question", "must"),
    [(language, *pair) for language, pairs in QUESTIONS.items() for pair in pairs.items()],
)
def test_question_about_voice_finds_its_passage(language: str, question: str, must: str) -> None:
    passage = index_of(language).best(question) or ""
    assert must in passage, passage
