"""Turns requests into own evaluations: consent, fields, proofs, schema, model; in micro-batches."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from oracle.chain.contract import AgreementStatus, AssentContract, RecordStatus, RequestStatus
from oracle.chain.memo import Memo
from oracle.chain.rpc import endpoint_errors
from oracle.core.errors import (
    ChainError,
    ConsentError,
    EndpointError,
    InputError,
    ModelError,
    Reason,
    RecordError,
    RefusalError,
    RuntimeUnavailableError,
)
from oracle.core.structs import AgreementState, Disclosure, RecordState, RequestState, Step
from oracle.core.trail import grain
from oracle.data.fetch import VaultRefusedError
from oracle.data.record import DisclosedField, verify_leaves
from oracle.models.evaluation import Evaluation
from oracle.models.features import features
from oracle.services.arbiters import Arbiters
from oracle.services.catalogue import LoadedModel
from oracle.services.committee import Bench, CommitteeView
from oracle.services.seat import Seat
from oracle.store.node_store import RequestContext
from oracle.store.tables import Stage

log = structlog.get_logger()

_FIRST_RETRY_S, _LAST_RETRY_S = 0.5, 60.0
_LAST_CHAIN_RETRY_S = 5.0
#: So many requests are checked on chain at once: an endpoint that is asked for more at a time answers all of them too late.
_CHECKS_AT_ONCE = 16


class FieldSource(Protocol):
    """Where a request's fields come from: its vault."""

    async def fields(self, context: RequestContext, view: CommitteeView) -> list[DisclosedField]:
        """Return the disclosed fields, as one of these members. Raises VaultError."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready for the model. ``row`` is personal data: it lives in memory, until the batch is done."""

    context: RequestContext
    model: LoadedModel
    row: tuple[float, ...]
    leaves: dict[str, str]
    agreement_since: int


