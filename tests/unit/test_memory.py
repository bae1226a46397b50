"""What a process remembers between requests: for a while, once for all who ask, never an error."""

import asyncio

import pytest

from consent_service.errors import Unavailable
from consent_service.web.service import Memory


class _Database:
    """Answers when it is let, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()

    async def load(self) -> int:
        self.asked += 1
        number = self.asked
        await self.answers.wait()
        return number

    async def fail(self) -> int:
        await self.load()
        raise Unavailable("the database does not answer")


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_of_many_that_ask_at_once_one_loads_for_all() -> None:
    memory, database = Memory(lambda: 0.0), _Database()
    asking = [asyncio.create_task(memory.get("site", 1, database.load)) for _ in range(64)]
    await _settle()
    database.answers.set()
    assert await asyncio.gather(*asking) == [1] * 64
    assert await memory.get("site", 1, database.load) == 1
    assert await memory.get("other", 1, database.load) == 2, "another key is another thing"


async def test_what_was_read_is_remembered_until_its_time_is_over() -> None:
    time, database = [100.0], _Database()
    memory = Memory(lambda: time[0])
    database.answers.set()
    assert await memory.get("site", 1, database.load) == 1
    time[0] = 100.9
    assert await memory.get("site", 1, database.load) == 1
    time[0] = 101.0
    assert await memory.get("site", 1, database.load) == 2


async def test_an_error_is_told_to_all_who_wait_and_not_remembered() -> None:
    memory, database = Memory(lambda: 0.0), _Database()
    asking = [asyncio.create_task(memory.get("site", 1, database.fail)) for _ in range(3)]
    await _settle()
    database.answers.set()
    for answer in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(answer, Unavailable)
    assert database.asked == 1
    assert await memory.get("site", 1, database.load) == 2


async def test_whoever_asked_first_and_goes_away_takes_nobody_along() -> None:
    memory, database = Memory(lambda: 0.0), _Database()
    asking = [asyncio.create_task(memory.get("site", 1, database.load)) for _ in range(3)]
    await _settle()
    asking[0].cancel()
    await _settle()
    database.answers.set()
    assert await asyncio.gather(*asking[1:]) == [1, 1]
    with pytest.raises(asyncio.CancelledError):
        await asking[0]


async def test_what_was_being_read_before_a_change_is_not_remembered_after_it() -> None:
    memory, database = Memory(lambda: 0.0), _Database()
    before = asyncio.create_task(memory.get("site", 1, database.load))
    await _settle()
    memory.forget()
    after = asyncio.create_task(memory.get("site", 1, database.load))
    await _settle()
    database.answers.set()
    assert (await before, await after) == (1, 2)
    assert await memory.get("site", 1, database.load) == 2


async def test_what_is_remembered_is_bounded() -> None:
    memory, database = Memory(lambda: 0.0), _Database()
    database.answers.set()
    for key in range(4_097):
        await memory.get(key, 1, database.load)
    assert await memory.get(0, 1, database.load) == 4_098, "the first was forgotten"
    assert await memory.get(4_096, 1, database.load) == 4_097, "the last is there"
