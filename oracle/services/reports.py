"""Reports: own verdicts put together under one root, and what is left to report when peers decline some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from oracle.core.digests import Domain, report_digest, report_leaf
from oracle.core.merkle import MerkleTree
from oracle.core.structs import Answer, Delivery, Leeway, Request, Verdict, root_pool_id
from oracle.core.trail import Trail
from oracle.peers.messages import MAX_PROPOSAL_BYTES, ProposedVerdict
from oracle.store.node_store import Evidence, Report, ReportedVerdict, RequestContext

#: A report stays below this: gas of its callbacks, and of recording each verdict. What the transactor allows beside that for receivers
#: that do more than they do now, and for its estimate's margin, then still fits a transaction.
_MOST_GAS, _VERDICT_GAS = 7_000_000, 70_000
#: What JSON adds to a trail in a proposal, and a proposal to its verdicts, at most.
_MOST_BYTES, _VERDICT_BYTES = MAX_PROPOSAL_BYTES - 4_096, 512

#: What the requests of one report have in common: delivery, quorum, and index of the currency.
Kind = tuple[int, int, int]


def kind_of(request: Request) -> Kind:
    """Return what a request must share with the others of its report."""
    return (int(request.question.delivery), request.quorum, request.quote.currency)


def batches(contexts: Iterable[RequestContext], most: int) -> list[list[RequestContext]]:
    """Split requests into reports of at most ``most``: one kind each, and with callbacks that fit a transaction."""
    by_kind: dict[Kind, list[list[RequestContext]]] = {}
    for context in contexts:
        made = by_kind.setdefault(kind_of(context.request), [[]])
        if made[-1] and (len(made[-1]) >= most or sum(map(_gas, [*made[-1], context])) > _MOST_GAS):
            made.append([])
        made[-1].append(context)
    return [batch for made in by_kind.values() for batch in made]


def _gas(context: RequestContext) -> int:
    return _VERDICT_GAS + context.request.question.callback_gas


@dataclass(frozen=True)
class Draft:
    """This node's verdict about one request, with its trail."""

    context: RequestContext
    trail: Trail

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict, with the trail's digest."""
        return Verdict(self.trail.output.outcome, self.trail.output.score_ppm, self.trail.digest)

    @cached_property
    def leaf(self) -> bytes:
        """Its leaf in a report's tree."""
        return report_leaf(self.context.request, self.verdict)

    def proposed(self) -> ProposedVerdict:
        """Return it as peers are told."""
        verdict = self.verdict
        return ProposedVerdict(
            request="0x" + self.context.id.hex(),
            outcome=verdict.outcome,
            score=verdict.score,
            trail=self.trail.to_json(),
        )


def fitting(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Split drafts so that each part fits one message to a peer."""
    parts: list[list[Draft]] = [[]]
    size = 0
    for draft in drafts:
        bytes_ = len(draft.trail.content) + _VERDICT_BYTES
        if parts[-1] and size + bytes_ > _MOST_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(draft)
        size += bytes_
    return parts


class DraftReport:
    """Drafts of one kind under one root, in the order of the tree's leaves."""

    def __init__(self, domain: Domain, epoch: int, drafts: Sequence[Draft]) -> None:
        self.epoch = epoch
        self.drafts = tuple(sorted(drafts, key=lambda draft: draft.leaf))
        self._tree = MerkleTree([draft.leaf for draft in self.drafts])
        self.root = self._tree.root
        self.digest = report_digest(domain, epoch, len(self.drafts), self.root)

    @property
    def quorum(self) -> int:
        """What its requests' models ask for."""
        return self.drafts[0].context.request.quorum

    @property
    def anchored(self) -> bool:
        """Whether its controllers want it under a root."""
        return self.drafts[0].context.request.question.delivery is Delivery.ANCHORED

    @property
    def currency(self) -> str:
        """The token's address in which its requests are paid."""
        return self.drafts[0].context.model.currency

    @property
    def ids(self) -> list[bytes]:
        """Its requests' ids."""
        return [draft.context.id for draft in self.drafts]

    @property
    def answers(self) -> list[Answer]:
        """Requests and verdicts as the contract wants them."""
        return [Answer(draft.context.request, draft.verdict) for draft in self.drafts]

    @property
    def leeways(self) -> dict[bytes, Leeway]:
        """By how much honest verdicts may differ, by request."""
        return {draft.context.id: draft.context.model.leeway for draft in self.drafts}

    def kept(self, proposer: str, at: int) -> Report:
        """Return it as the store keeps it; ``at`` in Unix seconds."""
        verdicts = tuple(
            ReportedVerdict(draft.context.id, draft.verdict, draft.leaf, pool_of(self.root, draft.context.request))
            for draft in self.drafts
        )
        return Report(self.root, self.epoch, proposer, verdicts, at)

    def evidence(self, attester: str, signature: bytes, at: int) -> list[Evidence]:
        """Return what an attester's signature over it is worth as evidence, for each request."""
        count = len(self.drafts)
        return [
            Evidence(
                draft.context.id,
                attester,
                draft.verdict,
                self.epoch,
                count,
                tuple(self._tree.proof(draft.leaf)),
                signature,
                at,
            )
            for draft in self.drafts
        ]


def pool_of(root: bytes, request: Request) -> bytes:
    """Return the pool (32 bytes) that there is on chain if this root is anchored for requests such as this one."""
    return root_pool_id(root, request.quote.currency, request.quorum)


def regroup(ids: Sequence[bytes], declined: Mapping[int, Set[bytes]], wanted: int) -> list[list[bytes]]:
    """Return which requests to propose again together, after peers named those that they decline.

    ``declined`` has, for each member that answered, what it declined. A request that too few would sign is left out; the others are put
    together as far as ``wanted`` members, the proposer among them, would sign all of one group.
    """
    by_decliners: dict[frozenset[int], list[bytes]] = {}
    for identity in ids:
        decliners = frozenset(member for member, refused in declined.items() if identity in refused)
        by_decliners.setdefault(decliners, []).append(identity)
    willing = 1 + len(declined)
    groups: list[tuple[frozenset[int], list[bytes]]] = []
    for decliners, members in sorted(by_decliners.items(), key=lambda item: len(item[0])):
        if willing - len(decliners) < wanted:
            continue
        place = next((i for i, (have, _) in enumerate(groups) if willing - len(have | decliners) >= wanted), None)
        if place is None:
            groups.append((decliners, list(members)))
        else:
            have, together = groups[place]
            groups[place] = (have | decliners, together + members)
    return [members for _, members in groups]
