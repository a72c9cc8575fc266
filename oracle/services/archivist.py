"""Moves requests that ended long ago out of the tables of the day, a few at a time."""

from __future__ import annotations

import time

import structlog

from oracle.store.node_store import NodeStore

log = structlog.get_logger()

_DAY_S = 86_400
#: Small enough that the node hardly pauses; at this pace a million requests take a few hours.
_AT_A_TIME = 50
_EVERY_S = 60.0


class Archivist:
    """Archives requests whose deadline was ``after_days`` ago; never, if that is 0."""

    def __init__(self, store: NodeStore, after_days: int) -> None:
        self._store = store
        self._after_days = after_days
        self._rest_until = float("-inf")

    def archive_due(self) -> None:
        """Archive some, if there are; look again soon if there may be more. Raises DatabaseError."""
        if self._after_days == 0 or time.monotonic() < self._rest_until:
            return
        moved = self._store.archive(int(time.time()) - self._after_days * _DAY_S, _AT_A_TIME)
        if moved:
            log.info("requests_archived", count=moved)
        if moved < _AT_A_TIME:
            self._rest_until = time.monotonic() + _EVERY_S
