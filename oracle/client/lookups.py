"""Facts looked up in the contract's events, and recomputed: an id fixes its content, so no endpoint can pass off another."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from oracle.chain.abi import Event
from oracle.client.answers import CommittedRecord, Earning, Member, PublishedModel, RequestTerms, Use, VerdictView
from oracle.client.connection import Connection
from oracle.client.errors import UnknownIdError
from oracle.core.errors import EndpointError
from oracle.core.structs import Agreement, Model, Record, Request, RequestState, request_id

S = TypeVar("S", Agreement, Model)
_ENDINGS = {RequestState.RECORDED: "Recorded", RequestState.REFUSED: "Refused", RequestState.EXPIRED: "Expired"}


class Lookups(Connection):
    """Reading what the contract knows. Each method raises EndpointError, and UnknownIdError for an id that the chain doesn't know."""

    def agreement(self, agreement_id: bytes) -> Agreement:
        """Return an agreement that was given, whatever became of it."""
        event = self._only("AgreementGiven", "agreement", agreement_id)
        return _with_id(Agreement.from_abi(event.arguments["agreement"]), agreement_id)

    def model(self, model_id: bytes) -> Model:
        """Return a model that was published."""
        event = self._only("ModelPublished", "model", model_id)
        return _with_id(Model.from_abi(event.arguments["model"]), model_id)

    def models(self) -> list[PublishedModel]:
        """Return all models ever published, oldest first."""
        found = []
        for event in self.events("ModelPublished"):
            model = _with_id(Model.from_abi(event.arguments["model"]), bytes(event.arguments["id"]))
            state = self.read(self.contract.model_status(model.id)).state
            found.append(PublishedModel(model, event.arguments["uri"], state))
        return found

    def record(self, record_id: bytes) -> CommittedRecord:
        """Return a record that was committed, and its vault."""
        found = self._only("RecordCommitted", "record", record_id).arguments
        record = Record(bytes(found["root"]), found["subject"], found["holder"])
        if record.id != record_id:
            raise _altered(record_id)
        return CommittedRecord(record, found["vault"])

    def request_terms(self, identifier: bytes) -> RequestTerms:
        """Return a request's terms, its agreement and its block."""
        event = self._only("Requested", "request", identifier)
        found = event.arguments
        agreement = self.agreement(bytes(found["agreement"]))
        if request_id(agreement.id, found["use"]) != identifier:
            raise _altered(identifier)
        model = self.model(agreement.model)
        request = Request(
            agreement=agreement.id,
            use=found["use"],
            controller=agreement.controller,
            purpose=found["purpose"],
            step=found["step"],
            deadline=found["deadline"],
            fee=model.fee,
            quorum=model.quorum,
            outcome_count=model.outcome_count,
        )
        return RequestTerms(request, agreement, event.block_number)

    def uses(self, agreement_id: bytes) -> list[Use]:
        """Return the uses taken of an agreement, in the order of their requests."""
        found = []
        for event in self.events("Requested", None, agreement_id):
            identifier = bytes(event.arguments["id"])
            state = self.read(self.contract.verdict_of(identifier)).state
            found.append(Use(event.arguments["use"], identifier, state))
        return found

    def verdict(self, identifier: bytes) -> VerdictView:
        """Return a request's state now, and its verdict if it has one. An unknown id has state NONE."""
        status = self.read(self.contract.verdict_of(identifier))
        ending = _ENDINGS.get(status.state)
        if ending is None:
            return VerdictView(identifier, status.state)
        event = self._only(ending, "verdict", identifier)
        ended = VerdictView(
            identifier,
            status.state,
            since=status.since,
            block=event.block_number,
            transaction=event.transaction_hash,
        )
        if status.state is not RequestState.RECORDED:
            return ended
        return replace(
            ended,
            outcome=status.outcome,
            score_ppm=status.score,
            trail=bytes(event.arguments["trail"]),
            epoch=event.arguments["epoch"],
            signers=event.arguments["signers"],
        )

    def members(self, epoch: int | None = None) -> list[Member]:
        """Return an epoch's members, the current one's by default; none before the first rotation."""
        number = self.read(self.contract.current_epoch()).number if epoch is None else epoch
        if not number:
            return []
        attesters: list[str] = self.read(self.contract.members_of(number))
        return [self._member(index, attester) for index, attester in enumerate(attesters)]

    def earnings(self, attester: str) -> list[Earning]:
        """Return every set of signers, by epoch, in which an attester signed a recorded verdict."""
        sets = dict.fromkeys((e.arguments["epoch"], e.arguments["signers"]) for e in self.events("Recorded"))
        members = {epoch: self.read(self.contract.members_of(epoch)) for epoch in {epoch for epoch, _ in sets}}
        places = {epoch: each.index(attester) for epoch, each in members.items() if attester in each}
        return [
            Earning(epoch, signers, places[epoch])
            for epoch, signers in sets
            if epoch in places and signers >> places[epoch] & 1
        ]

    def _member(self, index: int, attester: str) -> Member:
        operator = self.read(self.contract.operator_of(attester))
        info = self.read(self.contract.operator_info(operator))
        if info.attester == attester:
            return Member(index, attester, operator, info.endpoint)
        # Its operator left, or has another key by now: what it registered then is in its event.
        joined = self.events("OperatorJoined", bytes.fromhex(operator[2:]), bytes.fromhex(attester[2:]))
        return Member(index, attester, operator, joined[-1].arguments["endpoint"] if joined else "")

    def _only(self, name: str, kind: str, identifier: bytes) -> Event:
        found = self.events(name, identifier)
        if not found:
            raise UnknownIdError(kind, identifier)
        return found[-1]


def _with_id(fact: S, identifier: bytes) -> S:
    if fact.hash() != identifier:
        raise _altered(identifier)
    return fact


def _altered(identifier: bytes) -> EndpointError:
    return EndpointError(
        f"the endpoint's event doesn't have the id 0x{identifier.hex()} it was asked for; use another endpoint"
    )
