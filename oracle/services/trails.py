"""Builds the trail of an own evaluation, and judges a peer's against it."""

from __future__ import annotations

from oracle.core.digests import Domain
from oracle.core.errors import Reason, VerdictMismatchError
from oracle.core.quantise import within
from oracle.core.structs import Verdict
from oracle.core.trail import (
    ATTRIBUTION_GRAIN_PPM,
    ATTRIBUTION_METHOD,
    AgreementPart,
    AttributionPart,
    FieldDigest,
    ModelPart,
    OutputPart,
    RecordPart,
    RequestPart,
    Trail,
)
from oracle.models.card import outcome_of
from oracle.models.package import ModelPackage
from oracle.store.node_store import RequestContext


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def build_trail(domain: Domain, context: RequestContext, package: ModelPackage, proposer: str, software: str) -> Trail:
    """Return the trail of this node's own evaluation of a request, as ``proposer`` (attester) would propose it."""
    own = context.evaluation
    if own is None:
        raise ValueError("only an evaluated request has a trail")
    return Trail(
        chain_id=domain.chain_id,
        contract=domain.contract,
        request=RequestPart(
            id=_hex(context.id),
            commitment=_hex(context.request.commitment),
            block=context.block,
            terms=context.request.to_json(),
        ),
        agreement=AgreementPart(
            id=_hex(context.agreement.id),
            state="given",
            since=own["agreement_since"],
            terms=context.agreement.to_json(),
        ),
        record=RecordPart(
            id=_hex(context.record.id),
            root=_hex(context.record.root),
            subject=context.record.subject,
            holder=context.record.holder,
            fields=[FieldDigest(name=name, leaf=leaf) for name, leaf in sorted(own["leaves"].items())],
        ),
        model=ModelPart(
            id=_hex(context.model.id),
            name=package.card.name,
            version=package.card.version,
            terms=context.model.to_json(),
            files=dict(package.file_digests),
        ),
        software=software,
        output=OutputPart(
            outcome=own["outcome"],
            label=package.card.outcomes[own["outcome"]],
            score_ppm=own["score"],
            threshold_ppm=package.card.threshold_ppm,
        ),
        attribution=AttributionPart(
            method=ATTRIBUTION_METHOD,
            baseline_ppm=own["baseline"],
            completeness_ppm=own["completeness"],
            grain_ppm=10_000,
            values=own["attributions"],
        ),
        proposer=proposer,
    )


def judge(own: Trail, proposed: Trail, verdict: Verdict, package: ModelPackage, tolerance_ppm: int) -> None:
    """Raise VerdictMismatchError unless this node can stand behind a peer's verdict and trail.

    A score may differ from one's own by the model's tolerance; the label must be the one that the proposed score gives, which
    is then one's own or within tolerance of it; attributions may differ by tolerance and one grain; all else must be equal.
    """
    output = proposed.output
    if (output.outcome, output.score_ppm) != (verdict.outcome, verdict.score) or proposed.digest != verdict.trail:
        raise VerdictMismatchError(Reason.TRAIL_MISMATCH, "the verdict isn't its trail's")
    if not within(output.score_ppm, own.output.score_ppm, tolerance_ppm):
        raise VerdictMismatchError(
            Reason.SCORE_MISMATCH, f"the proposed score differs from this node's by more than {tolerance_ppm} ppm"
        )
    if output.outcome != outcome_of(package.card, output.score_ppm):
        raise VerdictMismatchError(Reason.OUTCOME_MISMATCH, "the proposed label isn't the one that its score gives")
    _judge_attribution(own.attribution, proposed.attribution, tolerance_ppm)
    # Compared as bytes: to Python, True is 1; to whoever reads the trail, it isn't.
    if _with_judged(own, proposed, package).content != proposed.content:
        raise VerdictMismatchError(Reason.TRAIL_MISMATCH, "the trail names other facts than this node found")


def _judge_attribution(own: AttributionPart, proposed: AttributionPart, tolerance_ppm: int) -> None:
    allowed = tolerance_ppm + ATTRIBUTION_GRAIN_PPM
    same_features = proposed.values.keys() == own.values.keys()
    if not same_features or not all(within(proposed.values[name], own.values[name], allowed) for name in own.values):
        raise VerdictMismatchError(Reason.ATTRIBUTION_MISMATCH, "the proposed attributions aren't this node's")
    if not 0 <= proposed.completeness_ppm <= tolerance_ppm:
        raise VerdictMismatchError(Reason.ATTRIBUTION_MISMATCH, "the attributions don't add up to the score")
    if not within(proposed.baseline_ppm, own.baseline_ppm, tolerance_ppm):
        raise VerdictMismatchError(Reason.ATTRIBUTION_MISMATCH, "the proposed baseline isn't this node's")


def _with_judged(own: Trail, proposed: Trail, package: ModelPackage) -> Trail:
    """Return the own trail with what was judged by tolerance, or is the proposer's to say, taken from the proposed one."""
    output = own.output.model_copy(
        update={
            "outcome": proposed.output.outcome,
            "score_ppm": proposed.output.score_ppm,
            "label": package.card.outcomes[proposed.output.outcome],
        }
    )
    attribution = proposed.attribution.model_copy(update={"method": own.attribution.method})
    return own.model_copy(
        update={
            "output": output,
            "attribution": attribution,
            "software": proposed.software,
            "proposer": proposed.proposer,
        }
    )
