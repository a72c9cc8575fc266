"""Writes releases down before the fields leave: those that come together in one transaction, since each of its own waits for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from oracle.vault.release_log import Release


class Journal:
    """``log`` writes releases down in one transaction, and blocks."""

    def __init__(self, log: Callable[[Sequence[Release]], None]) -> None:
        self._log = log
        self._waiting: list[tuple[Release, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, release: Release) -> None:
        """Return once a release is written down for good. Raises what ``log`` raises."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((release, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting, []
            failure: Exception | None = None
            try:
                await asyncio.to_thread(self._log, [release for release, _ in some])
            except Exception as error:
                failure = error
            for _, written in some:
                if written.done():
                    continue  # who asked has hung up
                if failure is None:
                    written.set_result(None)
                else:
                    written.set_exception(failure)
