"""The node's notion of now: the head that it last read, and what time it is on chain by now."""

import time
from dataclasses import dataclass

from oracle.chain.rpc import Head


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
        """Return the time on chain by now (Unix seconds), by the newest block, believed or not: no block to come has an earlier one."""
        return int(max(self.timestamp, time.monotonic() + self.lead_s))

    def behind_s(self) -> int:
        """Return by how much what the node believes is behind."""
        return self.present() - self.timestamp
