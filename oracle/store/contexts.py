"""What the store tells of requests, standing requests and cases: rows put together with all that they name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oracle.core.errors import Reason
from oracle.core.roll import NOBODY
from oracle.core.structs import (
    Agreement,
    Model,
    Question,
    Quote,
    Record,
    Request,
    Schedule,
    Signers,
    StandingRequest,
    Verdict,
)
from oracle.database.transactions import chunks
from oracle.store.tables import (
    AgreementRow,
    CaseRow,
    CaseState,
    CurrencyRow,
    ModelRow,
    RecordRow,
    RequestRow,
    RoundRow,
    Stage,
    StandingRow,
)

R = TypeVar("R", AgreementRow, RecordRow, ModelRow)

#: The currency that is none of the listed ones.
ETHER = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class Recorded:
    """A verdict as it was first recorded, who signed it, and in which transaction."""

    verdict: Verdict
    by: Signers
    transaction: bytes

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**self.verdict.to_json(), **self.by.to_json(), "transaction": self.transaction.hex()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recorded:
        """Inverse of :meth:`to_json`."""
        return cls(Verdict.from_json(data), Signers.from_json(data), bytes.fromhex(data["transaction"]))


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request with all that it names. ``vault`` is None while nobody has committed the record.

    ``valid_until`` is the agreement's end as it was renewed last; ``withdrawn`` tells that somebody ended the agreement, whoever it was.
    """

    request: Request
    block: int
    agreement: Agreement
    record: Record
    vault: str | None
    model: Model
    stage: Stage
    attempts: int
    evaluation: dict[str, Any] | None
    valid_until: int
    withdrawn: bool
    recorded: Recorded | None = None

    @property
    def id(self) -> bytes:
        """RequestId."""
        return self.request.id


@dataclass(frozen=True, slots=True)
class RequestReport:
    """What the node tells about a request."""

    id: bytes
    stage: Stage
    block: int
    reason: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class StandingContext:
    """A standing request, its model, the first round that may still be opened, how many were, and whether its agreement was withdrawn."""

    standing: StandingRequest
    model: Model
    valid_until: int
    next: int
    opened: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What the bench found of a challenged verdict, which its model's arbiter may rule otherwise on ``until`` then (Unix seconds)."""

    stands: bool
    verdict: Verdict
    until: int

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**self.verdict.to_json(), "stands": self.stands, "until": self.until}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Judged:
        """Inverse of :meth:`to_json`."""
        return cls(data["stands"], Verdict.from_json(data), data["until"])


@dataclass(frozen=True, slots=True)
class CaseContext:
    """The case of a challenged verdict, and what this node found when it evaluated anew.

    ``until`` is the last second (Unix time) for the bench; ``judged`` is what that found, while an arbiter may rule.
    """

    request: RequestContext
    block: int
    until: int
    arbiter: str
    state: CaseState
    judged: Judged | None
    attempts: int
    evaluation: dict[str, Any] | None

    def closable_after(self, ruling_time_s: int) -> int:
        """Return the last second at which somebody may still decide: then anyone may close it."""
        if self.judged is not None:
            return self.judged.until
        return self.until + (ruling_time_s if self.arbiter != NOBODY else 0)


def request_context(session: Session, row: RequestRow) -> RequestContext | None:
    """Return a request with all that it names, or None if something of that was never read."""
    return next(iter(request_contexts(session, [row])), None)


def request_contexts(session: Session, rows: Sequence[RequestRow]) -> list[RequestContext]:
    """Return requests with all that they name, without those that name what was never read."""
    given = {each.id: each for each in _fetched(session, AgreementRow, {row.agreement for row in rows})}
    agreements = {identity: Agreement.from_json(each.terms) for identity, each in given.items()}
    records = {identity: agreement.record for identity, agreement in agreements.items()}
    # The session forgets what nobody holds: these are asked for one by one below.
    held = {each.id: each for each in _fetched(session, RecordRow, set(records.values()))}
    models = _fetched(session, ModelRow, {agreement.model for agreement in agreements.values()})
    quotes = {identity: quoted(session, agreement) for identity, agreement in agreements.items()}
    del models
    contexts = []
    for row in rows:
        quote = quotes.get(row.agreement)
        if quote is not None:
            record = held.get(records[row.agreement])
            contexts.append(_context(row, given[row.agreement], agreements[row.agreement], record, quote))
    return contexts


def _context(
    row: RequestRow,
    given: AgreementRow,
    agreement: Agreement,
    record: RecordRow | None,
    quote: tuple[Model, Quote],
) -> RequestContext:
    return RequestContext(
        request=Request(row.agreement, agreement.controller, Question.from_json(row.question), quote[1]),
        block=row.block_number,
        agreement=agreement,
        record=Record(agreement.root, agreement.subject, agreement.holder),
        vault=record.vault if record else None,
        model=quote[0],
        stage=row.stage,
        attempts=row.attempts,
        evaluation=row.evaluation,
        valid_until=given.valid_until,
        withdrawn=given.withdrawn_block is not None,
        recorded=Recorded.from_json(row.verdict) if row.verdict else None,
    )


def _fetched(session: Session, kind: type[R], ids: Collection[bytes]) -> list[R]:
    query = select(kind)
    return [row for some in chunks(ids) for row in session.scalars(query.where(kind.id.in_(some)))]


def quoted(session: Session, agreement: Agreement) -> tuple[Model, Quote] | None:
    """Return an agreement's model and the quote of its requests, or None if the model, or its currency's index, was never read."""
    model_row = session.get(ModelRow, agreement.model)
    if model_row is None:
        return None
    model = Model.from_json(model_row.terms)
    index = 0
    if model.currency != ETHER:
        currency = session.get(CurrencyRow, model.currency)
        if currency is None:
            return None
        index = currency.index
    terms = (model.outcome_count, model.quorum, model.royalty, index, model.fee, agreement.price)
    return model, Quote(*terms)


def standing_context(session: Session, row: StandingRow) -> StandingContext | None:
    """Return a standing request, or None if something that it names was never read."""
    agreement_row = session.get(AgreementRow, row.agreement)
    if agreement_row is None:
        return None
    agreement = Agreement.from_json(agreement_row.terms)
    found = quoted(session, agreement)
    if found is None:
        return None
    rounds = select(func.count(), func.max(RoundRow.round)).where(RoundRow.standing == row.id)
    opened, last = session.execute(rounds).one()
    question, schedule = Question.from_json(row.question), Schedule.from_json(row.schedule)
    standing = StandingRequest(row.agreement, agreement.controller, question, found[1], schedule)
    if standing.id != row.id:
        return None
    withdrawn = agreement_row.withdrawn_block is not None
    first = 0 if last is None else last + 1
    return StandingContext(standing, found[0], agreement_row.valid_until, first, opened, withdrawn)


def case_context(session: Session, row: CaseRow) -> CaseContext | None:
    """Return a case with its request, or None if that was never read, or isn't recorded here."""
    request_row = session.get(RequestRow, row.request)
    context = request_context(session, request_row) if request_row else None
    if context is None or context.recorded is None:
        return None
    judged = Judged.from_json(row.judged) if row.judged else None
    return CaseContext(
        context, row.block_number, row.until, row.arbiter, row.state, judged, row.attempts, row.evaluation
    )


#: Refusals by the chain's state: a reorganisation may undo them.
OF_THE_CHAIN = (Reason.CONSENT, Reason.RECORD_RETIRED)
