"""What operators say to each other about a report: a proposal, and the answer to it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from oracle.core.errors import Reason
from oracle.core.structs import Verdict

#: A proposal larger than this is refused unread.
MAX_PROPOSAL_BYTES = 4 * 1024 * 1024
MAX_VERDICTS = 1_024

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Hex64 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{128}$")]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ProposedVerdict(_Message):
    """One verdict of a proposal, with its trail."""

    request: Hex32
    outcome: Annotated[int, Field(ge=0, le=255)]
    score: Annotated[int, Field(ge=0, le=1_000_000)]
    trail: dict[str, Any]

    def verdict(self, trail_digest: bytes) -> Verdict:
        """Return the verdict with the digest of the trail that came with it."""
        return Verdict(self.outcome, self.score, trail_digest)


class Proposal(_Message):
    """A report that a proposer asks its peers to sign.

    ``signature`` is the proposer's own over the report, so a proposal is authentic and of this chain, contract and epoch.
    """

    epoch: Annotated[int, Field(ge=1, lt=2**32)]
    verdicts: Annotated[list[ProposedVerdict], Field(min_length=1, max_length=MAX_VERDICTS)]
    proposer: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    signature: Hex64


class Declined(_Message):
    """Why a peer doesn't sign one verdict."""

    request: Hex32
    reason: Annotated[Reason, Field(strict=False)]
    message: Annotated[str, Field(max_length=500)]


class Answer(_Message):
    """A peer's signature over the whole report, or what it declines of it."""

    signature: Hex64 | None = None
    declined: Annotated[list[Declined], Field(max_length=MAX_VERDICTS)] = []
