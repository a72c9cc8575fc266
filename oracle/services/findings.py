"""What a judge finds: whether a recorded verdict stands, by this node's own fresh evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oracle.core.canonical import canonical
from oracle.core.errors import Reason, VerdictMismatchError
from oracle.core.quantise import within
from oracle.core.structs import Verdict
from oracle.core.trail import Trail
from oracle.models.card import outcome_of
from oracle.models.package import ModelPackage
from oracle.services.seat import Seat
from oracle.services.trails import build_trail, judge
from oracle.store.node_store import CaseContext


@dataclass(frozen=True, slots=True)
class Finding:
    """What this node would sign: the recorded verdict, without a trail; or, to correct it, its own with its trail."""

    verdict: Verdict
    trail: Trail | None

    @property
    def upholds(self) -> bool:
        """Whether the recorded verdict stands."""
        return self.trail is None

    @property
    def content(self) -> bytes:
        """The trail's canonical form; empty if there is none."""
        return canonical(self.trail.to_json()) if self.trail else b""


def stands(recorded: Verdict, own_score_ppm: int, package: ModelPackage, tolerance_ppm: int) -> bool:
    """Tell whether honest operators may have signed a verdict.

    Each signs what is within the tolerance of its own score, so the recorded one may be twice that from this node's; its label must be
    the one that its score gives.
    """
    close = within(recorded.score, own_score_ppm, 2 * tolerance_ppm)
    return close and recorded.outcome == outcome_of(package.card, recorded.score)


def find(seat: Seat, case: CaseContext, proposer: str, software: str) -> Finding:
    """Return what this node found, as ``proposer`` (attester) would propose it. Raises ValueError before the evaluation is there."""
    context = replace(case.request, evaluation=case.evaluation)
    if context.evaluation is None or context.recorded is None:
        raise ValueError("only an evaluated case of a recorded verdict has a finding")
    package = seat.catalogue.package(context.model)
    recorded = context.recorded.verdict
    if stands(recorded, context.evaluation["score"], package, context.model.tolerance):
        return Finding(recorded, None)
    trail = build_trail(seat.domain, context, package, proposer, software)
    return Finding(Verdict(trail.output.outcome, trail.output.score_ppm, trail.digest), trail)


def must_agree(seat: Seat, case: CaseContext, proposed: Finding, proposer: str) -> None:
    """Raise VerdictMismatchError unless this node can stand behind what a peer found."""
    software = proposed.trail.software if proposed.trail else ""
    own = find(seat, case, proposer, software)
    if proposed.trail is None or own.trail is None:
        if own != proposed:
            raise VerdictMismatchError(Reason.RULING_MISMATCH, "this node found otherwise about the recorded verdict")
        return
    if proposed.trail.proposer != proposer:
        raise VerdictMismatchError(Reason.TRAIL_MISMATCH, "the trail names another proposer")
    model = case.request.model
    judge(own.trail, proposed.trail, proposed.verdict, seat.catalogue.package(model), model.tolerance)
