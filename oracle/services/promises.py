"""Requests whose verdict this node signed for a peer's report: left to that peer for one turn, before they are proposed anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

_MOST = 65_536


class Promises:
    """Kept in memory only: a node that starts anew proposes a little sooner, which is harmless.

    A peer is left a request once: one that has reports signed and never sends them holds each request up for one turn, not for good.
    """

    def __init__(self) -> None:
        self._signed: OrderedDict[bytes, tuple[int, frozenset[str]]] = OrderedDict()

    def signed(self, requests: Iterable[bytes], proposer: str, block: int) -> None:
        """Note that requests are in a proposer's report that was signed when the head was ``block``."""
        for each in requests:
            _, before = self._signed.get(each, (0, frozenset()))
            if proposer not in before:
                self._signed[each] = (block, before | {proposer})
        while len(self._signed) > _MOST:
            self._signed.popitem(last=False)

    def binds(self, request_id: bytes, head: int, turn_blocks: int) -> bool:
        """Tell whether a request is still left to a peer: fewer than ``turn_blocks`` have passed since."""
        found = self._signed.get(request_id)
        return found is not None and 0 <= head - found[0] < turn_blocks
