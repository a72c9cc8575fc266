"""Answers that several askers share: each is fetched once, also when they come at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Memo:
    """Remembers at most ``limit`` answers, the latest used ones. A failure isn't remembered."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: OrderedDict[Hashable, asyncio.Task[Any]] = OrderedDict()

    async def once(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer under ``key``; ``ask`` gets it if nobody has. Raises what ``ask`` raises."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(ask())
            task.add_done_callback(lambda done: self._settle(key, done))
        self._tasks.move_to_end(key)
        while len(self._tasks) > self._limit:
            self._tasks.popitem(last=False)
        # Shielded: that one asker hangs up is no failure for the others.
        return await asyncio.shield(cast(Awaitable[T], task))

    def _settle(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._tasks.get(key) is task:
            del self._tasks[key]
