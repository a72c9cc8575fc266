"""Facts looked up in the contract's events, and recomputed: an id fixes its content, so no endpoint can pass off another."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from oracle.chain.abi import Event
from oracle.chain.contract import ETHER
from oracle.client.answers import Candidate, CommittedRecord, Member, Price, PublishedModel, RequestTerms, Use
from oracle.client.connection import Connection
from oracle.client.errors import UnknownIdError
from oracle.core.errors import EndpointError
from oracle.core.structs import (
    Agreement,
    CommitteeTerms,
    Model,
    Question,
    Quote,
    Record,
    Request,
    StandingRequest,
    Terms,
    request_id,
)

S = TypeVar("S", Agreement, Model, StandingRequest)


class Lookups(Connection):
    """Reading what the contract knows. Each method raises EndpointError, and UnknownIdError for an id that the chain doesn't know."""

    def agreement(self, agreement_id: bytes) -> Agreement:
        """Return an agreement that was given, whatever became of it."""
        event = self._only("AgreementGiven", "agreement", agreement_id)
        return with_id(Agreement.from_given(event.arguments), agreement_id)

    def model(self, model_id: bytes) -> Model:
        """Return a model that was published."""
        event = self._only("ModelPublished", "model", model_id)
        return with_id(Model.from_abi(event.arguments["model"]), model_id)

    def models(self) -> list[PublishedModel]:
        """Return all models ever published, oldest first."""
        found = []
        for event in self.events("ModelPublished"):
            model = with_id(Model.from_abi(event.arguments["model"]), bytes(event.arguments["id"]))
            state = self.read(self.contract.model_status(model.id)).state
            found.append(PublishedModel(model, event.arguments["uri"], state))
        return found

    def record(self, record_id: bytes) -> CommittedRecord:
        """Return a record that was committed, and its vault."""
        found = self._only("RecordCommitted", "record", record_id).arguments
        record = Record(bytes(found["root"]), found["subject"], found["holder"])
        if record.id != record_id:
            raise altered(record_id)
        return CommittedRecord(record, found["vault"])

    def quote(self, terms: Terms) -> Price:
        """Return what a request under these terms of an agreement costs now. Raises ContractRevertError if the model takes none."""
        quote = self.read(self.contract.quote(terms))
        return Price(quote, self._currency(quote))

    def price_of(self, agreement: Agreement) -> Price:
        """Return what requests under an agreement cost, or cost while its model took some."""
        if (by := agreement.models_by) is not None:  # the fee is each model's
            quote = Quote(0, 0, 0, by.currency, 0, agreement.price)
        else:
            quote = self.read(self.contract.model_status(agreement.model)).quote.with_price(agreement.price)
        return Price(quote, self._currency(quote))

    def adopted_under(self, agreement_id: bytes) -> list[Agreement]:
        """Return what was adopted under an agreement to a publisher's models, oldest first, whatever became of it."""
        return [self.agreement(each) for each in self.read(self.contract.adopted_under(agreement_id))]

    def currencies(self) -> list[str]:
        """Return what models are paid in: the zero address, for ether, and the tokens, in the order of their indices."""
        return [ETHER, *(event.arguments["currency"] for event in self.events("CurrencyListed"))]

    def request_terms(self, identifier: bytes) -> RequestTerms:
        """Return a request's terms, its agreement and its block."""
        event = self._only("Requested", "request", identifier)
        agreement = self.agreement(bytes(event.arguments["agreement"]))
        question = Question.unpack(event.arguments["question"])
        if request_id(agreement.id, question.use) != identifier:
            raise altered(identifier)
        request = Request(agreement.id, agreement.controller, question, self.price_of(agreement).quote)
        return RequestTerms(request, agreement, event.block_number)

    def uses(self, agreement_id: bytes) -> list[Use]:
        """Return the uses taken of an agreement by requests, in the order of these."""
        found = []
        for event in self.events("Requested", None, agreement_id):
            identifier = bytes(event.arguments["id"])
            state = self.read(self.contract.verdict_of(identifier)).state
            found.append(Use(Question.unpack(event.arguments["question"]).use, identifier, state))
        return found

    @cached_property
    def committee_terms(self) -> CommitteeTerms:
        """What the committee goes by, which never changes."""
        return self.read(self.contract.committee_terms())

    def roll(self, epoch: int | None = None) -> list[Member]:
        """Return an epoch's roll, the current one's by default; none before the first rotation. Those with seats come first.

        Raises ContractRevertError for an epoch that never was.
        """
        number = self.read(self.contract.current_epoch()).number if epoch is None else epoch
        if not number:
            return []
        roll = self.read(self.contract.roll_of(number))
        return [self._member(index, attester, index < roll.seats) for index, attester in enumerate(roll.attesters)]

    def members(self, epoch: int | None = None) -> list[Member]:
        """Return those of an epoch's roll who have seats and sign its reports, of the current epoch by default."""
        return [member for member in self.roll(epoch) if member.has_seat]

    def waiting(self) -> list[Candidate]:
        """Return the operators who wait for a place on the roll, the highest stake first."""
        found = []
        for operator in self.read(self.contract.waiting()):
            info = self.read(self.contract.operator_info(operator))
            found.append(Candidate(operator, info.attester, info.endpoint, info.stake, info.lease))
        return sorted(found, key=lambda each: each.stake, reverse=True)

    def epochs_at(self, block: int, log_index: int, timestamp: int) -> tuple[int, ...]:
        """Return which epochs could sign at a place in the chain (a log's), at its time (Unix seconds): the current one, and the one before
        while its grace lasted.
        """
        place = (block, log_index)
        epochs = [each for each in self.events("EpochSet") if (each.block_number, each.log_index) < place]
        if not epochs:
            return ()
        number: int = epochs[-1].arguments["number"]
        # Fixed when the epoch before ended: what the contract says now, it said then.
        recent = number > 1 and timestamp <= self.read(self.contract.signs_until(number - 1))
        return (number, number - 1) if recent else (number,)

    def attesters_of(self, operator: str) -> list[str]:
        """Return every attester that an operator ever registered, oldest first."""
        events = [*self.events("OperatorJoined", _word(operator)), *self.events("OperatorChanged", _word(operator))]
        ordered = sorted(events, key=lambda event: (event.block_number, event.log_index))
        return list(dict.fromkeys(event.arguments["attester"] for event in ordered))

    def _member(self, index: int, attester: str, has_seat: bool) -> Member:
        operator = self.read(self.contract.operator_of(attester))
        info = self.read(self.contract.operator_info(operator))
        if info.attester == attester:
            return Member(index, attester, operator, info.endpoint, has_seat, info.stake, info.lease)
        # Its operator left, or has another key by now: where it answers is in the last event of its own, or of this key.
        named = (_word(operator),) if int(info.attester, 16) else (_word(operator), _word(attester))
        events = [*self.events("OperatorJoined", *named), *self.events("OperatorChanged", *named)]
        last = max(events, key=lambda event: (event.block_number, event.log_index), default=None)
        endpoint = last.arguments["endpoint"] if last else ""
        return Member(index, attester, operator, endpoint, has_seat, info.stake, info.lease)

    def _currency(self, quote: Quote) -> str:
        return self.read(self.contract.currency_at(quote.currency)) if quote.currency else ETHER

    def _only(self, name: str, kind: str, identifier: bytes) -> Event:
        found = self.events(name, identifier)
        if not found:
            raise UnknownIdError(kind, identifier)
        return found[-1]


def with_id(fact: S, identifier: bytes) -> S:
    """Return the fact if this is its id. Raises EndpointError if it isn't."""
    if fact.hash() != identifier:
        raise altered(identifier)
    return fact


def altered(identifier: bytes) -> EndpointError:
    """Return the error for an endpoint that tells something else than was asked for."""
    return EndpointError(
        f"the endpoint's event doesn't have the id 0x{identifier.hex()} it was asked for; use another endpoint"
    )


def _word(address: str) -> bytes:
    return bytes.fromhex(address[2:])
