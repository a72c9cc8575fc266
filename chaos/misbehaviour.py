"""Faulty parts in place of a node's own: each acts by its mode, and as the real one while there is none.

What is replaced is named in :func:`install`, and nothing else of the node is touched.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import httpx

import oracle.node
from chaos.mode import ModeFile
from oracle.core.digests import LEAF_TYPES, leaf_values, report_digest
from oracle.core.errors import PeerError
from oracle.core.merkle import MerkleTree, leaf_hash
from oracle.core.trail import Trail
from oracle.keys.signer import LocalSigner
from oracle.models.card import outcome_of
from oracle.models.package import ModelPackage
from oracle.peers.client import PeerClient
from oracle.peers.messages import Answer, Proposal, ProposedVerdict
from oracle.services.assembly import Services
from oracle.services.cosigner import Cosigner
from oracle.services.seat import Seat
from oracle.store.node_store import NodeStore

_SLOW_S = 8.0
_LIE_PPM = 500_000
_FLOOD_AT_ONCE, _FLOOD_PAUSE_S = 8, 0.01


class Faulty:
    """One operator's faults."""

    def __init__(self, mode: ModeFile) -> None:
        self._mode = mode
        self._services: Services | None = None
        self._package: ModelPackage | None = None
        self._stranger = LocalSigner(secrets.token_bytes(32))
        self._heard: deque[Proposal] = deque(maxlen=64)
        self._asked = 0

    def has(self, fault: str) -> bool:
        """Tell whether this is the fault now."""
        return self._mode.read().fault == fault

    def learn(self, services: Services, package: ModelPackage) -> None:
        """Take note of what the node is made of."""
        self._services, self._package = services, package

    # Lying, wrong key

    def lie(self, evaluation: dict[str, Any]) -> dict[str, Any]:
        """Return an evaluation with another score, and the label that it gives. All liars tell the same lie."""
        if self._package is None:
            return evaluation
        score = (evaluation["score"] + _LIE_PPM) % 1_000_001
        return {**evaluation, "score": score, "outcome": outcome_of(self._package.card, score)}

    def signer(self, real: Any) -> Any:
        """Return a signer that has the address of the real one, and another key."""
        return _Impostor(real, self._stranger) if self.has("wrong_key") else real

    # Talking to peers

    async def propose(self, really: Callable[..., Any], client: PeerClient, endpoint: str, message: Proposal) -> Answer:
        """Propose, or what the fault makes of it."""
        self._asked += 1
        if self.has("partitioned"):
            raise PeerError(f"{endpoint}: ConnectTimeout")
        if self.has("slow"):
            await asyncio.sleep(_SLOW_S)
        if self.has("equivocating") and self._asked % 2:
            message = await self._resigned(message, message.epoch, self._other_verdict)
        if self.has("replaying") and message.epoch > 1:
            message = await self._resigned(message, message.epoch - 1, lambda verdict: verdict)
        answer: Answer = await really(client, endpoint, message)
        return answer

    def _other_verdict(self, verdict: ProposedVerdict) -> ProposedVerdict:
        if self._package is None:
            return verdict
        score = (verdict.score + _LIE_PPM) % 1_000_001
        outcome = outcome_of(self._package.card, score)
        trail = Trail.from_json(verdict.trail)
        output = trail.output.model_copy(
            update={"score_ppm": score, "outcome": outcome, "label": self._package.card.outcomes[outcome]}
        )
        changed = trail.model_copy(update={"output": output})
        return ProposedVerdict(request=verdict.request, outcome=outcome, score=score, trail=changed.to_json())

    async def _resigned(
        self, message: Proposal, epoch: int, change: Callable[[ProposedVerdict], ProposedVerdict]
    ) -> Proposal:
        if self._services is None:
            return message
        seat = self._services.seat
        verdicts = [change(each) for each in message.verdicts]
        tree = MerkleTree([_leaf(each) for each in verdicts])
        digest = report_digest(seat.domain, epoch, len(verdicts), tree.root)
        signature = await seat.keys.signer(message.proposer).asign(digest)
        changed = {"epoch": epoch, "verdicts": verdicts, "signature": "0x" + signature.hex()}
        return message.model_copy(update=changed)

    # Answering peers

    async def answer(self, really: Callable[..., Any], cosigner: Cosigner, message: Proposal) -> Answer:
        """Answer a peer, or what the fault makes of it."""
        self._heard.append(message)
        if self.has("partitioned"):
            raise PeerError("partitioned")
        if self.has("slow"):
            await asyncio.sleep(_SLOW_S)
        answer: Answer = await really(cosigner, message)
        return answer

    # By itself

    async def pester(self) -> None:
        """Flood peers with nonsense, or tell them again what others said, as long as that is the fault."""
        async with httpx.AsyncClient(timeout=2, limits=httpx.Limits(max_connections=64)) as client:
            while True:
                await asyncio.sleep(_FLOOD_PAUSE_S if self.has("flooding") else 0.2)
                if not self.has("flooding") and not self.has("replaying"):
                    continue
                bodies = self._nonsense() if self.has("flooding") else self._old_news()
                calls = [self._throw(client, url, body) for url in await self._endpoints() for body in bodies]
                await asyncio.gather(*calls)

    def _nonsense(self) -> list[str]:
        bodies = ["x" * 100_000, "{" * 1_000, '{"epoch":1}', "[" + "0," * 20_000 + "0]"]
        if self._heard:
            forged = self._heard[-1].model_copy(update={"signature": "0x" + secrets.token_hex(64)})
            bodies.append(forged.model_dump_json())
        return [secrets.choice(bodies) for _ in range(_FLOOD_AT_ONCE)]

    def _old_news(self) -> list[str]:
        return [each.model_dump_json() for each in list(self._heard)[:4]]

    async def _endpoints(self) -> list[str]:
        if self._services is None:
            return []
        view = await self._services.seat.committee.view()
        return [member.endpoint for member in view.members if member.index != view.own_index]

    @staticmethod
    async def _throw(client: httpx.AsyncClient, url: str, body: str) -> None:
        try:
            await client.post(f"{url}/v1/reports", content=body, headers={"content-type": "application/json"})
        except httpx.HTTPError:
            return


