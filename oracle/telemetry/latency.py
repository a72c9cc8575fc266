"""How long requests take at this node, from reading them to reading their verdict."""

from __future__ import annotations

import time
from collections import OrderedDict

from prometheus_client import CollectorRegistry, Histogram

#: So many open requests are timed at once; of older ones only the blocks are known.
_MOST = 100_000


class Latency:
    """Histograms in blocks and in seconds. Times are this process's own: requests that were open at its start have none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.blocks = Histogram(
            "assent_latency_blocks",
            "Blocks from request to recorded verdict",
            registry=registry,
            buckets=(1, 2, 3, 5, 8, 13, 21, 34, 100),
        )
        self.seconds = Histogram(
            "assent_latency_seconds",
            "Seconds from reading a request to reading its verdict",
            registry=registry,
            buckets=(0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 900, 3600),
        )
        self._since: OrderedDict[bytes, float] = OrderedDict()

    def began(self, request_id: bytes) -> None:
        """A request was read."""
        self._since.setdefault(request_id, time.monotonic())
        if len(self._since) > _MOST:
            self._since.popitem(last=False)

    def ended(self, request_id: bytes, blocks: int | None) -> None:
        """A request's end was read: ``blocks`` after the request, if it ended with a verdict."""
        began = self._since.pop(request_id, None)
        if blocks is None:
            return
        self.blocks.observe(blocks)
        if began is not None:
            self.seconds.observe(time.monotonic() - began)