class Evaluator:
    """Evaluates what is due."""

    def __init__(
        self, contract: AssentContract, seat: Seat, source: FieldSource, max_callback_gas: int, arbiters: Arbiters
    ) -> None:
        """``max_callback_gas`` is the most that a request's callback may name for this node to give a verdict."""
        self._contract = contract
        self._seat = seat
        self._store = seat.store
        self._source = source
        self._committee = seat.committee
        self._catalogue = seat.catalogue
        self._clock = seat.clock
        self._metrics = seat.metrics
        self._max_callback_gas = max_callback_gas
        self._arbiters = arbiters
        self._room = asyncio.Semaphore(_CHECKS_AT_ONCE)

    async def evaluate_due(self, limit: int) -> int:
        """Evaluate up to ``limit`` requests; return how many got an own evaluation. A failing request never stops the others.

        Without a seat there is nothing to do: the reserve asks for fields only as a judge. Raises EndpointError.
        """
        view = await self._committee.view()
        if view.own_index is None:
            return 0
        due = self._store.due(Stage.SEEN, self._seat.answerable(), limit)
        # Many requests may be about one agreement and one record: what the chain has of those is read once for all that are due.
        reads = Memo(2 * limit)
        outcomes = await asyncio.gather(*(self._prepare_or_refuse(context, view, reads) for context in due))
        batches: dict[bytes, list[Prepared]] = defaultdict(list)
        for prepared in outcomes:
            if prepared is not None:
                batches[prepared.model.package.files_digest].append(prepared)
        done = 0
        for batch in batches.values():
            done += await self._run(batch)
        return done

    async def _prepare_or_refuse(self, context: RequestContext, view: CommitteeView, reads: Memo) -> Prepared | None:
        try:
            return await self._prepare(context, view, reads)
        except RefusalError as refusal:
            self._refuse(context, refusal)
        except ChainError as error:
            self._postpone(context, _LAST_CHAIN_RETRY_S, "endpoint", str(error))
        except Exception as error:
            # The error's text may quote a field: only its kind is told.
            self._postpone(context, _LAST_RETRY_S, "failed", type(error).__name__)
        return None

    def _postpone(self, context: RequestContext, longest_s: float, reason: str, message: str) -> None:
        delay_s = min(_FIRST_RETRY_S * 2 ** min(context.attempts, 16), longest_s)
        self._store.postponed(context.id, delay_s, reason, message)
        log.warning("request_postponed", request=context.id.hex(), reason=reason, error=message)

    async def _prepare(self, context: RequestContext, view: CommitteeView, reads: Memo) -> Prepared:
        if context.request.question.callback_gas > self._max_callback_gas:
            raise RefusalError(
                Reason.CALLBACK_TOO_DEAR, f"the callback names more than {self._max_callback_gas} gas, this node's most"
            )
        self._arbiters.must_serve(context.model)
        agreement = await self._check_chain(context, RequestState.REQUESTED, reads)
        if not agreement.stands(self._clock.timestamp):
            raise ConsentError(Reason.CONSENT, "the agreement was withdrawn or is over")
        return await self._fetch(context, agreement.since, view)

    async def anew(self, context: RequestContext, bench: Bench) -> dict[str, Any]:
        """Evaluate a challenged request afresh, from its vault, as one of its judges; return the evaluation as the store keeps it.

        Raises RefusalError, ChainError, ModelError or RuntimeUnavailableError when there is none to be had now.
        """
        status = await self._check_chain(context, RequestState.CHALLENGED, Memo(2))
        prepared = await self._fetch(context, status.since, bench)
        (evaluation,) = await asyncio.to_thread(prepared.model.runtime.evaluate, [prepared.row])
        return _to_json(prepared, evaluation)

    async def _fetch(self, context: RequestContext, agreement_since: int, view: CommitteeView) -> Prepared:
        if context.request.question.disclosure is not Disclosure.EVERYTHING:
            raise RefusalError(
                Reason.SEALED, "this node gives verdicts in clear only: ask with disclosure 3, everything"
            )
        model = self._catalogue.find(context.model)
        if context.request.step != Step.INFER:
            raise InputError(Reason.MODEL_UNKNOWN, "this node's models only infer")
        self._note_asking(context, view)
        with self._metrics.fetch_s.time():
            disclosed = await self._source.fields(context, view)
        leaves = {name: "0x" + leaf.hex() for name, leaf in verify_leaves(context.record.root, disclosed).items()}
        row = features(model.package.card, {field.name: field.value for field in disclosed})
        return Prepared(context, model, row, leaves, agreement_since)

    def _note_asking(self, context: RequestContext, view: CommitteeView) -> None:
        """Write down, before it is asked for, that this node may have fields that are to be erased: it must be able to say so later."""
        if context.agreement.erasure and view.own_attester is not None:
            self._store.note_asking(context.agreement.id, view.own_attester)

    async def _check_chain(self, context: RequestContext, wanted: RequestState, reads: Memo) -> AgreementStatus:
        """Check what may have changed since the request's event; return the agreement's status."""
        async with self._room:
            agreement, record, status = await self._read(context, reads)
        if AgreementState.NONE is agreement.state or RequestState.NONE is status.state:
            raise EndpointError("eth_call: the endpoint is behind the events that it gave")
        if status.state is not wanted:
            raise ConsentError(Reason.REQUEST_UNKNOWN, f"on chain the request isn't {wanted.name.lower()}")
        _must_be_committed(context, record)
        return agreement

    async def _read(self, context: RequestContext, reads: Memo) -> tuple[AgreementStatus, RecordStatus, RequestStatus]:
        contract, agreement, record = self._contract, context.request.agreement, context.record.id
        with endpoint_errors("eth_call"):
            return await asyncio.gather(
                reads.once(("agreement", agreement), contract.agreement_status(agreement).acall),
                reads.once(("record", record), contract.record_status(record).acall),
                contract.verdict_of(context.id).acall(),
            )

    async def _run(self, batch: Sequence[Prepared]) -> int:
        runtime = batch[0].model.runtime
        self._metrics.batch_size.observe(len(batch))
        with self._metrics.evaluation_s.time():
            try:
                evaluations = await asyncio.to_thread(runtime.evaluate, [prepared.row for prepared in batch])
            except ModelError as error:
                return await self._run_apart(batch, error)
            except RuntimeUnavailableError as error:
                for prepared in batch:
                    self._postpone(prepared.context, _LAST_RETRY_S, "runtime", str(error))
                return 0
        stored = {
            prepared.context.id: _to_json(prepared, evaluation)
            for prepared, evaluation in zip(batch, evaluations, strict=True)
        }
        self._store.evaluated(stored)
        self._metrics.evaluated.inc(len(stored))
        for request_id in stored:
            log.info("request_evaluated", request=request_id.hex())
        return len(stored)

    async def _run_apart(self, batch: Sequence[Prepared], error: ModelError) -> int:
        """One row spoilt the batch: evaluate each alone, so that only that one is refused."""
        if len(batch) > 1:
            return sum([await self._run([prepared]) for prepared in batch])
        self._refuse(batch[0].context, InputError(Reason.MODEL_FAILED, str(error)))
        return 0

    def _refuse(self, context: RequestContext, refusal: RefusalError) -> None:
        passing = _may_pass(refusal)
        if passing:
            self._postpone(context, _LAST_RETRY_S, refusal.reason, str(refusal))
        else:
            self._store.refused(context.id, refusal.reason, str(refusal))
        if refusal.reason in (Reason.VAULT_UNREACHABLE, Reason.VAULT_REFUSED):
            self._metrics.vault_errors.labels(refusal.reason).inc()
        self._metrics.refused.labels(refusal.reason).inc()
        log.warning("request_refused", request=context.id.hex(), reason=refusal.reason.value, again=passing)


def _must_be_committed(context: RequestContext, record: RecordStatus) -> None:
    """No contract looks at the record when a request is made: whose it is, and whether it stands, is for vault and operators to see."""
    if record.state is RecordState.RETIRED:
        raise RecordError(Reason.RECORD_RETIRED, "the holder retired the record")
    if record.state is not RecordState.COMMITTED or context.vault is None:
        raise RecordError(Reason.RECORD_UNKNOWN, "the holder hasn't committed the agreement's record")
    if record.subject != context.agreement.subject:
        raise RecordError(Reason.RECORD_UNKNOWN, "the record isn't the agreement's subject's")


def _may_pass(refusal: RefusalError) -> bool:
    """Tell whether a refusal may pass by itself; all others are final for this node."""
    if isinstance(refusal, VaultRefusedError):
        return refusal.transient
    # An end that only the newest block has may be gone with it; if it stays, its event ends the request here too.
    # A holder may commit a record after it was asked about.
    return refusal.reason in (Reason.VAULT_UNREACHABLE, Reason.REQUEST_UNKNOWN, Reason.RECORD_UNKNOWN)


def _to_json(prepared: Prepared, evaluation: Evaluation) -> dict[str, Any]:
    names = [feature.name for feature in prepared.model.package.card.inputs]
    values = {name: grain(value) for name, value in zip(names, evaluation.attributions_ppm, strict=True)}
    return {
        "score": evaluation.score_ppm,
        "outcome": evaluation.outcome,
        "baseline": evaluation.baseline_ppm,
        "completeness": evaluation.completeness_ppm,
        "attributions": values,
        "leaves": prepared.leaves,
        "agreement_since": prepared.agreement_since,
    }
