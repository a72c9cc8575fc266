"""Requests whose verdict this node lately signed for a peer's report: left to that peer for one turn, before they are proposed anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

_MOST = 65_536


class Promises:
    """Kept in memory only: a node that starts anew proposes a little sooner, which is harmless."""

    def __init__(self) -> None:
        self._signed_at: OrderedDict[bytes, int] = OrderedDict()

    def signed(self, requests: Iterable[bytes], block: int) -> None:
        """Note that requests are in a report that was signed when the head was ``block``."""
        for each in requests:
            self._signed_at[each] = block
            self._signed_at.move_to_end(each)
        while len(self._signed_at) > _MOST:
            self._signed_at.popitem(last=False)

    def binds(self, request_id: bytes, head: int, turn_blocks: int) -> bool:
        """Tell whether a request is still left to the peer: fewer than ``turn_blocks`` have passed since."""
        signed_at = self._signed_at.get(request_id)
        return signed_at is not None and 0 <= head - signed_at < turn_blocks
