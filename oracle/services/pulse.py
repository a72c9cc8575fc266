"""How one service wakes another: a pulse says that there may be work, and each waiter looks for itself."""

import asyncio


class Pulse:
    """Wakes whoever waits. A pulse that comes while nobody waits isn't lost: the next wait returns at once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        """Wake the waiter."""
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Return at the next beat, or after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()
