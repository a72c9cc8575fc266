"""Runs the checks of one verdict, in order, and none that builds on one that failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from oracle.audit import case_checks, chain_checks, model_checks, quorum_checks
from oracle.audit.evidence import Evidence, gather
from oracle.audit.report import AuditReport, Check, CheckFailedError, CheckName, CheckSkippedError, must, shown
from oracle.audit.trail_source import FetchedTrail, fetch_trail
from oracle.client import AssentClient
from oracle.core.errors import AuditError
from oracle.core.structs import RequestState
from oracle.core.trail import Trail
from oracle.keys.devnet import DEVNET_CHAIN_ID
from oracle.models.evaluation import Evaluation
from oracle.models.package import ModelPackage


def audit(
    client: AssentClient,
    request_id: bytes,
    *,
    nodes: Sequence[str] | None = None,
    release: Mapping[str, Any] | None = None,
    packages: Sequence[ModelPackage] = (),
) -> AuditReport:
    """Rebuild a verdict from the chain, its trail and, if given, the release of its fields; return what holds and what doesn't.

    ``nodes`` are base URLs to fetch the trail from; by default the endpoints of the epoch's operators. ``release`` is what
    ``assent vault release`` wrote; with the model's package among ``packages``, the model is run again. Raises ChainError if the chain
    can't be read; whatever nodes and trails do is in the report instead.
    """
    state = client.read(client.contract.verdict_of(request_id)).state
    if not state.has_verdict:
        return _unrecorded(request_id, state)
    evidence = gather(client, request_id)
    return judge(evidence, _fetch(client, evidence, nodes), release=release, packages=packages)


def judge(
    evidence: Evidence,
    fetched: FetchedTrail | CheckFailedError,
    *,
    release: Mapping[str, Any] | None = None,
    packages: Sequence[ModelPackage] = (),
) -> AuditReport:
    """Return the report on evidence and trail; no network. ``fetched`` may be the reason why there is no trail."""
    case = _Case(evidence, fetched, release, packages)
    checks = tuple(_run(name, check, case) for name, check in _CHECKS.items())
    node = fetched.node if isinstance(fetched, FetchedTrail) else None
    try:
        trail = case.trail
    except CheckFailedError:
        trail = None
    return AuditReport(evidence.request_id, checks, trail, node, evidence.status.finality)


@dataclass
class _Case:
    """What checks work on. Each property raises, for whoever builds on it, why it isn't to be had."""

    evidence: Evidence
    fetched: FetchedTrail | CheckFailedError
    release: Mapping[str, Any] | None
    packages: Sequence[ModelPackage]

    @cached_property
    def trail(self) -> Trail:
        """The trail, of the digest on chain."""
        if isinstance(self.fetched, CheckFailedError):
            raise self.fetched
        try:
            trail = Trail.from_json(self.fetched.content)
        except AuditError as error:
            raise CheckFailedError(CheckName.TRAIL_FORM, "a trail", shown(error)) from None
        digest = self.evidence.trail_digest
        must(trail.digest == digest, CheckName.TRAIL_FORM, f"a trail of digest {shown(digest)}", trail.digest)
        return trail

    @cached_property
    def package(self) -> ModelPackage:
        """The model's package, by the digest of its files."""
        files = self.evidence.model.files
        for package in self.packages:
            if package.files_digest == files:
                return package
        raise CheckSkippedError(f"no package with files digest {shown(files)} was given")

    @cached_property
    def values(self) -> dict[str, object]:
        """The released fields' values, proven."""
        if self.release is None:
            raise CheckSkippedError("no release was given: ask the record's holder for one")
        return model_checks.release_fields(self.evidence, self.trail, self.release)

    @cached_property
    def again(self) -> Evaluation:
        """What the model says on this machine."""
        return model_checks.evaluate(self.package, self.values)


