"""How the other members answer this node: metrics by attester, those of the current epoch only."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)


@dataclass(frozen=True, slots=True)
class Sight:
    """When a peer last answered (Unix seconds), and how long it took (seconds)."""

    at: float
    took_s: float


class PeerMetrics:
    """Answers, misses, declines, round-trips. Who is no member any more is dropped, so that the labels stay few for years."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        self.seen: dict[str, Sight] = {}
        self.answers = counter("assent_peer_answers", "Answers of a member to proposals", "member", "answer")
        self.declines = counter("assent_peer_declines", "Verdicts that a member declined to sign", "member", "reason")
        self.missed = counter("assent_answers_missed", "Proposals that a member left unanswered", "member")
        self.misses_in_a_row = Gauge(
            "assent_misses_in_a_row", "Proposals left unanswered without a break", ["member"], registry=registry
        )
        self.last_seen = Gauge(
            "assent_peer_last_seen_timestamp_seconds", "When a member last answered", ["member"], registry=registry
        )
        self.answer_s = Histogram(
            "assent_peer_answer_seconds",
            "Time from a proposal to a member's answer",
            ["member"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._metrics = (
            self.answers,
            self.declines,
            self.missed,
            self.misses_in_a_row,
            self.last_seen,
            self.answer_s,
        )
        self._known: set[str] = set()

    def answered(self, member: str, took_s: float, *, signed: bool, reasons: Collection[str] = ()) -> None:
        """Note an answer by the protocol: a signature, or reasons for which verdicts are declined."""
        self._known.add(member)
        self.seen[member] = Sight(time.time(), took_s)
        self.answers.labels(member, "signed" if signed else "declined").inc()
        self.last_seen.labels(member).set(self.seen[member].at)
        self.answer_s.labels(member).observe(took_s)
        for reason in reasons:
            self.declines.labels(member, reason).inc()

    def counted(self, member: str, *, missing: bool, in_a_row: int) -> None:
        """Note whether a member answered in time, and how many answers in a row it now owes."""
        self._known.add(member)
        if missing:
            self.missed.labels(member).inc()
        self.misses_in_a_row.labels(member).set(in_a_row)

    def keep(self, members: Collection[str]) -> None:
        """Drop everyone else."""
        for gone in self._known.difference(members):
            self._known.discard(gone)
            self.seen.pop(gone, None)
            for metric in self._metrics:
                metric.remove_by_labels({"member": gone})
