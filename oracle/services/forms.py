"""The forms of what the node's HTTP interface answers. Ids, digests and addresses are 0x-hex, wei are decimal strings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from oracle.store.tables import Stage

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Wei = Annotated[str, Field(pattern=r"^[0-9]+$")]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class Error(_Form):
    """Every answer that isn't 200 (but for ``/readyz``): ``error`` is for machines, ``message`` for people."""

    error: str
    message: str


class Alive(_Form):
    """That the process runs, and as whom."""

    status: str = "ok"
    version: str
    attester: str
    chain_id: int


class Readiness(_Form):
    """Whether the node can do its work, and every reason if not."""

    ready: bool
    reasons: list[str]


class RequestState(_Form):
    """How far a request has come at this node. ``score`` (parts per million) is told once it is on chain."""

    request: Hex32
    stage: Stage
    block: int
    reason: str | None
    message: str | None
    score: int | None


class ProvenVerdict(_Form):
    """The verdict of an anchored request, and the proof that it is under a root on chain: what `claim` takes."""

    root: Hex32
    count: int
    epoch: int
    currency: Address
    quorum: int
    request: dict[str, Any]
    verdict: dict[str, Any]
    proof: list[Hex32]


class MemberMisses(BaseModel):
    """How often a member's answer to this node was missing."""

    attester: Address
    asked: int
    missed: int
    in_a_row: int


class ConditionState(_Form):
    """One condition of readiness; ``reason`` says what is wrong and what to do."""

    name: str
    met: bool
    reason: str | None


class HeadState(_Form):
    """The last block that the node read and believes, and how long ago it read the chain to its head."""

    block: int
    age_seconds: float | None
    read_seconds_ago: float | None
    finality: str


class OldestState(_Form):
    """The oldest request in work."""

    block: int
    age_blocks: int
    age_seconds: float


class SenderState(_Form):
    """The account that pays for transactions. ``verdicts`` is for how many its ether is enough at the current fee."""

    address: Address
    balance_wei: Wei | None
    verdict_cost_wei: Wei | None
    verdicts: int | None


class EpochState(_Form):
    """The current epoch: ``members`` with a seat, the ``reserve`` without, and this node's place among either.

    ``lease_until`` is when its operator's lease ends (Unix seconds).
    """

    number: int
    members: int
    index: int | None
    reserve: int
    reserve_index: int | None
    lease_until: int | None


class ModelsState(_Form):
    """How many models are published, as far as this node has read, and how many of these it runs."""

    published: int
    runnable: int


class PeerState(_Form):
    """Another member. ``last_seen`` is in Unix seconds, since this node's start."""

    attester: Address
    endpoint: str
    asked: int
    missed: int
    missed_in_a_row: int
    last_seen: float | None
    answer_seconds: float | None


class WaitingState(_Form):
    """A request in work that was tried in vain."""

    request: Hex32
    stage: Stage
    attempts: int
    reason: str
    message: str


class ErrorState(_Form):
    """A round of a service that failed (Unix seconds)."""

    at: float
    service: str
    error: str


class NodeStatus(_Form):
    """The node as a whole, as it last looked at itself."""

    version: str
    attesters: list[Address]
    chain_id: int
    contract: Address
    started_at: float
    survey_age_seconds: float | None
    ready: bool
    conditions: list[ConditionState]
    head: HeadState
    requests: dict[str, int]
    oldest: OldestState | None
    vault_waits: int
    transactions: dict[str, int]
    sender: SenderState
    epoch: EpochState | None
    models: ModelsState
    peers: list[PeerState]
    waiting: list[WaitingState]
    errors: list[ErrorState]
    disk_free_bytes: int | None