def _trail_digest(case: _Case) -> str:
    if isinstance(case.fetched, CheckFailedError):
        raise case.fetched
    return f"{shown(case.evidence.trail_digest)}, from {shown(case.fetched.node)}"


def _of_chain(check: Callable[[Evidence], str]) -> Callable[[_Case], str]:
    return lambda case: check(case.evidence)


def _of_trail(check: Callable[[Evidence, Trail], str]) -> Callable[[_Case], str]:
    return lambda case: check(case.evidence, case.trail)


_CHECKS: Mapping[CheckName, Callable[[_Case], str]] = {
    CheckName.RECORDED: _of_chain(chain_checks.recorded),
    CheckName.TRAIL_DIGEST: _trail_digest,
    CheckName.TRAIL_FORM: lambda case: case.trail.version,
    CheckName.DEPLOYMENT: _of_trail(chain_checks.deployment),
    CheckName.REQUEST: _of_trail(chain_checks.request),
    CheckName.VERDICT: _of_trail(chain_checks.verdict),
    CheckName.AGREEMENT: _of_trail(chain_checks.agreement),
    CheckName.CONSENT_STANDING: _of_chain(chain_checks.consent_standing),
    CheckName.CONSENT_COVERAGE: _of_chain(chain_checks.consent_coverage),
    CheckName.RECORD: _of_trail(chain_checks.record),
    CheckName.MODEL: _of_trail(chain_checks.model),
    CheckName.QUORUM: _of_chain(quorum_checks.quorum),
    CheckName.CASE: _of_chain(case_checks.case),
    CheckName.PROPOSER: _of_trail(quorum_checks.proposer),
    CheckName.OUTPUT: _of_trail(model_checks.output),
    CheckName.ATTRIBUTION: _of_trail(model_checks.attribution),
    CheckName.MODEL_CARD: lambda case: model_checks.model_card(case.evidence, case.trail, case.package),
    CheckName.RELEASE_FIELDS: lambda case: f"{len(case.values)} fields proven into the record's root",
    CheckName.RECOMPUTED_SCORE: lambda case: model_checks.recomputed_score(
        case.evidence, case.trail, case.package, case.again
    ),
    CheckName.RECOMPUTED_ATTRIBUTION: lambda case: model_checks.recomputed_attribution(
        case.evidence, case.trail, case.package, case.again
    ),
}


def _run(name: CheckName, check: Callable[[_Case], str], case: _Case) -> Check:
    try:
        return Check(name, True, check(case))
    except CheckSkippedError as error:
        return _skipped(name, str(error))
    except CheckFailedError as error:
        if error.check is not name:
            return _skipped(name, f"builds on {error.check}, which failed")
        return _failed(error)


def _failed(error: CheckFailedError) -> Check:
    detail = f"expected {error.expected}, found {error.found}"
    return Check(error.check, False, detail, expected=error.expected, found=error.found)


def _skipped(name: CheckName, reason: str) -> Check:
    return Check(name, False, reason, skipped=True)


def _fetch(client: AssentClient, evidence: Evidence, nodes: Sequence[str] | None) -> FetchedTrail | CheckFailedError:
    """Ask the nodes given, or those on the roll of the verdict's epoch, any of whom may have judged: their addresses are strangers' words,
    so they must be public ones.
    """
    endpoints = nodes
    if endpoints is None:
        endpoints = [member.endpoint for member in client.roll(evidence.told[1].epoch)]
    allow_private = nodes is not None or evidence.domain.chain_id == DEVNET_CHAIN_ID
    try:
        return fetch_trail(evidence.trail_digest, [each for each in endpoints if each], allow_private=allow_private)
    except CheckFailedError as error:
        return error


def _unrecorded(request_id: bytes, state: RequestState) -> AuditReport:
    error = CheckFailedError(CheckName.RECORDED, "a verdict", state.name)
    others = [_skipped(name, "no verdict was recorded") for name in CheckName if name is not CheckName.RECORDED]
    return AuditReport(request_id, (_failed(error), *others))
