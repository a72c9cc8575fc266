"""Token buckets, one for each key: how much somebody may ask for, and how soon again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

#: So many keys are remembered; a key that is forgotten has a full bucket again, so this is far above what a node's peers need.
_MOST_KEYS = 4_096


class Buckets:
    """A bucket of ``burst`` units for each key, filled again by ``rate`` units a second."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, units: float) -> float:
        """Take units, if the bucket isn't empty; return 0, or the seconds until it isn't any more.

        What is taken may be more than is left: whoever asks for much at once waits the longer before the next time.
        """
        left = self._now(key)
        if left <= 0:
            return (1 - left) / self._rate
        self._keep(key, left - units)
        return 0.0

    def charge(self, key: Hashable, units: float) -> None:
        """Take units, whatever is left."""
        self._keep(key, max(self._now(key) - units, -self._burst))

    def wait_s(self, key: Hashable) -> float:
        """Return the seconds until the bucket isn't empty: 0 if it isn't."""
        left = self._now(key)
        return 0.0 if left > 0 else (1 - left) / self._rate

    def _now(self, key: Hashable) -> float:
        left, at = self._left.get(key, (self._burst, 0.0))
        return min(left + (self._clock() - at) * self._rate, self._burst)

    def _keep(self, key: Hashable, left: float) -> None:
        self._left[key] = (left, self._clock())
        self._left.move_to_end(key)
        while len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
