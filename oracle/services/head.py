"""The node's notion of now: the head that it last read, and what time it is on chain by now."""

import time
from dataclasses import dataclass

from oracle.chain.rpc import Head

#: Later than any deadline.
_NEVER = 2**62
#: However far behind what the node believes is, it looks again so soon.
_MOST_BEHIND_S = 300


@dataclass(slots=True)
class ChainClock:
    """Number and time (Unix seconds) of the head that the node believes; ``read_at``, by this machine's monotonic clock, when it was read.

    Validity is judged by that time, for what isn't believed may not have been. What must still be mined is judged by :meth:`present`.
    """

    number: int = 0
    timestamp: int = 0
    read_at: float = float("-inf")
    #: By how much the newest block's time was ahead of the monotonic clock when it was read.
    lead_s: float = float("-inf")

    def saw(self, head: Head, lead_s: float) -> None:
        """Take over what was read just now."""
        self.number, self.timestamp, self.read_at, self.lead_s = head.number, head.timestamp, time.monotonic(), lead_s

    def present(self) -> int:
        """Return the time on chain by now (Unix seconds), by the newest block, believed or not; before any was read, a time that no
        deadline is behind.
        """
        return int(max(self.timestamp, time.monotonic() + self.lead_s)) if self.timestamp else _NEVER

    def behind_s(self) -> int:
        """Return by how much what the node believes is behind, or the most that it may wait for that, if a chain stands still."""
        return min(self.present() - self.timestamp, _MOST_BEHIND_S)
