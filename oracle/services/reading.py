"""What events mean for the store: the rows that they add, and what they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from oracle.chain.abi import Event
from oracle.chain.recordings import told
from oracle.core.structs import Agreement, Model, Question, Record, RequestState, Schedule, Verdict
from oracle.store.node_store import Changes, Judged, Recorded
from oracle.store.tables import (
    AgreementRow,
    AnchorRow,
    CaseRow,
    CaseState,
    CurrencyRow,
    ErasureRow,
    ModelRow,
    RecordRow,
    RenewalRow,
    RequestRow,
    RoundRow,
    Stage,
    StandingRow,
)

log = structlog.get_logger()

_ENDINGS = {
    "Recorded": Stage.RECORDED,
    "RecordedSealed": Stage.RECORDED,
    "Refused": Stage.ENDED,
    "Expired": Stage.ENDED,
}
#: Whoever ended it, and how: it authorises nothing any more.
_AGREEMENT_ENDS = ("AgreementWithdrawn", "AgreementRevoked", "AgreementRefused", "AgreementInvalidated")
#: How a contest ended that left the verdict as it was; else it was corrected.
_SETTLED = {RequestState.UPHELD: CaseState.UPHELD, RequestState.UNJUDGED: CaseState.UNJUDGED}


def changes_of(events: Iterable[Event], times: Mapping[int, int]) -> Changes:
    """Return what events, in their order, did. An event that makes no sense is left out: the contract writes none such.

    ``times`` has, by number, when the blocks were made in which roots were anchored (Unix seconds).
    """
    rows: list[object] = []
    endings, verdicts, withdrawn, cases, ended = {}, {}, {}, {}, {}
    judged: dict[bytes, tuple[Judged, int]] = {}
    for event in events:
        name, args, block = event.name, event.arguments, event.block_number
        if name == "Anchored":
            rows.append(_anchor_row(event, times[block]))
        elif name in _ROWS:
            rows.extend(_row(event))
        elif name in _ENDINGS:
            endings[bytes(args["id"])] = (_ENDINGS[name], block)
            if name == "Recorded":
                verdicts[bytes(args["id"])] = _recorded(event)
        elif name == "Judged":
            judged |= _judged(event)
        elif name == "Corrected":
            cases[bytes(args["id"])] = (CaseState.CORRECTED, block)
        elif name == "ContestSettled":
            cases[bytes(args["id"])] = (_SETTLED[RequestState(args["state"])], block)
        elif name in _AGREEMENT_ENDS:
            withdrawn[bytes(args["id"])] = block
        elif name == "StandingEnded":
            ended[bytes(args["id"])] = block
    return Changes(rows, endings, verdicts, withdrawn, judged, cases, ended)


def _row(event: Event) -> list[object]:
    try:
        return [_ROWS[event.name](event)]
    except ValueError as error:
        log.warning("event_senseless", name=event.name, block=event.block_number, error=type(error).__name__)
        return []


def _recorded(event: Event) -> Recorded:
    return Recorded(*told(event), event.transaction_hash)


def _judged(event: Event) -> dict[bytes, tuple[Judged, int]]:
    args = event.arguments
    try:
        found = Judged(args["stands"], Verdict.from_abi(args), args["until"])
    except ValueError:  # a sealed one, which no node judges
        return {}
    return {bytes(args["id"]): (found, event.block_number)}


def _agreement_row(event: Event) -> AgreementRow:
    agreement = Agreement.from_given(event.arguments)
    return AgreementRow(
        id=bytes(event.arguments["id"]),
        block_number=event.block_number,
        terms=agreement.to_json(),
        valid_until=agreement.valid_until,
    )


def _renewal_row(event: Event) -> RenewalRow:
    args = event.arguments
    return RenewalRow(agreement=bytes(args["id"]), valid_until=args["validUntil"], block_number=event.block_number)


def _erasure_row(event: Event) -> ErasureRow:
    args = event.arguments
    return ErasureRow(agreement=bytes(args["id"]), by=args["by"], block_number=event.block_number)


def _text(value: str) -> str:
    return value.replace("\0", "")  # which PostgreSQL won't store, and no address has


def _record_row(event: Event) -> RecordRow:
    args = event.arguments
    record = Record(bytes(args["root"]), args["subject"], args["holder"])
    return RecordRow(id=record.id, block_number=event.block_number, terms=record.to_json(), vault=_text(args["vault"]))


def _model_row(event: Event) -> ModelRow:
    model = Model.from_abi(event.arguments["model"])
    return ModelRow(id=bytes(event.arguments["id"]), block_number=event.block_number, terms=model.to_json())


def _currency_row(event: Event) -> CurrencyRow:
    args = event.arguments
    return CurrencyRow(address=args["currency"], index=args["index"], block_number=event.block_number)


def _request_row(event: Event) -> RequestRow:
    args = event.arguments
    question = Question.unpack(args["question"])
    return RequestRow(
        id=bytes(args["id"]),
        block_number=event.block_number,
        agreement=bytes(args["agreement"]),
        question=question.to_json(),
        deadline=question.deadline,
        delivery=int(question.delivery),
        stage=Stage.SEEN,
        attempts=0,
        not_before=0.0,
    )


def _anchor_row(event: Event, since: int) -> AnchorRow:
    args = event.arguments
    return AnchorRow(
        pool=bytes(args["pool"]),
        root=bytes(args["root"]),
        block_number=event.block_number,
        count=args["count"],
        since=since,
        transaction=event.transaction_hash,
    )


def _standing_row(event: Event) -> StandingRow:
    args = event.arguments
    return StandingRow(
        id=bytes(args["id"]),
        block_number=event.block_number,
        agreement=bytes(args["agreement"]),
        question=Question.unpack(args["question"]).to_json(),
        schedule=Schedule.from_abi(args["schedule"]).to_json(),
    )


def _round_row(event: Event) -> RoundRow:
    args = event.arguments
    standing, request = bytes(args["id"]), bytes(args["request"])
    return RoundRow(standing=standing, round=args["round"], request=request, block_number=event.block_number)


def _case_row(event: Event) -> CaseRow:
    args = event.arguments
    return CaseRow(
        request=bytes(args["id"]),
        block_number=event.block_number,
        until=args["until"],
        arbiter=args["arbiter"],
        state=CaseState.OPEN,
        attempts=0,
        not_before=0.0,
    )


_ROWS: dict[str, Callable[[Event], Any]] = {
    "AgreementGiven": _agreement_row,
    "AgreementRenewed": _renewal_row,
    "Erased": _erasure_row,
    "RecordCommitted": _record_row,
    "ModelPublished": _model_row,
    "CurrencyListed": _currency_row,
    "Requested": _request_row,
    "StandingMade": _standing_row,
    "RoundOpened": _round_row,
    "Challenged": _case_row,
}
