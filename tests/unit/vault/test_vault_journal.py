"""Writing releases down together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from oracle.vault.journal import Journal
from oracle.vault.release_log import Release


def release(place: int) -> Release:
    return Release(bytes([place]) * 32, "0x1", 1, bytes(32), ("age",), 5)


async def test_write__when_many_come_while_one_is_written__then_they_are_written_together() -> None:
    written: list[Sequence[Release]] = []
    go_on = threading.Event()

    def log(some: Sequence[Release]) -> None:
        go_on.wait(5)
        written.append(some)

    journal = Journal(log)
    first = asyncio.create_task(journal.write(release(0)))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(journal.write(release(place))) for place in range(1, 9)]
    await asyncio.sleep(0.01)
    assert not any(each.done() for each in (first, *others))
    go_on.set()
    await asyncio.gather(first, *others)
    assert [len(some) for some in written] == [1, 8]


async def test_write__when_it_fails__then_each_is_told_and_the_next_is_tried() -> None:
    failures = [OSError("disk full")]

    def log(some: Sequence[Release]) -> None:
        if failures:
            raise failures.pop()

    journal = Journal(log)
    both = await asyncio.gather(journal.write(release(0)), journal.write(release(1)), return_exceptions=True)
    assert [type(each) for each in both] == [OSError, OSError]
    await journal.write(release(2))


async def test_write__when_who_asked_hangs_up__then_the_others_are_served() -> None:
    written: list[Release] = []
    journal = Journal(written.extend)
    tasks = [asyncio.create_task(journal.write(release(place))) for place in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await tasks[1]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert len(written) == 2  # it may be on its way all the same
