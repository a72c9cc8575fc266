"""What operators say to each other: a report or a ruling that one proposes, and the answers to it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from oracle.core.errors import Reason
from oracle.core.structs import Verdict

#: A message larger than this is refused unread.
MAX_PROPOSAL_BYTES = 4 * 1024 * 1024
#: As many as the contract records at once.
MAX_VERDICTS = 256

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Hex64 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{128}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
EpochNumber = Annotated[int, Field(ge=1, lt=2**32)]
Outcome = Annotated[int, Field(ge=0, le=255)]
Ppm = Annotated[int, Field(ge=0, le=1_000_000)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SignedMessage(_Message):
    """What a member says to others: ``signature`` is the proposer's own over what is proposed."""

    proposer: Address
    signature: Hex64


class ProposedVerdict(_Message):
    """One verdict of a proposal, with its trail."""

    request: Hex32
    outcome: Outcome
    score: Ppm
    trail: dict[str, Any]

    def verdict(self, trail_digest: bytes) -> Verdict:
        """Return the verdict with the digest of the trail that came with it."""
        return Verdict(self.outcome, self.score, trail_digest)


class Proposal(SignedMessage):
    """A report that a proposer asks its peers to sign.

    ``signature`` is the proposer's own over the report, so a proposal is authentic and of this chain, contract and epoch.
    """

    epoch: EpochNumber
    verdicts: Annotated[list[ProposedVerdict], Field(min_length=1, max_length=MAX_VERDICTS)]


class RulingProposal(SignedMessage):
    """What a judge found about a challenged verdict, for the other judges to sign (EIP-712 ``Ruling``); ``epoch`` is the report's.

    If it ``stands``, outcome, score and ``digest`` are those recorded, and no trail comes along; if it is false, they are the proposer's,
    with its trail. ``signature`` is the proposer's own over the ruling.
    """

    epoch: EpochNumber
    request: Hex32
    stands: bool
    outcome: Outcome
    score: Ppm
    digest: Hex32
    trail: dict[str, Any] | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict that was found right."""
        return Verdict(self.outcome, self.score, bytes.fromhex(self.digest[2:]))


class Declined(_Message):
    """Why a peer doesn't sign one verdict."""

    request: Hex32
    reason: Annotated[Reason, Field(strict=False)]
    message: Annotated[str, Field(max_length=500)]


class Answer(_Message):
    """A peer's signature over the whole of what was proposed, or what it declines of it.

    Of a ruling that is declined, ``request`` is the ruling's.
    """

    signature: Hex64 | None = None
    declined: Annotated[list[Declined], Field(max_length=MAX_VERDICTS)] = []
