"""The SDK: everything that a subject, a controller, a holder, a publisher or an operator does with the contract, from Python.

    client = AssentClient.from_deployment(Path("deploy/deployments/31337.json"), signer=signer)
    asked = client.request(agreement, "AcademicResearch")
    verdict = client.wait(asked.id)

Synchronous; loads no torch. Every failure is an :class:`oracle.core.errors.AssentError`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from oracle.client.answers import (
    AnchoredVerdict,
    Asked,
    Call,
    Candidate,
    CommittedRecord,
    Contest,
    ContestState,
    Earning,
    MadeStanding,
    Member,
    Price,
    PublishedModel,
    RequestTerms,
    Round,
    Sent,
    StandingView,
    Unsettled,
    Use,
    VerdictView,
)
from oracle.client.challenges import Challenger
from oracle.client.deployment import Deployment
from oracle.client.drafting import draft_agreement
from oracle.client.errors import (
    FundsError,
    ManyModelsError,
    NoProofError,
    NoSignerError,
    NotATokenError,
    SignatureUnknownError,
    TokenFundsError,
    UnjudgedError,
    UnknownIdError,
    VerdictTimeoutError,
)
from oracle.client.operators import Operator
from oracle.client.roles import Controller, Holder, Publisher, Subject
from oracle.client.standing import StandingRequester
from oracle.core.errors import ConfigurationError
from oracle.keys.signer import Signer


class AssentClient(Subject, Controller, StandingRequester, Challenger, Operator, Holder, Publisher):
    """One deployment of the contract, seen and used by one signer."""

    @classmethod
    def from_deployment(cls, path: Path, *, rpc_url: str | None = None, signer: Signer | None = None) -> Self:
        """Open the deployment that a file describes; ``rpc_url`` goes before the file's. Raises ConfigurationError."""
        return cls.of(Deployment.read(path), rpc_url=rpc_url, signer=signer)

    @classmethod
    def of(cls, deployment: Deployment, *, rpc_url: str | None = None, signer: Signer | None = None) -> Self:
        """Open a deployment. Raises ConfigurationError if neither it nor the caller names an RPC endpoint."""
        url = rpc_url or deployment.rpc_url
        if url is None:
            raise ConfigurationError(["rpc_url: the deployment names no RPC endpoint; give one"])
        return cls(url, deployment.contract, chain_id=deployment.chain_id, signer=signer, start_block=deployment.block)


__all__ = [
    "AnchoredVerdict",
    "Asked",
    "AssentClient",
    "Call",
    "Candidate",
    "CommittedRecord",
    "Contest",
    "ContestState",
    "Deployment",
    "Earning",
    "FundsError",
    "MadeStanding",
    "ManyModelsError",
    "Member",
    "NoProofError",
    "NoSignerError",
    "NotATokenError",
    "Price",
    "PublishedModel",
    "RequestTerms",
    "Round",
    "Sent",
    "SignatureUnknownError",
    "StandingView",
    "TokenFundsError",
    "UnjudgedError",
    "UnknownIdError",
    "Unsettled",
    "Use",
    "VerdictTimeoutError",
    "VerdictView",
    "draft_agreement",
]
