"""Who may ask this node to sign, and how often: what a stranger sends costs little, and keeps no member out.

A request is charged to a lane before its body is read. A stranger's lane is its address's. A member that once sent something properly
signed has a pass: a lane of its own, even where a flood comes from the same address. What the members sign is limited by attester, too,
and only by what is new: whoever repeats a member's message uses up nothing of that member's.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from oracle.core.errors import PeerError
from oracle.peers.limits import Buckets

#: The header in which a pass is given, and shown.
PASS_HEADER = "assent-pass"  # noqa: S105  a header's name
STRANGER = "stranger"

#: A unit is a request, or 64 KiB of a body. What isn't accepted costs more: its checks were for nothing.
_UNIT_BYTES = 65_536
_REJECTED_UNITS = 10
_STRANGER_RATE, _STRANGER_BURST = 20.0, 200.0
_MEMBER_RATE, _MEMBER_BURST = 200.0, 2_000.0
#: New messages that a member signed, a second: a proposer makes a few.
_SIGNED_RATE, _SIGNED_BURST = 50.0, 500.0
#: So many bodies of one lane are read at once: a trickle holds none of the others'.
_STRANGER_BODIES, _MEMBER_BODIES = 8, 64
_KEPT_ANSWERS = 256


class PeerBusyError(PeerError):
    """A peer asks too often. ``reason`` is for metrics; ``retry_s`` is when to ask again."""

    def __init__(self, reason: str, retry_s: float) -> None:
        self.reason = reason
        self.retry_s = max(math.ceil(retry_s), 1)
        super().__init__(f"too many proposals; ask again after {self.retry_s} s")


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a request is charged: an address's lane, or a member's at an address."""

    address: str
    attester: str | None = None

    @property
    def peer(self) -> str:
        """The name for metrics: all strangers have one, for anyone can be many."""
        return self.attester or STRANGER


class Gate:
    """The limits of one node."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._strangers = Buckets(_STRANGER_RATE, _STRANGER_BURST)
        self._members = Buckets(_MEMBER_RATE, _MEMBER_BURST)
        self._signed = Buckets(_SIGNED_RATE, _SIGNED_BURST)
        self._reading: Counter[Lane] = Counter()
        self._answers: OrderedDict[str, tuple[bytes, str | None]] = OrderedDict()

    # Before the body

    def lane(self, address: str, shown: str | None) -> Lane:
        """Return the lane of a request from an address that shows a pass, or none, or somebody else's."""
        attester = (shown or "").partition(".")[0]
        if shown and hmac.compare_digest(shown.encode(), self.pass_of(Lane(address), attester).encode()):
            return Lane(address, attester)
        return Lane(address)

    def pass_of(self, lane: Lane, attester: str) -> str:
        """Return a member's pass for its address; worth nothing at another one, or at another node."""
        given = hmac.new(self._secret, f"{attester}@{lane.address}".encode(), hashlib.sha256).hexdigest()
        return f"{attester}.{given}"

    @contextmanager
    def entered(self, lane: Lane) -> Iterator[None]:
        """Charge a request, and hold one of its lane's places while its body is read. Raises PeerBusyError."""
        wait_s = self._buckets(lane).take(lane, 1)
        if wait_s:
            raise PeerBusyError("rate", wait_s)
        if self._reading[lane] >= (_MEMBER_BODIES if lane.attester else _STRANGER_BODIES):
            raise PeerBusyError("too_many_at_once", 1)
        self._reading[lane] += 1
        try:
            yield
        finally:
            self._reading[lane] -= 1
            if not self._reading[lane]:
                del self._reading[lane]

    # After it

    def read(self, lane: Lane, size: int) -> None:
        """Charge a body's size, in bytes."""
        self._buckets(lane).charge(lane, size / _UNIT_BYTES)

    def rejected(self, lane: Lane) -> None:
        """Charge what wasn't accepted."""
        self._buckets(lane).charge(lane, _REJECTED_UNITS)

    def known(self, signature: str, body: bytes) -> str | None:
        """Return what the very same message was answered before, if that was a signature."""
        kept = self._answers.get(signature)
        return kept[1] if kept is not None and kept[0] == hashlib.sha256(body).digest() else None

    def must_have_room(self, attester: str) -> None:
        """Raise PeerBusyError if too much was signed by an attester lately; whoever says so, it costs the attester nothing."""
        wait_s = self._signed.wait_s(attester)
        if wait_s:
            raise PeerBusyError("signed_rate", wait_s)

    def accepted(self, lane: Lane, attester: str, signature: str, body: bytes, answer: str | None) -> str | None:
        """Note an authentic message, and its answer if that is to be given again; return a pass for whoever brought a new one."""
        new = signature not in self._answers
        self._answers[signature] = (hashlib.sha256(body).digest(), answer)
        self._answers.move_to_end(signature)
        while len(self._answers) > _KEPT_ANSWERS:
            self._answers.popitem(last=False)
        if not new:
            return None
        self._signed.charge(attester, 1)
        return self.pass_of(lane, attester)

    def _buckets(self, lane: Lane) -> Buckets:
        return self._members if lane.attester else self._strangers
