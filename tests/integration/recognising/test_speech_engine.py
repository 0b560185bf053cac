"""The speech engine as a process: it dies, is stopped, is asked twice, runs beside the language engine."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant_app.core.errors import Cancelled, EngineStopped, ModelError
from assistant_app.core.events import EngineState, EngineStateChanged
from assistant_app.core.generation import LoadPlan
from assistant_app.core.voice import ListenOptions, NoText, SpeechPlan
from assistant_app.engines import protocol
from assistant_app.worker.speech_engine import SpeechEngine
from assistant_app.worker.supervisor import EngineSupervisor
from tests.fixtures.spoken import pcm
from tests.integration.recognising.conftest import POCKET, Say

OPTIONS = ListenOptions()


def libraries(pid: int | None) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


async def test_it_loads_feeds_hears_partly_and_finally(engine: SpeechEngine, say: Say) -> None:
    info = await engine.load(POCKET)
    assert (info.name, info.multilingual, info.languages) == ("Pocket", False, ("en",))
    assert info.n_params > 1_000_000 and info.warm_up_s > 0 and not info.full_window_only
    assert engine.hello is not None and engine.hello.library.startswith("openai-whisper")
    assert engine.hello.isolated
    sound = pcm(say("Set a timer for 5 minutes."))
    third = len(sound) // 6 * 2
    fed = await engine.feed("a", sound[:third])
    assert fed.audio_s == pytest.approx(third / 32000) and fed.text == "" and fed.encoder_passes == 0
    partial = await engine.partial("a", sound[third : 2 * third], OPTIONS)
    assert partial.encoder_passes == 1
    final = await engine.final("a", sound[2 * third :], OPTIONS)
    assert final.text == "Set a timer for 5 minutes."
    assert final.audio_s == pytest.approx(len(sound) / 32000)
    assert await engine.load(POCKET) == info  # loaded already: nothing is measured again


async def test_killed_in_the_middle_it_comes_back_and_the_sound_is_kept(say: Say) -> None:
    events: list[Any] = []
    engine = SpeechEngine(events.append)
    try:
        await engine.load(POCKET)
        sound = pcm(say("What time is it in Tokyo?"))
        await engine.feed("a", sound[: len(sound) // 4 * 2])
        os.kill(engine.pid or 0, signal.SIGSTOP)  # so that it certainly dies before it answers
        job = asyncio.create_task(engine.final("a", sound[len(sound) // 4 * 2 :], OPTIONS))
        while engine.state is not EngineState.BUSY:
            await asyncio.sleep(0.01)
        os.kill(engine.pid or 0, signal.SIGKILL)
        with pytest.raises(EngineStopped) as stopped:
            await job
        assert "Speech recognition stopped" in str(stopped.value)
        assert "your recording is kept" in str(stopped.value)
        assert (await engine.final("a", b"", OPTIONS)).text == "What time is it in Tokyo?"
        states = [event.state for event in events if isinstance(event, EngineStateChanged)]
        assert EngineState.CRASHED in states and states[-1] is EngineState.READY
        assert {event.engine for event in events} == {"speech"}
    finally:
        await engine.kill()


async def test_two_finals_at_once_wait_for_each_other(engine: SpeechEngine, say: Say) -> None:
    """Whisper is not thread-safe: two decodes at once on one model raise."""
    await engine.load(POCKET)
    said = ["Open the settings page.", "My name is Ada.", "What is 12 plus 7?"]
    jobs = [engine.final(text, pcm(say(text)), OPTIONS) for text in said]
    assert [heard.text for heard in await asyncio.gather(*jobs)] == said


async def test_both_requests_start_one_engine_after_a_crash(engine: SpeechEngine, say: Say) -> None:
    await engine.load(POCKET)
    await engine.kill()
    said = ["Open the settings page.", "My name is Ada."]
    jobs = [engine.final(text, pcm(say(text)), OPTIONS) for text in said]
    assert [heard.text for heard in await asyncio.gather(*jobs)] == said


async def test_a_stopped_job_is_over_and_the_next_one_has_all_the_sound(
    engine: SpeechEngine, say: Say
) -> None:
    await engine.load(POCKET)
    sound = pcm(say("Add milk and bread to my shopping list."))
    os.kill(engine.pid or 0, signal.SIGSTOP)
    job = asyncio.create_task(engine.partial("a", sound[:40000], OPTIONS))
    while engine.state is not EngineState.BUSY:
        await asyncio.sleep(0.01)
    await engine.cancel()
    os.kill(engine.pid or 0, signal.SIGCONT)
    with pytest.raises(Cancelled):
        await job
    heard = await engine.final("a", sound[40000:], OPTIONS)
    assert heard.text == "Add milk and bread to my shopping list."


async def test_nothing_is_recognised_without_a_model_but_speech_is_found(
    engine: SpeechEngine, say: Say
) -> None:
    assert (await engine.feed("a", pcm(say("My name is Ada.")))).speech_s > 0.4
    with pytest.raises(ModelError):
        await engine.final("a", b"", OPTIONS)


async def test_a_bad_model_is_refused_and_the_next_one_is_loaded(
    engine: SpeechEngine, tmp_path: Path, say: Say
) -> None:
    bad = tmp_path / "bad.pt"
    bad.write_bytes(b"no model")
    with pytest.raises(ModelError):
        await engine.load(SpeechPlan(str(bad), "Bad"))
    assert engine.loaded is None and engine.state is EngineState.IDLE
    await engine.load(POCKET)
    assert (await engine.final("a", pcm(say("My name is Ada.")), OPTIONS)).text == "My name is Ada."


async def test_another_model_hears_the_same_sound_anew(
    engine: SpeechEngine, say: Say, tmp_path: Path
) -> None:
    await engine.load(POCKET)
    sound = pcm(say("My name is Ada."))
    first = await engine.final("a", sound, OPTIONS)
    await engine.load(SpeechPlan(POCKET.path, "Pocket", n_threads=1, quantise=False))
    again = await engine.final("a", b"", OPTIONS)
    assert again.text == first.text and again.encoder_passes == 1


async def test_silence_is_answered_as_silence(engine: SpeechEngine) -> None:
    await engine.load(POCKET)
    heard = await engine.final("a", bytes(96000), OPTIONS)
    assert heard.no_text is NoText.SILENCE and heard.encoder_passes == 0


async def test_an_unused_engine_is_no_process(engine: SpeechEngine) -> None:
    assert engine.pid is None and engine.state is EngineState.STOPPED
    await engine.cancel()
    await engine.stop()


async def test_it_ends_politely(engine: SpeechEngine) -> None:
    await engine.start()
    process = engine._life.process
    assert process is not None
    await engine.stop()
    assert await process.exited == 0


async def test_both_engines_work_side_by_side_with_their_own_libraries_only(
    engine: SpeechEngine, tiny_model: Path, say: Say
) -> None:
    language = EngineSupervisor(lambda event: None)
    try:
        await asyncio.gather(
            language.load(LoadPlan("tiny", "Tiny", str(tiny_model)), lambda fraction: None),
            engine.load(POCKET),
        )
        heard, tokens = await asyncio.gather(
            engine.final("a", pcm(say("My name is Ada.")), OPTIONS), language.count([])
        )
        assert heard.text == "My name is Ada." and tokens == []
        assert "libtorch" in libraries(engine.pid) and "llama" not in libraries(engine.pid)
        assert "libllama" in libraries(language.pid) and "libtorch" not in libraries(language.pid)
    finally:
        await language.kill()


@pytest.mark.parametrize("order", ["llama_cpp, silero_vad", "silero_vad, llama_cpp"])
def test_our_voice_activity_detector_can_be_loaded_beside_llama_cpp(order: str) -> None:
    """Another one could not: its library had the name of llama.cpp's."""
    pytest.importorskip("llama_cpp")
    code = f"import {order}; silero_vad.load_silero_vad(); print(llama_cpp.llama_supports_mmap())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "True" in done.stdout, done.stderr


async def test_sound_of_a_broken_client_is_refused(engine: SpeechEngine) -> None:
    from assistant_app.core.errors import RequestInvalid

    await engine.start()
    with pytest.raises(RequestInvalid):
        await engine._result(lambda i: protocol.Listen(i, "a", 0, "%%%", "feed"), protocol.Listened)
    assert (await engine.feed("a", bytes(3200))).audio_s == pytest.approx(0.1)


async def test_without_whisper_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant_app.core.voice import SpeechNotInstalled

    start = (
        "import sys; sys.modules['whisper'] = None; from assistant_app.__main__ import main;"
        " sys.exit(main(['--engine', 'speech', *sys.argv[1:]]))"
    )
    engine = SpeechEngine(lambda event: None, command=[sys.executable, "-c", start])
    try:
        with pytest.raises(SpeechNotInstalled, match="incomplete") as refused:
            await engine.load(POCKET)
        assert "whisper" in refused.value.detail
    finally:
        await engine.kill()
