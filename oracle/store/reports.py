"""Reports that this node proposed or signed, with the proofs of their verdicts; and who signed what, as evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from oracle.core.merkle import MerkleTree
from oracle.core.structs import Leeway, Verdict, contradict
from oracle.database.transactions import Database, chunks
from oracle.store.events import mark_anchored
from oracle.store.tables import AnchorRow, EvidenceRow, ReportRow, ReportVerdictRow, RequestRow

#: So many different verdicts of one request are kept as one attester's; beyond, only what conflicts with one of them.
_MOST_VERDICTS = 8


@dataclass(frozen=True, slots=True)
class ReportedVerdict:
    """One verdict of a report, its leaf in the report's tree, and the pool that there is if the report is anchored for its request."""

    request: bytes
    verdict: Verdict
    leaf: bytes
    pool: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its Merkle root, its epoch, the attester who proposed it, and its verdicts. ``at`` is in Unix seconds."""

    root: bytes
    epoch: int
    proposer: str
    verdicts: tuple[ReportedVerdict, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Proven:
    """A verdict of an anchored report, with the proof from its leaf to the root. ``transaction`` anchored it."""

    root: bytes
    epoch: int
    count: int
    verdict: Verdict
    proof: tuple[bytes, ...]
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """One attester's signature over a report with a verdict of this request in it. ``at`` is in Unix seconds."""

    request: bytes
    attester: str
    verdict: Verdict
    epoch: int
    count: int
    proof: tuple[bytes, ...]
    signature: bytes
    at: int


class ReportStore(Database):
    """Reports and evidence."""

    def save_report(self, report: Report) -> None:
        """Keep a report's tree; one that is there already stays. Requests whose root is on chain already become ANCHORED."""
        with self._transaction() as session:
            if session.get(ReportRow, report.root) is not None:
                return
            # The whole tree makes the single proofs that this node may have had.
            session.execute(delete(ReportVerdictRow).where(ReportVerdictRow.root == report.root))
            head = (report.root, report.epoch, len(report.verdicts), report.proposer, report.at)
            names = ("root", "epoch", "count", "proposer", "at")
            session.execute(insert(ReportRow), [dict(zip(names, head, strict=True))])
            session.execute(insert(ReportVerdictRow), [_verdict_values(report, each) for each in report.verdicts])
            mark_anchored(session, _under(report.root))

    def reports_by(self, proposer: str, requests: Collection[bytes], since: int) -> dict[bytes, int]:
        """Return how many reports with each of some requests a proposer had this node keep since a time (Unix seconds)."""
        query = (
            select(ReportVerdictRow.request, func.count())
            .join(ReportRow, ReportRow.root == ReportVerdictRow.root)
            .where(ReportRow.proposer == proposer, ReportRow.at >= since)
            .group_by(ReportVerdictRow.request)
        )
        with self._reading() as session:
            found = (session.execute(query.where(ReportVerdictRow.request.in_(some))) for some in chunks(requests))
            return {request: count for rows in found for request, count in rows}

    def proven(self, request_id: bytes, deadline: int) -> Proven | None:
        """Return a request's verdict in a report that was anchored by its deadline (Unix seconds), with its proof; None if this node has
        no such report. Whoever had the verdict of one that was anchored later would have it for nothing.
        """
        query = (
            select(ReportVerdictRow, AnchorRow)
            .join(AnchorRow, AnchorRow.pool == ReportVerdictRow.pool)
            .where(ReportVerdictRow.request == request_id, AnchorRow.since <= deadline)
            .order_by(AnchorRow.block_number)
        )
        with self._reading() as session:
            found = session.execute(query).first()
            if found is None:
                return None
            row, anchor = found
            proof = _proof(session, row)
            verdict = Verdict(row.outcome, row.score, row.trail)
            return Proven(row.root, row.epoch, anchor.count, verdict, proof, anchor.transaction)

    def anchored_by(self, pool: bytes) -> tuple[bytes, int] | None:
        """Return the transaction that anchored the root of a pool (id), and how many verdicts the root is over; None if none did."""
        with self._reading() as session:
            row = session.get(AnchorRow, pool)
            return (row.transaction, row.count) if row is not None else None

    def save_proof(self, found: Proven, request_id: bytes, leaf: bytes, pool: bytes) -> None:
        """Keep one verdict of an anchored report that this node hasn't signed, with its proof, both verified."""
        facts = {"outcome": found.verdict.outcome, "score": found.verdict.score, "trail": found.verdict.trail}
        proof = [sibling.hex() for sibling in found.proof]
        with self._transaction() as session:
            if session.get(ReportVerdictRow, (found.root, request_id)) is None:
                place = {"root": found.root, "leaf": leaf, "pool": pool, "epoch": found.epoch, "proof": proof}
                session.add(ReportVerdictRow(request=request_id, **place, **facts))
                session.flush()
            mark_anchored(session, RequestRow.id == request_id)

    def prune_reports(self, before: int, limit: int = 1_000) -> int:
        """Forget reports kept before a time (Unix seconds) that never came on chain; return how many."""
        unanchored = ~select(AnchorRow.root).where(AnchorRow.root == ReportRow.root).exists()
        old = select(ReportRow.root).where(ReportRow.at < before, unanchored).limit(limit)
        with self._transaction() as session:
            roots = session.scalars(old).all()
            session.execute(delete(ReportVerdictRow).where(ReportVerdictRow.root.in_(roots)))
            session.execute(delete(ReportRow).where(ReportRow.root.in_(roots)))
            return len(roots)

    # Evidence

    def keep_evidence(self, many: Sequence[Evidence], leeways: Mapping[bytes, Leeway]) -> None:
        """Keep signatures; ``leeways`` are those of the requests' models, by request. Of one attester and request a few verdicts are kept
        that don't contradict each other, and one that does: what peers tell costs them nothing.
        """
        with self._transaction() as session:
            kept = _signed(session, {each.request for each in many})
            new = []
            for each in many:
                signed = kept[each.request, each.attester]
                if _is_news(signed, each.verdict, leeways[each.request]):
                    new.append(_evidence_values(each))
                    signed.append(each.verdict)
            if new:
                session.execute(insert(EvidenceRow), new)

    def evidence(self, request_id: bytes) -> list[Evidence]:
        """Return who signed which verdict of a request."""
        query = select(EvidenceRow).where(EvidenceRow.request == request_id).order_by(EvidenceRow.at)
        with self._reading() as session:
            return [_evidence(row) for row in session.scalars(query)]

    def signed_by(self, attesters: Collection[str], requests: Collection[bytes]) -> dict[bytes, list[Verdict]]:
        """Return the verdicts that some attesters signed of some requests, by request."""
        with self._reading() as session:
            kept = _signed(session, requests)
        signed: dict[bytes, list[Verdict]] = defaultdict(list)
        for (request, attester), verdicts in kept.items():
            if attester in attesters:
                signed[request] += verdicts
        return signed

    def contested(self) -> dict[bytes, int]:
        """Return the requests of which verdicts were signed that differ, where one operator may have signed two, be it with two keys; and
        how much evidence there is of each.
        """
        score, outcome = EvidenceRow.score, EvidenceRow.outcome
        differ = or_(func.max(score) > func.min(score), func.max(outcome) > func.min(outcome))
        with self._reading() as session:
            counted = select(EvidenceRow.request, func.count()).group_by(EvidenceRow.request).having(differ)
            return {row[0]: row[1] for row in session.execute(counted)}

    def prune_evidence(self, before: int) -> None:
        """Forget signatures kept before a time (Unix seconds)."""
        with self._transaction() as session:
            session.execute(delete(EvidenceRow).where(EvidenceRow.at < before))


