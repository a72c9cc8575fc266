"""How many blocks to ask logs of at once: as many as the endpoints answer for."""

from __future__ import annotations

#: After so many ranges that went well, one of a width that was refused is tried again.
_FORGOTTEN_AFTER = 64


class Ranges:
    """Halves after a failure, doubles after a success, and stays below a width that was refused. Widths are in blocks."""

    def __init__(self, most_blocks: int, most_logs: int) -> None:
        """``most_logs``: an answer with that many is near what a provider would cut off."""
        self._most_blocks = most_blocks
        self._most_logs = most_logs
        self._width = most_blocks
        self._refused = most_blocks + 1
        self._successes = 0

    def last(self, first: int, head: int) -> int:
        """Return the last block of the range that begins with ``first``."""
        return min(first + self._width - 1, head)

    def refused(self, blocks: int) -> bool:
        """Note that a range of so many blocks won't be answered; return whether a smaller one can be asked for."""
        self._refused, self._successes = min(self._refused, blocks), 0
        self.failed(blocks)
        return blocks > 1

    def failed(self, blocks: int) -> None:
        """Note that a range of so many blocks wasn't answered."""
        self._width = max(min(self._width, blocks) // 2, 1)

    def answered(self, blocks: int, logs: int) -> None:
        """Note that a range of so many blocks had so many logs."""
        self._successes += 1
        if self._successes >= _FORGOTTEN_AFTER:
            self._refused = self._most_blocks + 1
        if logs >= self._most_logs:
            self._width = max(blocks // 2, 1)
        elif 2 * self._width < self._refused:
            self._width = min(2 * self._width, self._most_blocks)
        elif self._refused > self._most_blocks:
            self._width = self._most_blocks
