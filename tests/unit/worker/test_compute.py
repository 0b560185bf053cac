"""Who computes when: recognition, reading ahead, answers."""

import asyncio

from assistant_app.worker.voice.compute import FEW_CORES, Ahead, ComputeToken


class Language:
    """A language model that reads until a test lets it end, or until it has to give way."""

    def __init__(self) -> None:
        self.answering = False
        self.asked: list[tuple[str, str]] = []
        self.reading = 0
        self._end = asyncio.Event()
        self._stop = asyncio.Event()
        self.changed = asyncio.Event()

    async def read_ahead(self, conversation_id: str, known: str) -> bool:
        self.asked.append((conversation_id, known))
        self.reading += 1
        self._end.clear()
        self._stop.clear()
        self.changed.set()
        waits = {asyncio.create_task(self._end.wait()), asyncio.create_task(self._stop.wait())}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        self.reading -= 1
        return self._end.is_set()

    def finish(self) -> None:
        self._end.set()

    def stop_reading(self) -> None:
        self._stop.set()

    async def give_way(self) -> None:
        self._stop.set()
        while self.reading:
            await asyncio.sleep(0)

    async def asks(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.asked) < count:
                self.changed.clear()
                await self.changed.wait()


async def quiet() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_on_few_cores_recognition_stops_reading_ahead_and_it_goes_on_afterwards() -> None:
    language = Language()
    token = ComputeToken(language, FEW_CORES)
    ahead = Ahead(language, token)
    ahead.begin("chat")
    await language.asks(1)
    async with token.recognising():
        assert language.reading == 0, "both compute at once"
        await quiet()
        assert language.reading == 0
    await language.asks(2)
    assert language.reading == 1
    ahead.end()


async def test_on_few_cores_nothing_is_begun_while_speech_is_recognised() -> None:
    language = Language()
    token = ComputeToken(language, 2)
    ahead = Ahead(language, token)
    async with token.recognising():
        ahead.begin("chat")
        await quiet()
        assert not language.asked
    await language.asks(1)
    ahead.end()


async def test_two_recognitions_hold_the_token_until_the_last_has_ended() -> None:
    language = Language()
    token = ComputeToken(language, 2)
    async with token.recognising():
        async with token.recognising():
            pass
        assert token.taken
    assert not token.taken


async def test_with_cores_to_spare_both_compute() -> None:
    language = Language()
    token = ComputeToken(language, FEW_CORES + 1)
    ahead = Ahead(language, token)
    ahead.begin("chat")
    await language.asks(1)
    async with token.recognising():
        assert language.reading == 1
    ahead.end()


async def test_guesses_are_left_out_while_an_answer_is_written_on_few_cores() -> None:
    language = Language()
    language.answering = True
    assert not ComputeToken(language, 2).may_guess
    assert ComputeToken(language, 8).may_guess
    language.answering = False
    assert ComputeToken(language, 2).may_guess


async def test_what_is_known_of_the_question_is_read_with_cores_to_spare() -> None:
    language = Language()
    ahead = Ahead(language, ComputeToken(language, 8))
    ahead.begin("chat")
    await language.asks(1)
    ahead.learn("what is the")
    language.finish()
    await language.asks(2)
    assert language.asked == [("chat", ""), ("chat", "what is the")]
    ahead.end()


async def test_few_cores_read_only_what_stands_before_the_question() -> None:
    language = Language()
    ahead = Ahead(language, ComputeToken(language, 2))
    ahead.begin("chat")
    await language.asks(1)
    ahead.learn("what is the")
    language.finish()
    await quiet()
    assert language.asked == [("chat", "")]
    ahead.end()


async def test_a_reading_that_had_to_give_way_to_a_turn_is_not_tried_again() -> None:
    language = Language()
    ahead = Ahead(language, ComputeToken(language, 2))
    ahead.begin("chat")
    await language.asks(1)
    language.stop_reading()
    await quiet()
    assert len(language.asked) == 1 and not language.reading


async def test_the_end_of_the_recording_ends_the_reading() -> None:
    language = Language()
    ahead = Ahead(language, ComputeToken(language, 2))
    ahead.begin("chat")
    await language.asks(1)
    ahead.end()
    await quiet()
    assert not language.reading


async def test_the_end_comes_in_time_for_a_reading_that_is_just_about_to_begin() -> None:
    language = Language()
    ahead = Ahead(language, ComputeToken(language, 2))
    ahead.begin("chat")
    await asyncio.sleep(0)
    ahead.end()
    await quiet()
    assert not language.reading