def _under(root: bytes) -> ColumnElement[bool]:
    return RequestRow.id.in_(select(ReportVerdictRow.request).where(ReportVerdictRow.root == root))


def _signed(session: Session, requests: Collection[bytes]) -> dict[tuple[bytes, str], list[Verdict]]:
    """Return the verdicts kept, by request and attester."""
    kept: dict[tuple[bytes, str], list[Verdict]] = defaultdict(list)
    columns = (EvidenceRow.request, EvidenceRow.attester, EvidenceRow.outcome, EvidenceRow.score, EvidenceRow.trail)
    for some in chunks(requests):
        for request, attester, outcome, score, trail in session.execute(
            select(*columns).where(EvidenceRow.request.in_(some))
        ):
            kept[request, attester].append(Verdict(outcome, score, trail))
    return kept


def _is_news(kept: Sequence[Verdict], new: Verdict, leeway: Leeway) -> bool:
    if any((each.outcome, each.score) == (new.outcome, new.score) for each in kept):
        return False
    # Two that contradict each other are all that a punishment takes.
    conflict = any(contradict(each, new, leeway) for each in kept)
    return len(kept) < _MOST_VERDICTS or (conflict and len(kept) < 2 * _MOST_VERDICTS)


def _proof(session: Session, row: ReportVerdictRow) -> tuple[bytes, ...]:
    if row.proof is not None:
        return tuple(bytes.fromhex(sibling) for sibling in row.proof)
    leaves = session.scalars(select(ReportVerdictRow.leaf).where(ReportVerdictRow.root == row.root)).all()
    return tuple(MerkleTree(leaves).proof(row.leaf))


def _verdict_values(report: Report, each: ReportedVerdict) -> dict[str, Any]:
    verdict = each.verdict
    place = {"root": report.root, "request": each.request, "leaf": each.leaf, "pool": each.pool, "epoch": report.epoch}
    return {**place, "outcome": verdict.outcome, "score": verdict.score, "trail": verdict.trail, "proof": None}


def _evidence_values(each: Evidence) -> dict[str, Any]:
    verdict = each.verdict
    return {
        "request": each.request,
        "attester": each.attester,
        "outcome": verdict.outcome,
        "score": verdict.score,
        "trail": verdict.trail,
        "epoch": each.epoch,
        "count": each.count,
        "proof": [sibling.hex() for sibling in each.proof],
        "signature": each.signature,
        "at": each.at,
    }


def _evidence(row: EvidenceRow) -> Evidence:
    return Evidence(
        request=row.request,
        attester=row.attester,
        verdict=Verdict(row.outcome, row.score, row.trail),
        epoch=row.epoch,
        count=row.count,
        proof=tuple(bytes.fromhex(sibling) for sibling in row.proof),
        signature=row.signature,
        at=row.at,
    )


__all__ = ["Evidence", "Proven", "Report", "ReportStore", "ReportedVerdict"]
