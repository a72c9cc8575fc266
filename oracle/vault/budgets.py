"""How much one operator may have released: so much at once, and as much again spread over each day.

The generic cell rate algorithm (ITU-T I.371; a leaky bucket as a meter): all that is kept of an operator is when it will have its whole
budget again. That is written down with the releases, so that a restart gives nobody another one.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

from oracle.vault.refusals import BudgetSpentError

DAY_S = 86_400.0
DEFAULT_PER_DAY = 100_000
#: Sums of many small shares of a day are off by less than this.
_ROUNDING_S = 1e-3


class Budgets:
    """All operators' budgets, each of ``per_day`` releases. May be used from several threads."""

    def __init__(self, per_day: int, whole_at: Mapping[str, float], clock: Callable[[], float] = time.time) -> None:
        """``whole_at`` is what was written down: when (Unix seconds) each operator has its whole budget again."""
        self._each_s = DAY_S / per_day
        self._per_day = per_day
        self._whole_at = dict(whole_at)
        self._unsaved: set[str] = set()
        self._clock = clock
        self._lock = threading.Lock()

    def charge(self, operator: str) -> None:
        """Take one release from an operator's budget. Raises BudgetSpentError, with the time to wait, if none is left."""
        with self._lock:
            now = self._clock()
            # No more than a day ahead: a clock that was wrong once mustn't shut an operator out for years.
            whole_at = min(max(self._whole_at.get(operator, now), now), now + DAY_S) + self._each_s
            wait_s = whole_at - now - DAY_S
            if wait_s > _ROUNDING_S:
                raise self._spent(operator, math.ceil(wait_s))
            self._whole_at[operator] = whole_at
            self._unsaved.add(operator)

    def _spent(self, operator: str, wait_s: int) -> BudgetSpentError:
        cause = f"operator {operator} has spent its budget of {self._per_day} releases a day"
        remedy = f"ask again in {wait_s} s, or have the holder raise operator_releases_per_day"
        return BudgetSpentError(f"{cause}; {remedy}", wait_s)

    def unsaved(self) -> dict[str, float]:
        """Return what changed since the last call, to be written down."""
        with self._lock:
            changed = {operator: self._whole_at[operator] for operator in self._unsaved}
            self._unsaved.clear()
        return changed

    def left(self) -> dict[str, int]:
        """Return how many releases each operator that was charged has left now."""
        with self._lock:
            now = self._clock()
            known = dict(self._whole_at)
        spent_s = {operator: min(max(whole_at - now, 0.0), DAY_S) for operator, whole_at in known.items()}
        return {operator: math.floor((DAY_S - each + _ROUNDING_S) / self._each_s) for operator, each in spent_s.items()}
