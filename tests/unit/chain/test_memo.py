"""Shared answers."""

import asyncio

import pytest

from oracle.chain.memo import Memo


class Source:
    """Counts how often it is asked; fails while told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.failing = False

    async def answer(self) -> int:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.failing:
            raise OSError("away")
        return self.asked


async def test_answer__when_many_ask_at_once__then_is_fetched_once() -> None:
    memo, source = Memo(10), Source()
    assert await asyncio.gather(*(memo.once("key", source.answer) for _ in range(20))) == [1] * 20
    assert await memo.once("other", source.answer) == 2


async def test_failure__when_it_comes__then_reaches_all_and_isnt_remembered() -> None:
    memo, source = Memo(10), Source()
    source.failing = True
    found = await asyncio.gather(*(memo.once("key", source.answer) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [OSError] * 3
    source.failing = False
    assert await memo.once("key", source.answer) == 2


async def test_answer__when_the_first_asker_hangs_up__then_others_still_get_it() -> None:
    memo, source = Memo(10), Source()
    first = asyncio.create_task(memo.once("key", source.answer))
    await asyncio.sleep(0)
    second = asyncio.create_task(memo.once("key", source.answer))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_memo__when_full__then_drops_what_was_used_longest_ago() -> None:
    memo, source = Memo(2), Source()
    for key in ("a", "b", "a", "c", "a"):
        await memo.once(key, source.answer)
    assert source.asked == 3
    assert await memo.once("b", source.answer) == 4
