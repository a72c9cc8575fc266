"""The node's notion of now: the head that it last read. Validity is judged by the chain's time, not by this machine's."""

from dataclasses import dataclass


@dataclass(slots=True)
class ChainClock:
    """Number and time (Unix seconds) of the head that the watcher last read; ``read_at``, by this machine's monotonic clock, when."""

    number: int = 0
    timestamp: int = 0
    read_at: float = float("-inf")
