"""Asking all peers at once to sign one digest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import islice

import structlog

from oracle.core.digests import recover
from oracle.core.errors import AssentError, Reason
from oracle.peers.messages import Answer
from oracle.services.committee import CommitteeView, Member
from oracle.telemetry.peers import PeerMetrics

log = structlog.get_logger()

#: Sends what is proposed to a member and returns its answer.
Send = Callable[[Member], Awaitable[Answer]]


class Canvass:
    """One question to all other members. Answers come in as they do; whoever asked stops waiting when enough have signed.

    ``signatures`` are by index, the own one first; ``declined`` has, for each member that answered, the ids that it declined, none if it
    signed; ``silent`` are those who didn't answer, or not by the protocol; ``anchored`` has, for an id that is said to be under a root on
    chain, who said so.
    """

    def __init__(self, view: CommitteeView, digest: bytes, own: bytes, send: Send, metrics: PeerMetrics) -> None:
        """Ask. Only one of the members asks: ``own`` is its signature of the digest."""
        self._digest = digest
        self._send = send
        self._metrics = metrics
        self.signatures: dict[int, bytes] = {} if view.own_index is None else {view.own_index: own}
        self.declined: dict[int, frozenset[bytes]] = {}
        self.silent: set[int] = set()
        self.anchored: dict[bytes, Member] = {}
        others = [member for member in view.members if member.index != view.own_index]
        self._pending = {asyncio.create_task(self._ask(member)) for member in others}

    async def until(self, wanted: int) -> dict[int, bytes]:
        """Wait until so many have signed, or all have answered; return the signatures, at most ``wanted``: one more buys nothing."""
        while self._pending and len(self.signatures) < wanted:
            _, self._pending = await asyncio.wait(self._pending, return_when=asyncio.FIRST_COMPLETED)
        return dict(islice(self.signatures.items(), wanted))

    async def rest(self) -> None:
        """Wait for all who haven't answered yet; each has the peers' timeout."""
        if self._pending:
            await asyncio.wait(self._pending)
            self._pending = set()

    def cancel(self) -> None:
        """Stop asking."""
        for task in self._pending:
            task.cancel()

    async def _ask(self, member: Member) -> None:
        began = time.monotonic()
        try:
            answer = await self._send(member)
            self._take(member, answer, time.monotonic() - began)
        except AssentError as error:
            self.silent.add(member.index)
            log.warning("peer_failed", peer=member.attester, error=str(error))
        except Exception as error:
            # An endpoint is a stranger's text, and so is what it answers: whatever comes of it, only that peer is lost.
            self.silent.add(member.index)
            log.warning("peer_failed", peer=member.attester, error=type(error).__name__)

    def _take(self, member: Member, answer: Answer, took_s: float) -> None:
        for declined in answer.declined:
            log.warning("peer_declined", peer=member.attester, request=declined.request, reason=declined.reason.value)
            if declined.reason is Reason.ALREADY_ANCHORED:
                self.anchored[bytes.fromhex(declined.request[2:])] = member
        if answer.signature is None:
            if answer.declined:
                reasons = [declined.reason.value for declined in answer.declined]
                self._metrics.answered(member.attester, took_s, signed=False, reasons=reasons)
                self.declined[member.index] = frozenset(bytes.fromhex(each.request[2:]) for each in answer.declined)
            else:
                self.silent.add(member.index)
            return
        signature = bytes.fromhex(answer.signature[2:])
        if recover(self._digest, signature) != member.attester:
            self.silent.add(member.index)
            log.warning("peer_signature_wrong", peer=member.attester)
            return
        self._metrics.answered(member.attester, took_s, signed=True)
        self.declined[member.index] = frozenset()
        self.signatures[member.index] = signature