class _Impostor:
    """Signs in another's name."""

    def __init__(self, real: Any, other: LocalSigner) -> None:
        self.address: str = real.address
        self.asign = other.asign


def _leaf(verdict: ProposedVerdict) -> bytes:
    trail = Trail.from_json(verdict.trail)
    request, commitment = bytes.fromhex(verdict.request[2:]), bytes.fromhex(trail.request.commitment[2:])
    return leaf_hash(LEAF_TYPES, leaf_values(request, commitment, verdict.verdict(trail.digest)))


def install(mode: ModeFile) -> None:
    """Replace, in this process: what the store keeps of an evaluation, the seat's signer, proposals sent, and proposals answered."""
    faulty = Faulty(mode)
    store, sign, propose, answer = NodeStore.evaluated, Seat.signer, PeerClient.propose, Cosigner.answer
    run = oracle.node.Node.run

    def evaluated(self: NodeStore, evaluations: Mapping[bytes, dict[str, Any]]) -> Any:
        told = {key: faulty.lie(each) for key, each in evaluations.items()} if faulty.has("lying") else evaluations
        return store(self, told)

    async def running(self: oracle.node.Node, stop: asyncio.Event) -> None:
        folder = self._settings.models[0]
        faulty.learn(self.services, ModelPackage.load(folder))
        pestering = asyncio.create_task(faulty.pester())
        try:
            await run(self, stop)
        finally:
            pestering.cancel()

    parts: list[tuple[type, str, Any]] = [
        (NodeStore, "evaluated", evaluated),
        (Seat, "signer", lambda self, view: faulty.signer(sign(self, view))),
        (PeerClient, "propose", lambda self, url, message: faulty.propose(propose, self, url, message)),
        (Cosigner, "answer", lambda self, message: faulty.answer(answer, self, message)),
        (oracle.node.Node, "run", running),
    ]
    for place, name, part in parts:
        setattr(place, name, part)
