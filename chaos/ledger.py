"""What was asked, what the chain says became of it, and whether that is right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy.asking import Asker, Ending, Signed
from oracle.core.structs import RequestState

_LOOK_S = 0.25
_ENDED = (RequestState.RECORDED, RequestState.REFUSED, RequestState.EXPIRED)


@dataclass
class Row:
    """One fault's account. ``blocks`` are the latencies, in blocks, of what was recorded."""

    fault: str
    injected: int = 0
    sent: int = 0
    right: int = 0
    ended: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    blocks: list[int] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing twice, nothing wrong."""
        return not (self.lost or self.twice or self.wrong)

    def quantile(self, share: float) -> int | None:
        """Return the latency, in blocks, that this share of what was recorded stayed within."""
        ranked = sorted(self.blocks)
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else None

    def to_json(self) -> dict[str, object]:
        """Return JSON values."""
        shown = ("fault", "injected", "sent", "right", "ended", "lost", "twice", "wrong")
        return {name: getattr(self, name) for name in shown} | {"p50": self.quantile(0.5), "p95": self.quantile(0.95)}


def settle(asker: Asker, asked: Sequence[Signed], patience_s: float) -> dict[bytes, Ending]:
    """Wait until all have ended, or none has for so long; what the chain took back is sent again.

    How long all of it takes is the machine's affair: lost is what doesn't come any more.
    """
    ended, give_up = -1, 0.0
    while True:
        found = asker.endings(asked)
        now = sum(each.state in _ENDED for each in found.values())
        if now != ended:
            ended, give_up = now, time.monotonic() + patience_s
        if now == len(found) or time.monotonic() > give_up:
            return found
        asker.resend()
        time.sleep(_LOOK_S)


def account(row: Row, asked: Sequence[Signed], found: dict[bytes, Ending], may_end: bool) -> None:
    """Enter what became of requests. ``may_end`` tells that no verdict is a good end, too: refused or expired, with the fee back."""
    row.sent += len(asked)
    for each in asked:
        ending = found[each.id]
        row.twice += ending.times > 1
        if ending.state is RequestState.RECORDED:
            good = ending.verdict == (each.right.outcome, each.right.score_ppm)
            row.right += good
            row.wrong += not good
            row.blocks.append(ending.block - ending.asked_block)
        elif ending.state in (RequestState.REFUSED, RequestState.EXPIRED) and may_end:
            row.ended += 1
        else:
            row.lost += 1


def wait_for(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until a condition holds; tell whether it does."""
    give_up = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(_LOOK_S / 5)
    return True
